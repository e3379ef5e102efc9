"""A mock of the Messages API on the loopback interface: answers each request with a word and the plan's headers."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PREFIX = "anthropic-ratelimit-unified"
INPUT, OUTPUT = 10, 5
"""Tokens of an answer, unless `MessagesApi.usage` says others."""


class MessagesApi:
    """`five_hour` and `seven_day`: utilization 0..1 of the plan's windows, told with each answer. `requests`: the paths
    and bodies that came. `answered_at`: by `time.monotonic`, when the last answer was out. `usage`: tokens of the next
    answers, as the API counts them. `served`: model and tokens, of all four kinds, of each answer so far.
    """

    def __init__(self, five_hour: float, seven_day: float) -> None:
        self.five_hour, self.seven_day = five_hour, seven_day
        now = int(time.time())
        self.five_hour_resets_at, self.seven_day_resets_at = now + 7_200, now + 200_000
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.usage = {
            "input_tokens": INPUT,
            "output_tokens": OUTPUT,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0,
        }
        self.served: list[tuple[str, int]] = []
        self.answered_at = 0.0
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                try:
                    asked = json.loads(body)
                except ValueError:
                    asked = {}
                api.requests.append((self.path, asked))
                if self.path.split("?")[0].endswith("/v1/messages"):
                    api.answer(self, asked)
                else:
                    self.send_error(404)

            def do_GET(self) -> None:
                api.requests.append((self.path, {}))
                self.send_error(404)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        number, usage = len(self.requests), dict(self.usage)
        message = {
            "id": f"msg_mock_{number}",
            "type": "message",
            "role": "assistant",
            "model": asked.get("model", "claude-sonnet-5-5"),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage | {"output_tokens": 1},
        }
        if asked.get("stream"):
            events = [
                {"type": "message_start", "message": message},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ok"}},
                {"type": "content_block_stop", "index": 0},
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                    "usage": {"output_tokens": usage["output_tokens"]},
                },
                {"type": "message_stop"},
            ]
            body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
            kind = "text/event-stream"
        else:
            whole = message | {"content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn", "usage": usage}
            body, kind = json.dumps(whole).encode(), "application/json"
        handler.send_response(200)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "request-id": f"req_mock_{number}",
            f"{PREFIX}-status": "allowed",
            f"{PREFIX}-5h-status": "allowed",
            f"{PREFIX}-5h-utilization": str(self.five_hour),
            f"{PREFIX}-5h-reset": str(self.five_hour_resets_at),
            f"{PREFIX}-7d-status": "allowed",
            f"{PREFIX}-7d-utilization": str(self.seven_day),
            f"{PREFIX}-7d-reset": str(self.seven_day_resets_at),
            f"{PREFIX}-reset": str(self.five_hour_resets_at),
            f"{PREFIX}-representative-claim": "five_hour",
        }
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        self.served.append((str(message["model"]), sum(usage.values())))
        self.answered_at = time.monotonic()
