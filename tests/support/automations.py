"""The blueprints on a local web server, and automations made of them that count their runs."""

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.brokers import HOST
from tests.support.desk import TOPICS
from tests.support.homeassistant import HomeAssistant
from tests.support.waiting import until

FOLDER = Path(__file__).resolve().parents[2] / "homeassistant/blueprints/automation/claude_gauge"
REPORT = [
    {"action": "counter.increment", "target": {"entity_id": "counter.runs"}},
    {"action": "input_text.set_value", "target": {"entity_id": "input_text.message"},
     "data": {"value": "{{ message }}"}},
]  # fmt: skip
SETTLE_S = 1.5
"""By then an automation that wanted to run has run."""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The address at which the blueprints are to be had."""
    with ThreadingHTTPServer((HOST, 0), functools.partial(QuietHandler, directory=FOLDER)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()


def imported(ha: HomeAssistant, address: str, name: str) -> dict[str, Any]:
    """What Home Assistant found there, and keeps."""
    found: dict[str, Any] = ha.ask("blueprint/import", url=f"{address}/{name}.yaml")
    path = f"claude_gauge/{name}.yaml"
    ha.ask("blueprint/save", domain="automation", path=path, yaml=found["raw_data"], allow_override=True)
    return found


class Automation:
    """One made of a blueprint, with an action that counts its runs and keeps its message."""

    def __init__(self, ha: HomeAssistant, name: str, inputs: dict[str, Any]) -> None:
        self._ha, self.id = ha, f"made_of_{name}"
        made = {"path": f"claude_gauge/{name}.yaml", "input": {"actions": REPORT} | inputs}
        ha.rest("POST", f"/api/config/automation/config/{self.id}", json={"alias": self.id, "use_blueprint": made})
        until(lambda: ha.state(f"automation.{self.id}") == "on")
        ha.call("counter", "reset", entity_id="counter.runs")
        ha.call("input_text", "set_value", entity_id="input_text.message", value="")

    @property
    def runs(self) -> int:
        return int(self._ha.state("counter.runs") or 0)

    @property
    def message(self) -> str:
        return self._ha.state("input_text.message") or ""

    def has_run(self, times: int) -> bool:
        """After a while in which it could have run more often."""
        until(lambda: self.runs >= times)
        time.sleep(SETTLE_S)
        return self.runs == times

    def remove(self) -> None:
        self._ha.rest("DELETE", f"/api/config/automation/config/{self.id}")


def gauge(ha: HomeAssistant) -> str:
    """The id of the device, as its selector gives it."""
    device = ha.device(TOPICS.node)
    assert device
    return str(device["id"])
