"""Log line appended -> MQTT message at a subscriber, QoS 1, through the real daemon and a real mosquitto: alone, right
behind lines without tokens in several sessions, and thirty times a second.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import track

from bars import Bars, percentile
from history import generate
from lab import BASE, UNKNOWN, Listener, daemon, mosquitto, mqtt_client, wait_for
from pieces import Text
from transcript import MODERN, Transcript
from truth import Message

TOPIC = f"{BASE}/window_7d_tokens"
LINE = 2_048
STEADY, STEADY_S = 30, 10
"""Lines a second, for so many seconds."""


def usage_line(out: Transcript, tokens: int) -> bytes:
    """One complete usage line of about 2 kB, a new id, the present time."""
    now = int(time.time() * 1000)
    message = Message(now, f"msg_{out.token()}", "claude-opus-5-5", out.main, tokens, 1, 0, 0, 0)
    out.answer(now, message, [-(LINE - 1_250)])
    return out.lines.pop().encode()


def prompt_line() -> bytes:
    """What a prompt writes: a line without tokens, of the present time."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"role": "user", "content": "x" * 200}
    return json.dumps({"type": "user", "timestamp": at, "sessionId": "s", "message": message}).encode() + b"\n"


def write(path: Path, line: bytes) -> None:
    with path.open("ab", buffering=0) as file:
        file.write(line)


def chatter(path: Path) -> None:
    """In 150 ms five lines without tokens: two prompts of the same session, one of another, two of a subagent."""
    other = path.with_name("11111111-1111-4000-a000-000000000000.jsonl")
    agent = path.with_suffix("") / "subagents/agent-1.jsonl"
    agent.parent.mkdir(parents=True, exist_ok=True)
    for session in (path, other, agent, path, agent):
        write(session, prompt_line())
        time.sleep(0.03)


def appended(
    path: Path,
    listener: Listener,
    count: int,
    pauses: tuple[float, float],
    rng: random.Random,
    *,
    before: Callable[[Path], None] = lambda _: None,
) -> list[float]:
    """Milliseconds from each append to the message with the new sum; `before` each, the same path is written to."""
    out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
    known = int(listener.heard[TOPIC][-1].payload)
    took = []
    for _ in track(range(count), f"one line each {pauses[0]:g}..{pauses[1]:g} s"):
        time.sleep(rng.uniform(*pauses))
        before(path)
        known += (tokens := rng.randrange(100, 1000)) + 1
        line, wanted = usage_line(out, tokens), str(known).encode()
        started = time.perf_counter()
        write(path, line)
        wait_for(lambda wanted=wanted: listener.heard[TOPIC][-1].payload == wanted, "the new sum", 10)
        took.append((next(heard.at for heard in listener.heard[TOPIC] if heard.payload == wanted) - started) * 1000)
    return took


def steady(path: Path, listener: Listener, rng: random.Random) -> list[float]:
    """Milliseconds from each line of steady traffic to the first message that has it in its sum."""
    out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
    known, written, begun = int(listener.heard[TOPIC][-1].payload), [], time.perf_counter()
    for number in range(STEADY * STEADY_S):
        time.sleep(max(0.0, begun + number / STEADY - time.perf_counter()))
        known += (tokens := rng.randrange(100, 1000)) + 1
        line = usage_line(out, tokens)
        written.append((time.perf_counter(), known))
        write(path, line)
    wait_for(lambda: int(listener.heard[TOPIC][-1].payload) == known, "the last sum", 10)
    sums = [(int(heard.payload), heard.at) for heard in listener.heard[TOPIC] if heard.payload != UNKNOWN]
    return [(next(at for total, at in sums if total >= wanted) - started) * 1000 for started, wanted in written]


def round_trips(port: int, count: int) -> list[float]:
    """The floor: paho -> mosquitto -> paho, QoS 1."""
    listener, client, took = Listener(port, ["floor"]), mqtt_client(port), []
    for number in range(count + 20):
        time.sleep(0.02)
        started = time.perf_counter()
        client.publish("floor", f"{number:09}", qos=1)
        wait_for(lambda number=number: len(listener.heard["floor"]) > number, "the message", 10)
        took.append((listener.heard["floor"][number].at - started) * 1000)
    client.disconnect()
    client.loop_stop()
    listener.close()
    return took[20:]


@click.command(help=__doc__)
@click.option("--count", type=int, default=200, show_default=True)
@click.option("--plain-broker", is_flag=True, help="mosquitto as installed, without set_tcp_nodelay.")
def main(*, count: int, plain_broker: bool) -> None:
    rng, bars = random.Random(1), Bars("log line appended -> MQTT message, ms")
    with tempfile.TemporaryDirectory() as home, mosquitto(nodelay=not plain_broker) as port:
        root = Path(home, "history")
        truth = generate(root, seed=1, size_mb=2, end=datetime.now(UTC), shape="A")
        path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
        path.touch()
        floor = round_trips(port, count)
        bars.note("floor, paho to paho", _spread(floor))
        listener = Listener(port, [TOPIC])
        with daemon(root, Path(home, "state"), port):
            bars.same("window_7d_tokens", int(listener.known("window_7d_tokens").payload), truth.window_7d_tokens)
            time.sleep(3)
            busy = appended(path, listener, count, (0.3, 0.5), rng)
            _judge(bars, "busy, 0.3..0.5 s", busy)
            bars.most("busy: p50 by that of the floor", percentile(busy, 0.5) / percentile(floor, 0.5), 3, "x")
            _judge(bars, "calm, 0.9..2.5 s", appended(path, listener, count // 2, (0.9, 2.5), rng))
            noisy = appended(path, listener, count // 2, (0.3, 0.5), rng, before=chatter)
            _judge(bars, "behind five lines without tokens", noisy)
            bars.note("the same: p50 by that of busy", f"{percentile(noisy, 0.5) / percentile(busy, 0.5):.2f}x")
            time.sleep(2)
            took = steady(path, listener, rng)
            bars.note(f"steady, {STEADY} lines a second", _spread(took))
            bars.most("steady: longest wait", max(took), 250 + 15, " ms")
        listener.close()
    bars.close()


def _judge(bars: Bars, name: str, took: list[float]) -> None:
    bars.note(f"{name} (n={len(took)})", _spread(took))
    bars.most(f"{name}: p50", percentile(took, 0.5), 3, " ms")
    bars.most(f"{name}: p99", percentile(took, 0.99), 15, " ms")


def _spread(took: list[float]) -> str:
    return f"p50 {percentile(took, 0.5):.2f}  p99 {percentile(took, 0.99):.2f}  max {max(took):.2f} ms"


if __name__ == "__main__":
    main()
