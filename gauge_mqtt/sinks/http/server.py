"""The HTTP sink: `GET /usage` from ready bytes, its schema, health, `/metrics`, and the page with its live events."""

import asyncio
import contextlib
import errno
import json
import logging
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gauge_mqtt import __version__
from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.contract.insights import Insights, Period
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import Usage, json_schema
from gauge_mqtt.sinks import address
from gauge_mqtt.sinks.http.events import EventStream
from gauge_mqtt.sinks.http.hosts import HostCheck, Hosts
from gauge_mqtt.sinks.http.metrics import CONTENT_TYPE, exposition
from gauge_mqtt.sinks.repeats import Repeats

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

log = logging.getLogger(__name__)

MALFORMED = Repeats()
NO_FILES = Repeats("socket.accept() out of system resource")
"""asyncio says this up to a hundred times at once. Adding a filter that is there already changes nothing."""

RETRY_S = 5.0
"""How often a port that is taken is tried again."""
BACKLOG = 128
FAREWELL_S = 1
COURTESY_S = 1.0
"""How long the reading of the logs goes first."""

Report = Callable[[], dict[str, Any]]
"""The state of the publisher for `/healthz`; its `ok` decides between 200 and 503."""


class HttpSink:
    """Serves the newest snapshot on `host`:`port` (0: any free one).

    `allowed_hosts`: names that a request may have in `Host` beside what we listen on, such as a proxy's.
    `on_page`: gets the address of the page as soon as it can be opened.
    """

    name = "http"

    def __init__(
        self,
        host: str,
        port: int,
        report: Report,
        metrics: Callable[[], list[Metric]],
        *,
        allowed_hosts: Collection[str] = (),
        on_page: Callable[[str], None] | None = None,
        insights: bool = False,
    ) -> None:
        self._host, self._port = host, port
        self._hosts = Hosts(host, allowed_hosts)
        self._report, self._metrics = report, metrics
        self._on_page = on_page
        self._insights: Mapping[Period, Insights] | None = {} if insights else None
        self._health = Health(ok=False, detail="not listening yet")
        self._usage: Usage | None = None
        self._body = b"null"
        self._events = EventStream()
        self._known = asyncio.Event()

    @property
    def health(self) -> Health:
        return self._health

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        del events, beat
        self._usage, self._body = usage, usage.to_json()
        self._events.publish(self._body)
        if usage.window_7d_tokens is not None:
            self._known.set()

    def tell(self, insights: Mapping[Period, Insights]) -> None:
        """Serve these from now on."""
        self._insights = insights

    async def run(self) -> None:
        # Half of the start-up time is imports: the first needles must not wait for the web server's.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COURTESY_S):
                await self._known.wait()
        app = await asyncio.to_thread(self._app)
        while True:
            try:
                listener = _listen(self._host, self._port)
            except OSError as error:
                self._trouble(f"cannot listen on {address(self._host, self._port)}: {_words(error)}")
                await asyncio.sleep(RETRY_S)
            else:
                await self._serve(app, listener)
                return

    async def _serve(self, app: "Starlette", listener: socket.socket) -> None:
        import uvicorn  # noqa: PLC0415, imported in run

        from gauge_mqtt.sinks.http.protocol import LimitedProtocol  # noqa: PLC0415

        class Server(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                """Signals belong to the runner: uvicorn's own way would end the process before `offline` is said."""
                yield

            async def main_loop(self) -> None:
                """Until cancelled. Stock uvicorn looks ten times a second whether it should stop: half our idle CPU."""
                await leave.wait()

        leave = asyncio.Event()
        server = Server(
            uvicorn.Config(
                HostCheck(app, self._hosts), http=LimitedProtocol, ws="none", lifespan="off", log_config=None,
                log_level="warning", access_log=False, server_header=False, date_header=False, backlog=BACKLOG,
                timeout_graceful_shutdown=FAREWELL_S,
            )
        )  # fmt: skip
        logging.getLogger("uvicorn.error").addFilter(MALFORMED)
        logging.getLogger("asyncio").addFilter(NO_FILES)
        url = "http://" + address(*listener.getsockname()[:2])
        self._health = Health(ok=True, detail=f"listening on {url}")
        page = _page(*listener.getsockname()[:2])
        log.info("HTTP: %s/usage; the cluster in a browser: %s", url, page)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        if self._on_page:
            self._on_page(page)
        try:
            await asyncio.shield(serving)
        finally:
            self._events.close()
            server.should_exit = True
            leave.set()
            await serving
            listener.close()

    def _trouble(self, detail: str) -> None:
        if self._health.detail != detail:
            log.error(detail)
        self._health = Health(ok=False, detail=detail)

    def _app(self) -> "Starlette":
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.responses import Response  # noqa: PLC0415
        from starlette.routing import Mount, Route  # noqa: PLC0415

        import gauge_mqtt.sinks.http.protocol  # noqa: F401, PLC0415 (here it blocks nobody)
        from gauge_mqtt.sinks.http.insights import InsightRoutes  # noqa: PLC0415
        from gauge_mqtt.sinks.http.pages import Pages, card  # noqa: PLC0415

        schema = json.dumps(json_schema()).encode()
        plain = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

        async def usage(_: "Request") -> Response:
            return Response(self._body, media_type="application/json", headers=plain)

        async def usage_schema(_: "Request") -> Response:
            return Response(schema, media_type="application/schema+json", headers=plain)

        async def healthz(_: "Request") -> Response:
            report = self._report()
            body = json.dumps(report).encode()
            return Response(body, 200 if report["ok"] else 503, media_type="application/json", headers=plain)

        async def metrics(_: "Request") -> Response:
            body = exposition(self._usage, self._metrics(), __version__, (self._insights or {}).get("day"))
            return Response(body, media_type=CONTENT_TYPE, headers=plain)

        async def card_module(_: "Request") -> Response:
            return card()

        endpoints = {"/usage": usage, "/usage/schema": usage_schema, "/healthz": healthz, "/metrics": metrics}
        endpoints["/card.js"] = card_module
        pages = Pages()

        async def root(request: "Request") -> Response:
            """The page for a browser; the snapshot for whoever polls an address without a path, such as a display."""
            if "text/html" in request.headers.get("accept", ""):
                return await pages.get_response("index.html", request.scope)
            return Response(self._body, media_type="application/json", headers=plain | {"vary": "accept"})

        routes = [Route(path, endpoint) for path, endpoint in endpoints.items()]
        routes += InsightRoutes(lambda: self._insights).routes
        return Starlette(routes=[*routes, Route("/events", self._events), Route("/", root), Mount("/", pages)])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # asyncio sets this only on sockets that name their protocol; without it each answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _page(host: str, port: int) -> str:
    """Where a browser on this machine finds the page: it cannot go to "every address"."""
    return f"http://{address({'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host), port)}/"  # noqa: S104


def _words(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program has that port; set CLAUDE_GAUGE_HTTP_PORT to a free one"
    return error.strerror or str(error)
