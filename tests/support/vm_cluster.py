"""VictoriaMetrics as a cluster, as processes of a test: what takes in, three that store, what answers.

Its three programs are no part of the module that `engines.py` builds: they have a release of their own, an archive
`victoria-metrics-linux-amd64-vN-cluster.tar.gz` among https://github.com/VictoriaMetrics/VictoriaMetrics/releases. Put
what is in it on the PATH; the tests are skipped without.
"""

import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.support.brokers import HOST, free_port
from tests.support.engine_lab import EngineProcess, answers, as_json_lines, bundled
from tests.support.prom_history import Samples
from tests.support.waiting import until

STORAGES = 3
LATE_S = 1.5
"""vminsert answers before it has taken in and counted the last of a request."""


def program(name: str) -> Path:
    """The releases call it `vmselect-prod`. The test is skipped where there is none, and says why."""
    found = shutil.which(f"{name}-prod") or shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on the PATH: it is in VictoriaMetrics' release for clusters, vN-cluster.tar.gz")
    return Path(found)


class Part(EngineProcess):
    """`vminsert`, `vmselect` or `vmstorage`, with `flags` of its own."""

    def __init__(self, directory: Path, name: str, flags: Iterable[str]) -> None:
        super().__init__(directory, program(name))
        self.port, self.flags = free_port(), list(flags)
        self.url = f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        quiet = ["-loggerLevel=WARN", "-memory.allowedBytes=512MiB"]
        return [f"-httpListenAddr={HOST}:{self.port}", *quiet, *self.flags]

    def ready(self) -> bool:
        return answers(f"{self.url}/health")


class Cluster:
    """`copies` of each series in three storages. `select`: more flags of what answers. `tenant`: whose series they are
    that `load` takes in and `url` has.
    """

    def __init__(self, room: Path, copies: int = 1, select: Iterable[str] = (), tenant: str = "0") -> None:
        self.takes, self.asks = ([free_port() for _ in range(STORAGES)] for _ in range(2))
        self.storages = [
            Part(room / f"storage-{number}", "vmstorage", [
                "-retentionPeriod=30d", "-storageDataPath=data",
                f"-vminsertAddr={HOST}:{self.takes[number]}", f"-vmselectAddr={HOST}:{self.asks[number]}",
            ])
            for number in range(STORAGES)
        ]  # fmt: skip
        replicas = [f"-replicationFactor={copies}"]
        self.insert = Part(room / "insert", "vminsert", [*_nodes(self.takes), *replicas])
        once = ["-dedup.minScrapeInterval=1ms"] if copies > 1 else []
        self.select = Part(room / "select", "vmselect", [
            *_nodes(self.asks), *replicas, *once, "-cacheDataPath=cache", *select,
        ])  # fmt: skip
        self.tenant, self._copies, self._parts = tenant, copies, ExitStack()

    @property
    def url(self) -> str:
        return self.of(self.tenant)

    @property
    def takes_in(self) -> str:
        """Where vmalert and others write to."""
        return f"{self.insert.url}/insert/{self.tenant}/prometheus"

    def of(self, tenant: str) -> str:
        return f"{self.select.url}/select/{tenant}/prometheus"

    def load(self, samples: Samples, tenant: str | None = None) -> None:
        self.load_lines(as_json_lines(samples), tenant)

    def load_lines(self, lines: Iterable[bytes], tenant: str | None = None) -> None:
        """JSON lines of /api/v1/import; they can be asked for at once."""
        with httpx.Client(timeout=120) as client:
            taken, given = self._counts(client)
            for body in bundled(lines, 4 << 20):
                path = f"/insert/{tenant or self.tenant}/prometheus/api/v1/import"
                client.post(f"{self.insert.url}{path}", content=body).raise_for_status()
            self._settle(client, taken, given)

    def _settle(self, client: httpx.Client, taken: float, given: float) -> None:
        """What vminsert holds back is sent, and what the storages were sent can be asked for. `taken`, `given`: the
        counts before. Some may be sent twice, and is counted twice then.
        """

        def is_there() -> bool:
            now_taken, now_given = self._counts(client)
            return now_given - given >= self._copies * (now_taken - taken)

        time.sleep(LATE_S)
        until(is_there)
        for storage in self.storages:
            client.get(f"{storage.url}/internal/force_flush").raise_for_status()

    def _counts(self, client: httpx.Client) -> tuple[float, float]:
        """The samples that vminsert took, and those that the storages have: each says that before it has them."""

        def count(part: Part, what: str) -> float:
            lines = client.get(f"{part.url}/metrics").raise_for_status().text.splitlines()
            return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"vm_rows_{what}_total"))

        return count(self.insert, "inserted"), sum(count(storage, "added_to_storage") for storage in self.storages)

    @property
    def cpu_s(self) -> float:
        """CPU seconds that all of them have used."""
        return sum(part.cpu_s for part in (*self.storages, self.insert, self.select))

    def kill(self) -> None:
        self._parts.close()

    def start(self) -> Self:
        for part in (*self.storages, self.insert, self.select):
            self._parts.enter_context(part)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def _nodes(ports: Iterable[int]) -> list[str]:
    return [f"-storageNode={HOST}:{port}" for port in ports]
