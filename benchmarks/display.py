"""A needle's new value published with QoS 1 -> the needle is set in motion, through mosquitto and the simulator."""

import os
import random
import subprocess
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from subprocess import DEVNULL

import click
from paho.mqtt.client import Client
from rich.progress import track

from bars import Bars, percentile
from lab import BASE, HOST, INSTANCE, mosquitto, mqtt_client, wait_for
from needle_motion import build

TOPIC = f"{BASE}/display/needle/5h"
LOW, HIGH = 400, 440  # ten degrees apart: a tenth of a second
PAUSE_S = (0.2, 0.4)


class Display:
    """A simulator that shows `BASE`. `traced`: what its needles did and when, by CLOCK_MONOTONIC in ns."""

    def __init__(self, program: Path, port: int) -> None:
        self.traced: list[tuple[str, int]] = []
        ours, its = os.pipe()
        command = [str(program), "--host", HOST, "--port", str(port), "--instance", INSTANCE, "--quiet-boot"]
        command += ["--trace", f"/dev/fd/{its}"]
        self._process = subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL, pass_fds=[its])
        os.close(its)
        self._reader = threading.Thread(target=self._read, args=[ours])
        self._reader.start()

    def _read(self, pipe: int) -> None:
        with os.fdopen(pipe) as lines:
            for what, at in map(str.split, lines):
                self.traced.append((what, int(at)))

    def moved(self, client: Client, value: int) -> dict[str, float]:
        """Milliseconds from publishing `value` to "moving", to the first step ("5h"), and to "resting"."""
        known, started = len(self.traced), time.monotonic_ns()
        client.publish(TOPIC, value, qos=1, retain=True)
        wait_for(lambda: len(self.traced) >= known + 3, "a movement", 10)
        return {what: (at - started) / 1e6 for what, at in self.traced[known:]}

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()


def spread(took: list[float]) -> str:
    return f"p50 {percentile(took, 0.5):.2f}  p99 {percentile(took, 0.99):.2f}  max {max(took):.2f} ms"


@click.command(help=__doc__)
@click.option("--count", type=int, default=200, show_default=True)
def main(*, count: int) -> None:
    rng, took = random.Random(1), []
    with tempfile.TemporaryDirectory() as folder:
        build(folder, "gauge_sim")
        with mosquitto() as port, closing(Display(Path(folder, "gauge_sim"), port)) as display:
            client = mqtt_client(port)
            client.publish(TOPIC, LOW, qos=1, retain=True)
            client.publish(f"{BASE}/availability", "online", qos=1, retain=True)
            time.sleep(3)  # from where it was parked
            client.publish(f"{BASE}/display/heartbeat", 86400)  # the next one is due tomorrow
            for number in track(range(count), "a value each half second"):
                time.sleep(rng.uniform(*PAUSE_S))
                took.append(display.moved(client, LOW if number % 2 else HIGH))
            client.disconnect()
            client.loop_stop()
    bars = Bars("needle value published, QoS 1 -> needle set in motion")
    moving = [sample["moving"] for sample in took]
    bars.note(f"set in motion (n={count})", spread(moving))
    bars.note("- its first third of a degree", spread([sample["5h"] for sample in took]))
    bars.note("- ten degrees further, at rest", spread([sample["resting"] for sample in took]))
    bars.most("set in motion: p50", percentile(moving, 0.5), 5, " ms")
    bars.most("set in motion: p99", percentile(moving, 0.99), 20, " ms")
    bars.close()


if __name__ == "__main__":
    main()
