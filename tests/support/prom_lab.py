"""A real Prometheus server, an exporter for it to scrape, and an HTTP server that pretends to be one."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from gauge_mqtt.sources.prometheus import pace
from gauge_mqtt.sources.prometheus import queries as prom_queries
from gauge_mqtt.sources.prometheus import source as prometheus
from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.brokers import HOST, free_port
from tests.support.child import Child
from tests.support.prom_history import Samples, write
from tests.support.stack import ROOT
from tests.support.waiting import until

USER, PASSWORD = "gauge", "correct horse"
WEB_AUTH = f"basic_auth_users:\n  {USER}: $2b$04$ZkELE0i.YT8BexmFItf3vuKRQ0fJ7BVhkuryYuijuDrRpgRY2igXC\n"
WEB_TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
RULES = ROOT / "deploy/prometheus/rules/claude-code-minutes.yml"
READY = "Server is ready to receive web requests"


def skip_without_prometheus() -> None:
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        pytest.skip("no prometheus and promtool here")


def make_blocks(files: Iterable[Path], data: Path) -> None:
    """Puts what is in OpenMetrics files before a Prometheus. Two at a time: promtool is busy with one core."""
    data.mkdir(exist_ok=True)

    def make(file: Path) -> None:
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", file, data]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, files))


class Prometheus(Child):
    """A process with files of its own that can be killed, frozen and started again on its port."""

    def __init__(self, directory: Path) -> None:
        skip_without_prometheus()
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.port = directory, free_port()
        self._command: list[str] = []
        self.kept = "15d"
        self.url = f"http://{HOST}:{self.port}"

    def backfill(self, samples: Samples) -> None:
        """Before it starts."""
        source = self.directory / "openmetrics"
        source.mkdir()
        make_blocks(write(samples, source), self.directory / "data")

    def start(
        self,
        *,
        scrapes: Iterable[int] = (),
        federates: Iterable[int] = (),
        every: str = "500ms",
        web: str = "",
        flags: Iterable[str] = (),
        rules: Iterable[Path] = (),
        disk_mb: int | None = None,
    ) -> Self:
        """`scrapes`: ports; each is a job of its own, asked twice a second. `federates`: ports of other servers, whose
        series it scrapes. `web`: its web configuration. `rules`: files of rules that it evaluates.
        `disk_mb`: its files are on a disk of its own that is no larger; what was there before is not seen.
        """
        jobs: list[dict[str, Any]] = [
            {
                "job_name": f"otel-{number}",
                "scrape_interval": every,
                "scrape_timeout": every,
                "static_configs": [{"targets": [f"{HOST}:{port}"]}],
            }
            for number, port in enumerate(scrapes)
        ]
        jobs += [
            {
                "job_name": "federate",
                "metrics_path": "/federate",
                "params": {"match[]": ['{__name__=~"claude_code_.+"}']},
                "scrape_interval": every,
                "scrape_timeout": every,
                "static_configs": [{"targets": [f"{HOST}:{port}"]}],
            }
            for port in federates
        ]
        (self.directory / "prometheus.yml").write_text(
            json.dumps({"rule_files": [*map(str, rules)], "scrape_configs": jobs})
        )
        (self.directory / "web.yml").write_text(web)
        self.url = f"http{'s' if 'tls_server_config' in web else ''}://{HOST}:{self.port}"
        options = {
            "config.file": "prometheus.yml",
            "storage.tsdb.path": "data",
            "storage.tsdb.retention.time": self.kept,
            "web.listen-address": f"{HOST}:{self.port}",
            "web.config.file": "web.yml",
        }
        self._command = ["prometheus", *(f"--{name}={value}" for name, value in options.items()), *flags]
        if disk_mb:
            (self.directory / "data").mkdir(exist_ok=True)
            mount = f'mount -t tmpfs -o size={disk_mb}m tmpfs data && cd . && exec "$0" "$@"'
            self._command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, *self._command]
        self.again()
        return self

    @property
    def disk(self) -> Path:
        """Its files, on the disk that it alone sees."""
        assert self._child is not None
        return Path(f"/proc/{self._child.pid}/root{self.directory}/data")

    def again(self) -> None:
        log = self.directory / "log"
        with log.open("wb") as out:
            self._child = subprocess.Popen(self._command, cwd=self.directory, stderr=out)
        until(lambda: READY in log.read_text() or self._died(log))

    def _died(self, log: Path) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, log.read_text()
        return False


BLOCK_S = 7200


def record(server: Prometheus, begin: float, end: float, rules: Path = RULES) -> None:
    """What recording rules would have recorded (unix seconds), by promtool. The server is started again.

    In two goes: promtool goes by blocks of two hours, and leaves a group out altogether that is not evaluated in what
    it is given of the first one, such as ours of half an hour.
    """
    cut = min(-(-begin // BLOCK_S) * BLOCK_S, end)
    for start, stop in ((begin, cut), (cut, end)):
        if start == stop:
            continue
        times = (f"--start={start:.0f}", f"--end={stop:.0f}", "--eval-interval=60s", f"--url={server.url}")
        command = ["promtool", "tsdb", "create-blocks-from", "rules", *times, "--output-dir=data", str(rules)]
        subprocess.run(command, cwd=server.directory, check=True, capture_output=True)
    server.stop()
    server.again()


@contextmanager
def prometheus_server(directory: Path) -> Iterator[Prometheus]:
    server = Prometheus(directory)
    try:
        yield server
    finally:
        server.kill()


class Exporter:
    """Counters of Claude Code on a port, as an OpenTelemetry collector exposes them: `values[name, labels]`."""

    def __init__(self) -> None:
        self.port, self.values = free_port(), dict[tuple[str, str], float]()
        self._server: ThreadingHTTPServer | None = None

    def page(self) -> bytes:
        rows = "".join(f"{name}{{{labels}}} {value}\n" for (name, labels), value in list(self.values.items()))
        return rows.encode()

    def __enter__(self) -> Self:
        page = self.page

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = page()
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer((HOST, self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class FakeServer:
    """An HTTP server that answers every request with `status` and `body`. `requests`: the heads it was sent."""

    def __init__(self, body: bytes = b"", status: int = 200, header: str = "content-type: text/html") -> None:
        self.body, self.status, self.header = body, status, header
        self.requests: list[str] = []
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            head = f"HTTP/1.1 {self.status} X\r\n{self.header}\r\ncontent-length: {len(self.body)}\r\n"
            writer.write(f"{head}connection: close\r\n\r\n".encode() + self.body)
            await writer.drain()
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


def source_on(url: str, selector: str = "", **how: Any) -> PrometheusSource:
    server = Server(url=url, **{name: how.pop(name) for name in list(how) if name in Server.__dataclass_fields__})
    source = PrometheusSource(PromApi(server), selector, **how)
    source.pace = Unhurried()
    return source


async def counted(url: str) -> int | None:
    """The tokens of the last 5 h, as a first look finds them."""
    source = source_on(url)
    await source.load()
    assert source.failure is None
    window = source.read(datetime.now(UTC)).window_5h
    return window.tokens if window else None


class Unhurried(pace.Pace):
    """Asks as often as is useful: a busy machine is no large fleet, and its owner need not hear that it is."""

    def took(self, kind: pace.Kind, seconds: float) -> None:
        pass


@pytest.fixture
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, period in {"names": 1.0, "tach": 0.1, "past": 5.0, "fuels": 0.3, "own": 0.5}.items():
        monkeypatch.setitem(prometheus.PERIODS, kind, period)
    monkeypatch.setattr(prom_queries, "MODEL_S", 1)
    monkeypatch.setattr(prometheus, "CONFIRMED", 100)  # three of so short periods are nothing to a busy machine


@asynccontextmanager
async def running(source: PrometheusSource) -> AsyncIterator[PrometheusSource]:
    task = asyncio.create_task(source.run(lambda: None))
    try:
        yield source
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
