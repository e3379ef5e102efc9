"""A real Home Assistant as a process of the test, with an MQTT entry for the test's broker, or without any.

    with HomeAssistant(installed(NEWEST), tmp_path / "config", broker.port) as ha:
        ha.configure("counter:\\n  alerts:\\n")             # more YAML; before `start`, or `restart` afterwards
        ha.start()                                          # returns when it runs and answers
        ha.state("sensor.claude_gauge_lab_fuel_5h")         # its state as text, `None` if there is no such entity
        ha.entities("claude_gauge_lab")                     # key of the contract -> `Entity`, from registry and states
        ha.call("automation", "trigger", entity_id="...")   # a service
        ha.ask("repairs/list_issues")                       # any command of its WebSocket
        ha.rest("GET", "/api/config")                       # any address of its REST API
        ha.complaints()                                     # warnings and errors in its log since this was asked last
        ha.restart()

`ha.url` and `ha.token` are for a browser. To wait: `becomes(lambda: ha.state(entity_id), "on")`.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.brokers import HOST, free_port
from tests.support.ha_client import ENTRY, Client
from tests.support.ha_install import Installation
from tests.support.waiting import until

FIRST_START_S = 400.0
"""It installs what its integrations need, and compiles everything."""
START_S = 120.0
STOP_S = 40.0

YAML = """\
homeassistant:
  name: Gauge test
  time_zone: UTC
  unit_system: metric
  country: US
  language: en
  latitude: 0
  longitude: 0
  elevation: 0
config:
frontend:
history:
logbook:
recorder:
  commit_interval: 1
logger:
  default: warning
"""

EXPECTED = (
    r"\[haffmpeg\.|libturbojpeg",  # for cameras, which always load; this machine need not have them
    r"\[aiohttp_fast_zlib\]",  # loads before what it would rather have
    r"We found a custom integration",  # our own helper for statistics
    # The tests restart the broker.
    r"\[homeassistant\.components\.mqtt\.client\] (Disconnected from|Failed to connect to|Error returned from) MQTT",
    r"\[paho\.mqtt\.client\] failed to receive on socket",
    r"_async_resubscribe_and_publish_birth_message",  # ... before it was greeted
)
"""Warnings that are no complaint about a publisher, each with its reason."""
EXPECTED_LAST_YEAR = (r"No device components to cleanup",)  # for each disabled entity of a device that goes

_RECORD = re.compile(r"^\d{4}-\d\d-\d\d [\d:.+]+ (?=[A-Z]+ \()", re.MULTILINE)
_BAD = re.compile(r"(WARNING|ERROR|CRITICAL) \(")


class HomeAssistant(Client):
    """See the top of this file. `log`: everything it wrote, over all its starts."""

    def __init__(self, installation: Installation, config: Path, broker_port: int | None = None) -> None:
        super().__init__(free_port())
        self.installation, self.config, self.broker_port = installation, config, broker_port
        self._child: subprocess.Popen[bytes] | None = None
        self._reported = 0

    @property
    def log(self) -> str:
        return (self.config / "output.log").read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.close()

    def configure(self, yaml: str = "") -> None:
        """The least that it needs, and `yaml`. What a person clicks once lies in the stores, in forms so old that every
        release reads them.
        """
        self.config.mkdir(parents=True, exist_ok=True)
        server = {"server_host": [HOST], "server_port": self.port}
        in_storage = self.installation.release.year_month >= (2026, 7)  # there YAML is only tried, and taken back
        text = YAML + ("" if in_storage else f"http: {json.dumps(server)}\n")
        (self.config / "configuration.yaml").write_text(text + yaml)
        if self.token:
            return
        if in_storage:
            self._store("http", 1, server)
        # The steps that would look for devices and services around, and on the Internet, are done.
        self._store("onboarding", 4, {"done": ["core_config", "analytics", "integration"]})
        if self.broker_port is None:
            return
        broker = {"broker": HOST, "port": self.broker_port, "protocol": "5"}
        entry = {"entry_id": ENTRY, "domain": "mqtt", "title": "broker", "source": "user", "data": broker}
        self._store("core.config_entries", 1, {"entries": [entry | {"version": 1, "minor_version": 2}]})

    def _store(self, key: str, version: int, data: dict[str, Any]) -> None:
        file = self.config / ".storage" / key
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"key": key, "version": version, "data": data}))

    def start(self) -> None:
        if not (self.config / "configuration.yaml").exists():
            self.configure()
        with (self.config / "output.log").open("ab") as out:
            self._child = subprocess.Popen(
                self.installation.command(
                    self.installation.python, "-m", "homeassistant", "--config", self.config, "--log-no-color",
                    sees=(self.config,),
                ),
                env=self.installation.environ() | {"HOME": str(self.config)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )  # fmt: skip
        if not self.token:
            until(lambda: self._answers("/api/onboarding"), FIRST_START_S)
            self.token = self._onboard()
        until(lambda: (self._answers("/api/config") or {}).get("state") == "RUNNING", START_S)

    def stop(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _answers(self, path: str) -> Any:
        assert self._child is not None
        assert self._child.poll() is None, f"Home Assistant ended:\n{self.log[-2000:]}"
        try:
            return self.rest("GET", path)
        except httpx.HTTPError:
            return None

    def _onboard(self) -> str:
        """A user, and a token for them that lasts."""
        client = f"{self.url}/"
        person = {"name": "Gauge", "username": "gauge", "password": os.urandom(16).hex(), "language": "en"}
        code = self.rest("POST", "/api/onboarding/users", json=person | {"client_id": client})["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self.token = self.rest("POST", "/auth/token", data=grant)["access_token"]
        return str(self.ask("auth/long_lived_access_token", client_name="gauge", lifespan=1))

    def complaints(self) -> list[str]:
        """Warnings and errors in its log since this was asked last, but for `EXPECTED`."""
        records = [record for record in _RECORD.split(self.log) if _BAD.match(record)]
        known = EXPECTED + (EXPECTED_LAST_YEAR if self.installation.release.year_month < (2026, 1) else ())
        ours = [record for record in records if not any(re.search(pattern, record) for pattern in known)]
        new, self._reported = ours[self._reported :], len(ours)
        return new
