"""A tiny HTTP load balancer: each request goes to the next server, as with two replicas behind one address."""

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.support.brokers import HOST, free_port

NO_PROXY = build_opener(ProxyHandler({}))


class Balancer:
    """`urls`: what it passes requests on to, in turn."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.port, self._urls, self._lock = free_port(), cycle(urls), threading.Lock()
        self.url = f"http://{HOST}:{self.port}"

    def _pass_on(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            url = next(self._urls)
        body = request.rfile.read(int(request.headers.get("content-length", 0))) or None
        headers = {"content-type": request.headers.get("content-type", "")} if body else {}
        try:
            with NO_PROXY.open(Request(url + request.path, body, headers)) as answer:  # noqa: S310
                status, found = answer.status, answer.read()
        except HTTPError as error:
            status, found = error.code, error.read()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(found)))
        request.end_headers()
        request.wfile.write(found)

    def __enter__(self) -> Self:
        pass_on = self._pass_on

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                pass_on(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer((HOST, self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
