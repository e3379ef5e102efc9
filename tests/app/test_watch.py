"""`gauge-mqtt watch` in a real terminal: from a publisher, a broker, the sources; it leaves nothing behind."""

import re
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto
from tests.support.program import Daemon, gauge, url, write_log
from tests.support.terminal import Terminal
from tests.support.waiting import PATIENCE_S, until

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


@pytest.mark.parametrize("said", [b"x" * (1 << 20), b"[" * 99_999 + b"\n\n"], ids=["a line without end", "nesting"])
def test_a_server_that_is_no_publisher_fills_nothing_and_ends_nothing(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_said = threading.Event()

        def serve() -> None:
            client, _ = server.accept()
            with suppress(OSError), client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ")
                for _ in range(1 if said.endswith(b"\n") else 150):
                    client.sendall(said)
            is_said.set()

        threading.Thread(target=serve, daemon=True).start()
        with Terminal([*WATCH, "--url", f"http://127.0.0.1:{server.getsockname()[1]}"]) as terminal:
            assert is_said.wait(PATIENCE_S)
            terminal.shows("the publisher is lost")
            memory = Path(f"/proc/{terminal.child.pid}/status").read_text()
            assert int(re.findall(r"VmHWM:\s+(\d+)", memory)[0]) < 100_000
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
