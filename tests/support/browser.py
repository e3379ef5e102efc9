"""One tab of a headless Chromium, driven by its own protocol."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.support.brokers import HOST
from tests.support.waiting import until

PATIENCE_S = 60.0


def browser() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Tab:
    """`dark`, `calm` (reduced motion) and `width` are the device's, as a stylesheet asks for them. `console`: what the
    browser calls an error.
    """

    def __init__(
        self, width: int = 1280, height: int = 1200, *, dark: bool = False, calm: bool = True, scale: float = 1
    ) -> None:
        self.size, self.scale = (width, height), scale
        self.dark, self.calm = dark, calm
        self.console = list[str]()
        self._stack = contextlib.ExitStack()
        self._number = 0
        self._socket: ClientConnection

    def __enter__(self) -> Self:
        profile = self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        program = browser()
        assert program
        quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
        child = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *quiet,
             "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._stack.callback(child.wait, 20)
        self._stack.callback(child.terminate)
        said = Path(profile, "DevToolsActivePort")
        port = until(lambda: said.exists() and said.read_text().split()[:1], 30)[0]
        tabs = httpx.get(f"http://{HOST}:{port}/json/list", trust_env=False).json()
        (tab,) = (tab for tab in tabs if tab["type"] == "page")
        self._socket = self._stack.enter_context(connect(tab["webSocketDebuggerUrl"], max_size=None, proxy=None))
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")
        self.resize(*self.size)
        motion = "reduce" if self.calm else "no-preference"
        wishes = {"prefers-color-scheme": "dark" if self.dark else "light", "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.do("Emulation.setEmulatedMedia", features=features)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": self.scale}
        self.do("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)

    def go(self, url: str) -> None:
        self.do("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is worth, a promise when it is kept."""
        found = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def becomes(self, expression: str, within: float = PATIENCE_S) -> Any:
        """Waits until the expression gives something true."""
        deadline = time.monotonic() + within
        while not (value := self.value(expression)):
            assert time.monotonic() < deadline, f"{expression} did not come true within {within:g} s"
            time.sleep(0.05)
        return value

    def screenshot(self) -> bytes:
        return base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"])

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (message := json.loads(self._socket.recv(PATIENCE_S))).get("id") != self._number:
            self._on_event(message.get("method"), message.get("params", {}))
        assert "error" not in message, f"{method}: {message['error']}"
        return dict(message["result"])

    def _on_event(self, event: str | None, said: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.console.append(str(details.get("exception", {}).get("description", details["text"])))
        elif event == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.console.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif event == "Runtime.consoleAPICalled" and said["type"] == "error":
            self.console.append(" ".join(str(a.get("value", a.get("description", ""))) for a in said["args"]))
