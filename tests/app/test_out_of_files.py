"""A publisher that may open no further file: nothing spins, the log stays short, and it comes back by itself."""

import os
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto
from tests.support.program import Daemon, url, write_log
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
STARVED_S = 4.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_files_nothing_spins_and_afterwards_all_is_well(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with Daemon("--mqtt-url", url(mosquitto)) as daemon, ExitStack() as connections:
        until(lambda: "connected to" in daemon.log)
        address = daemon.get("/usage").url
        until(lambda: daemon.get("/healthz").status_code == 200)
        pid = daemon.child.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
        for _ in range(20):
            connections.enter_context(socket.create_connection((address.host, address.port or 0)))
        mosquitto.kill()
        lines, cpu = daemon.log.count("\n"), cpu_seconds(pid)
        time.sleep(STARVED_S)
        assert daemon.log.count("\n") - lines < 40, daemon.log[-3000:]
        assert cpu_seconds(pid) - cpu < STARVED_S / 4
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        mosquitto.start()
        until(lambda: daemon.log.count("connected to") == 2, 10)
        assert daemon.get("/usage").status_code == 200
        assert daemon.child.poll() is None
