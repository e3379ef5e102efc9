"""A client of Home Assistant's REST API and WebSocket."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.support.brokers import HOST

ENTRY = "gauge"
"""The id of its MQTT entry."""


def becomes(question: Callable[[], Any], wanted: Any, within: float = 30.0) -> None:
    """Asks until the answer is the wanted one. Not in a busy loop: each question keeps Home Assistant from its work."""
    deadline = time.monotonic() + within
    while (answer := question()) != wanted:
        assert time.monotonic() < deadline, f"{answer!r} did not become {wanted!r} within {within} s"
        time.sleep(0.1)


@dataclass(frozen=True)
class Entity:
    """What Home Assistant knows of one entity. `registry`: as its registry lists it."""

    id: str
    state: str | None
    attributes: dict[str, Any]
    registry: dict[str, Any]


class Client:
    """`token`: of a user, as soon as there is one."""

    def __init__(self, port: int) -> None:
        self.port, self.token = port, ""
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        self._http.close()

    def rest(self, method: str, path: str, **how: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self._http.request(method, path, headers=headers, **how)
        answer.raise_for_status()
        return answer.json()

    def ask(self, command: str, **arguments: Any) -> Any:
        with connect(f"ws://{HOST}:{self.port}/api/websocket", max_size=None, proxy=None) as socket:
            socket.recv()
            socket.send(json.dumps({"type": "auth", "access_token": self.token}))
            assert json.loads(socket.recv())["type"] == "auth_ok"
            socket.send(json.dumps({"id": 1, "type": command, **arguments}))
            answer = json.loads(socket.recv(30))
        assert answer["success"], answer
        return answer["result"]

    def visitor(self) -> str:
        """The token of a user who is no administrator."""
        user = self.ask("config/auth/create", name="Visitor", group_ids=["system-users"])["user"]["id"]
        login = {"username": "visitor", "password": os.urandom(16).hex()}
        self.ask("config/auth_provider/homeassistant/create", user_id=user, **login)
        client = f"{self.url}/"
        flow = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
        step = self.rest("POST", "/auth/login_flow", json=flow)["flow_id"]
        code = self.rest("POST", f"/auth/login_flow/{step}", json=login | {"client_id": client})["result"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        return str(self.rest("POST", "/auth/token", data=grant)["access_token"])

    def call(self, domain: str, service: str, **data: Any) -> None:
        self.rest("POST", f"/api/services/{domain}/{service}", json=data)

    def reload(self) -> None:
        """The MQTT entry, as a click in its menu."""
        self.call("homeassistant", "reload_config_entry", entry_id=ENTRY)

    def states(self) -> dict[str, dict[str, Any]]:
        return {state["entity_id"]: state for state in self.rest("GET", "/api/states")}

    def state(self, entity_id: str) -> str | None:
        try:
            return str(self.rest("GET", f"/api/states/{entity_id}")["state"])
        except httpx.HTTPStatusError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def history(self, entity_id: str) -> list[dict[str, Any]]:
        """Its states since yesterday, from the recorder."""
        (states,) = self.rest("GET", "/api/history/period", params={"filter_entity_id": entity_id}) or [[]]
        return list(states)

    def statistics(self, statistic_id: str) -> list[dict[str, Any]]:
        """What the recorder made of each five minutes."""
        ask = {"start_time": "2026-01-01T00:00:00+00:00", "statistic_ids": [statistic_id], "period": "5minute"}
        return list(self.ask("recorder/statistics_during_period", **ask).get(statistic_id, []))

    def device(self, node: str) -> dict[str, Any] | None:
        """The device that has the identifier `node`."""
        devices = self.ask("config/device_registry/list")
        return next((dict(device) for device in devices if ["mqtt", node] in device["identifiers"]), None)

    def entities(self, node: str) -> dict[str, Entity]:
        """All of a device, by the key that follows the node in their unique ids."""
        states, device, found = self.states(), self.device(node), {}
        for listed in self.ask("config/entity_registry/list"):
            if device and listed["device_id"] == device["id"]:
                state = states.get(listed["entity_id"], {})
                key = listed["unique_id"].removeprefix(f"{node}_")
                attributes = state.get("attributes", {})
                found[key] = Entity(listed["entity_id"], state.get("state"), attributes, listed)
        return found
