"""The engines of `engines.py` as processes of a test: the stack's collector, Prometheus of today, VictoriaMetrics."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from tests.support.brokers import HOST, free_port
from tests.support.child import Child
from tests.support.engines import engine
from tests.support.prom_history import Samples
from tests.support.stack import ROOT, prometheus3, read_yaml, replaced
from tests.support.waiting import until

PROCESS_CLOCK = 2
"""What `clock_getcpuclockid(3)` makes of a process id: it is inverted, moved by three bits, and this is added."""


def built(name: str) -> Path:
    """The program of an engine; the test is skipped where it cannot be built, and says why."""
    try:
        return engine(name)
    except RuntimeError as error:
        pytest.skip(str(error))


class EngineProcess(Child):
    """A process with a folder of its own that can be killed and started again on its ports."""

    def __init__(self, directory: Path, program: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.program = directory, program

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> Self:
        with (self.directory / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [str(self.program), *self.command()], cwd=self.directory, stdout=log, stderr=log
            )
        until(lambda: self._lives() and self.ready())
        return self

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    @property
    def cpu_s(self) -> float:
        """CPU seconds it has used so far, to the microsecond: by the clock that Linux keeps of each process."""
        assert self._child is not None
        return time.clock_gettime(~self._child.pid << 3 | PROCESS_CLOCK)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _lives(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, self.log[-3000:]
        return True


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


class Collector(EngineProcess):
    """With the stack's own configuration, only its addresses replaced, and `changes` to the text of it."""

    def __init__(self, directory: Path, changes: Mapping[str, str] | None = None) -> None:
        super().__init__(directory, built("collector"))
        self.grpc, self.http, self.exporter, self.health = (free_port() for _ in range(4))
        addresses = {
            "0.0.0.0:4317": f"{HOST}:{self.grpc}",
            "0.0.0.0:4318": f"{HOST}:{self.http}",
            "0.0.0.0:8889": f"{HOST}:{self.exporter}",
            "0.0.0.0:13133": f"{HOST}:{self.health}",
        }
        text = replaced((ROOT / "deploy/collector/config.yaml").read_text(), addresses | dict(changes or {}))
        # Its own metrics would want port 8888, of which there is one.
        quiet = {"service:\n": "service:\n  telemetry:\n    metrics:\n      level: none\n"}
        (directory / "config.yaml").write_text(replaced(text, quiet))

    def command(self) -> list[str]:
        return ["--config=config.yaml"]

    def ready(self) -> bool:
        return answers(f"http://{HOST}:{self.health}/")

    @property
    def page(self) -> str:
        """What Prometheus scrapes."""
        return httpx.get(f"http://{HOST}:{self.exporter}/metrics").text


class VictoriaMetrics(EngineProcess):
    """A single node. `flags`: more of its own."""

    def __init__(self, directory: Path, flags: Iterable[str] = ()) -> None:
        super().__init__(directory, built("victoria-metrics"))
        self.port, self.flags = free_port(), list(flags)
        self.url = f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        known = ["-retentionPeriod=30d", "-storageDataPath=data", "-loggerLevel=WARN", "-memory.allowedBytes=1GiB"]
        return [*known, f"-httpListenAddr={HOST}:{self.port}", *self.flags]

    def ready(self) -> bool:
        return answers(f"{self.url}/health")

    def load(self, samples: Samples) -> None:
        """Takes in what `prom_history` generates; it can be asked for at once."""
        self.load_lines(as_json_lines(samples))

    def load_lines(self, lines: Iterable[bytes]) -> None:
        """JSON lines of /api/v1/import, some MB in a request."""
        with httpx.Client(timeout=120) as client:
            for body in bundled(lines, 4 << 20):
                client.post(f"{self.url}/api/v1/import", content=body).raise_for_status()
            client.get(f"{self.url}/internal/force_flush").raise_for_status()
            client.get(f"{self.url}/internal/resetRollupResultCache").raise_for_status()


class VmAlert(EngineProcess):
    """Evaluates the rules in `rules` by what the VictoriaMetrics at `asks` has, and writes what comes of them to
    `writes`, or there as well.
    """

    def __init__(self, directory: Path, rules: Path, asks: str, writes: str | None = None) -> None:
        super().__init__(directory, built("vmalert"))
        self.port, self.rules, self.asks, self.writes = free_port(), rules, asks, writes or asks

    def command(self) -> list[str]:
        urls = [f"-datasource.url={self.asks}", f"-remoteRead.url={self.asks}", f"-remoteWrite.url={self.writes}"]
        return [f"-rule={self.rules}", *urls, f"-httpListenAddr={HOST}:{self.port}"]

    def ready(self) -> bool:
        return answers(f"http://{HOST}:{self.port}/health")


def as_json_lines(samples: Samples) -> Iterable[bytes]:
    for (name, labels), points in samples.items():
        metric = {"__name__": name} | dict(pair.split("=", 1) for pair in _pairs(labels))
        times = [round(at * 1000) for at, _ in points]
        yield json.dumps({"metric": metric, "values": [v for _, v in points], "timestamps": times}).encode() + b"\n"


def _pairs(labels: str) -> list[str]:
    return [pair.replace('"', "") for pair in labels.split(",") if pair]


def bundled(lines: Iterable[bytes], most: int) -> Iterable[bytes]:
    body = bytearray()
    for line in lines:
        body += line
        if len(body) >= most:
            yield bytes(body)
            body.clear()
    if body:
        yield bytes(body)


def query(url: str, promql: str, **more: str) -> list[dict[str, Any]]:
    """The result of an instant query, or nothing while it cannot be asked."""
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": promql} | more, timeout=30)
    except httpx.TransportError:
        return []
    return list(answer.json()["data"]["result"]) if answer.status_code == httpx.codes.OK else []


class StackPrometheus(EngineProcess):
    """With the stack's own configuration and command, that scrapes `exporter` each second; nothing else is there."""

    def __init__(self, directory: Path, exporter: int, program: Path | None = None) -> None:
        found = program or prometheus3("prometheus")
        assert found, "no Prometheus 3 here, nor to be had as Debian's package"
        super().__init__(directory, found)
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        shutil.copytree(ROOT / "deploy/prometheus", directory / "prometheus")
        config = directory / "prometheus/prometheus.yml"
        places = {
            "otel-collector:8889": f"{HOST}:{exporter}", "publisher:8080": f"{HOST}:9",
            "localhost:9090": f"{HOST}:{self.port}", "15s": "1s", "5s": "1s", "4s": "1s",
        }  # fmt: skip
        config.write_text(replaced(config.read_text(), places))

    def command(self) -> list[str]:
        told = " ".join(read_yaml(ROOT / "docker-compose.yml")["services"]["prometheus"]["command"])
        places = {"/etc/prometheus": "prometheus", "tsdb.path=/prometheus": "tsdb.path=tsdb"}
        return [*replaced(told, places).split(), f"--web.listen-address={HOST}:{self.port}"]

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready")


def export(collector: Collector, host: str, session: str, output: float, *, at: float, delta: bool = False) -> None:
    """What a Claude Code on `host` sends at `at` (unix seconds): the output tokens of one session."""
    labels = {"session.id": session, "model": "claude-opus-5-5", "query_source": "main", "type": "output"}
    labels["host.name"] = host  # Claude Code says what is in OTEL_RESOURCE_ATTRIBUTES with each metric, too
    nanoseconds = str(round(at * 1e9))
    point = {
        "asDouble": output, "timeUnixNano": nanoseconds, "startTimeUnixNano": str(round((at - 10) * 1e9)),
        "attributes": _attributes(labels),
    }  # fmt: skip
    kind = {"aggregationTemporality": 1 if delta else 2, "isMonotonic": True, "dataPoints": [point]}
    resource = {"attributes": _attributes({"service.name": "claude-code", "host.name": host})}
    metrics = [{"name": "claude_code.token.usage", "unit": "tokens", "sum": kind}]
    scope = {"scope": {"name": "com.anthropic.claude_code"}, "metrics": metrics}
    body = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}
    httpx.post(f"http://{HOST}:{collector.http}/v1/metrics", json=body, timeout=30).raise_for_status()


def _attributes(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in labels.items()]


class PlainPrometheus(EngineProcess):
    """One that scrapes nothing, on blocks that were made before in `tsdb`, and does not make larger ones of them: that
    would cost more in its first minutes than all that is asked. `name`: which of several behind a Thanos.
    """

    def __init__(self, directory: Path, name: str = "") -> None:
        super().__init__(directory, built("prometheus"))
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        told = {"global": {"external_labels": {"shard": name}}} if name else {}
        (directory / "prometheus.yml").write_text(json.dumps(told))

    def command(self) -> list[str]:
        flags = ("storage.tsdb.path=tsdb", "storage.tsdb.retention.time=30d", f"web.listen-address={HOST}:{self.port}")
        blocks = [f"--storage.tsdb.{edge}-block-duration=2h" for edge in ("min", "max")]
        return ["--config.file=prometheus.yml", *(f"--{flag}" for flag in flags), *blocks]

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready")


class Thanos(EngineProcess):
    """One of its parts: `sidecar`, `query` or `rule`."""

    def __init__(self, directory: Path, part: str, flags: Iterable[str]) -> None:
        super().__init__(directory, built("thanos"))
        self.part, self.flags = part, list(flags)
        self.grpc, self.port = free_port(), free_port()
        self.url = f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        return [self.part, f"--grpc-address={HOST}:{self.grpc}", f"--http-address={HOST}:{self.port}", *self.flags]

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready")
