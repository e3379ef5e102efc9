"""The HTTP sink of a test that blocks: it runs on a loop in a thread of its own. And a proxy in front of it."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

from gauge_mqtt.contract.insights import Insights, Period
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.sinks.http.server import HttpSink
from tests.support.brokers import HOST, free_port
from tests.support.waiting import until


class ServedSink:
    """`port` stays the same when it is started again, as a publisher's does."""

    def __init__(self, *, insights: bool = False) -> None:
        self._has_insights = insights
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._sink: HttpSink | None = None
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),), daemon=True)
        self._thread.start()
        until(lambda: self._sink and self._sink.health.ok)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sink = HttpSink(HOST, self.port, lambda: {"ok": True}, list, insights=self._has_insights)
        self._task = asyncio.create_task(self._sink.run())
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(20)

    def show(self, usage: Usage) -> None:
        self._call(lambda sink: sink.show(usage, (), beat=False))

    def tell(self, insights: Mapping[Period, Insights]) -> None:
        self._call(lambda sink: sink.tell(insights))

    def _call(self, work: Callable[[HttpSink], None]) -> None:
        done = threading.Event()

        def hand_over() -> None:
            assert self._sink
            work(self._sink)
            done.set()

        self._loop.call_soon_threadsafe(hand_over)
        assert done.wait(20)


@contextmanager
def behind_a_prefix(port: int, prefix: str) -> Iterator[str]:
    """A reverse proxy that serves what is on `port` below `prefix`, and nothing elsewhere. Its own address."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404)
                return
            there = f"http://{HOST}:{port}{self.path.removeprefix(prefix)}"
            accept = {"accept": self.headers.get("accept", "*/*")}
            with (
                contextlib.suppress(OSError, httpx.HTTPError),
                httpx.stream("GET", there, headers=accept, timeout=60, trust_env=False) as answer,
            ):
                self.send_response(answer.status_code)
                for name in ("content-type", "content-security-policy"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.end_headers()
                for some in answer.iter_raw():
                    self.wfile.write(some)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Proxy) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
