"""`gauge-mqtt watch` in a real terminal: from a publisher, a broker, the sources; it leaves nothing behind."""

import sys

import pytest

from tests.support.brokers import Mosquitto
from tests.support.program import Daemon, gauge, url, write_log
from tests.support.terminal import Terminal
from tests.support.waiting import until

WATCH = [sys.executable, "-m", "gauge_mqtt", "watch"]
OWN_SCREEN = b"\x1b[?1049l"


def leaves_cleanly(terminal: Terminal, key: str = "q") -> None:
    terminal.press(key)
    until(lambda: terminal.read() and terminal.child.poll() is not None)
    assert terminal.child.returncode == 0, terminal.bytes[-500:]
    assert terminal.bytes.rstrip().endswith(OWN_SCREEN)
    assert b"\x1b[?25h" in terminal.bytes, "the cursor is back"
    assert b"Traceback" not in terminal.bytes


@pytest.mark.parametrize("key", ["q", "\x1b", "\x03"])
def test_from_the_sources_themselves(key: str) -> None:
    write_log()
    with Terminal([*WATCH, "--source", "jsonl", "--http-port", "1"]) as terminal:
        terminal.shows("43,120 tokens/min")
        terminal.shows("OPUS")
        leaves_cleanly(terminal, key)


def test_from_a_running_publisher_which_is_lost_and_back(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with Daemon("--mqtt-url", url(mosquitto)) as daemon:
        address = daemon.address()
        with Terminal([*WATCH, "--url", address]) as terminal:
            terminal.shows("43,120 tokens/min")
            daemon.child.kill()
            terminal.shows("the publisher is lost")
            leaves_cleanly(terminal)


def test_from_a_broker(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with (
        Daemon("--mqtt-url", url(mosquitto)) as daemon,
        Terminal([*WATCH, "--mqtt", "--mqtt-url", url(mosquitto), "--instance", "lab"]) as terminal,
    ):
        terminal.shows("43,120 tokens/min")
        daemon.child.terminate()
        terminal.shows("the publisher is lost")
        leaves_cleanly(terminal)


def test_it_wants_a_terminal() -> None:
    answer = gauge("watch")
    assert answer.exit_code == 1
    assert "gauge-mqtt once" in answer.output
