"""A page of Home Assistant in headless Chromium: its texts, its errors, and a screenshot."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.support.brokers import HOST
from tests.support.waiting import until

QUIET_S = 1.5
"""A page that has not changed for so long is done; Home Assistant draws its cards one after the other."""
PATIENCE_S = 60.0

LOOK = """
(() => {
  const seen = {cards: [], texts: [], errors: []};
  const walk = node => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.textContent.trim();
      if (text && !['STYLE', 'SCRIPT'].includes(node.parentNode?.nodeName)) seen.texts.push(text);
      return;
    }
    const name = node.localName ?? '';
    if (/^hui-(?!root|view|card$).*-card$/.test(name)) seen.cards.push(name);
    if (['hui-error-card', 'hui-warning', 'hui-warning-element'].includes(name))
      seen.errors.push(node.shadowRoot?.textContent.trim() || node.textContent.trim());
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.childNodes) walk(child);
  };
  walk(document.documentElement);
  return JSON.stringify(seen);
})()
"""
"""All of the document, through every shadow root."""


class PageContent(NamedTuple):
    """`errors`: cards that are not what was asked for. `console`: what the browser calls an error."""

    cards: list[str]
    texts: list[str]
    errors: list[str]
    console: list[str]


def browser() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page:
    """One tab. `dark` and `width` are the device's, as a stylesheet asks for them."""

    def __init__(self, width: int = 1280, height: int = 1200, *, dark: bool = False, scale: float = 1) -> None:
        self.size, self.dark = {"width": width, "height": height, "deviceScaleFactor": scale}, dark
        self._stack = contextlib.ExitStack()
        self._number, self._console = 0, list[str]()
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
            self._do(f"{domain}.enable")
        self._do("Emulation.setDeviceMetricsOverride", **self.size, mobile=self.size["width"] < 600)
        wishes = {"prefers-color-scheme": "dark" if self.dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self._do("Emulation.setEmulatedMedia", features=features)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, url: str, token: str, path: str) -> PageContent:
        """The page as somebody who is logged in sees it, when it has stopped changing."""
        login = {
            "access_token": token, "token_type": "Bearer", "hassUrl": url, "clientId": f"{url}/", "refresh_token": "",
            "expires_in": 10**8, "expires": (time.time() + 10**8) * 1000,
        }  # fmt: skip
        kept = {"hassTokens": json.dumps(login), "dockedSidebar": '"always_hidden"'}
        script = "".join(f"localStorage.setItem({json.dumps(k)}, {json.dumps(v)});" for k, v in kept.items())
        guarded = f"if (location.origin === {json.dumps(url)}) {{{script}}}"
        self._do("Page.addScriptToEvaluateOnNewDocument", source=guarded)
        self._do("Page.navigate", url=url + path)
        return self.settled()

    def settled(self) -> PageContent:
        last, moved, since = list[str](), set[str](), time.monotonic()
        end = since + PATIENCE_S
        while time.monotonic() < end:
            time.sleep(0.3)
            seen = self._look()
            texts = [text for text in seen.texts if not text.endswith(" ago")]
            if texts != last:
                moved, last, since = {*last} ^ {*texts}, texts, time.monotonic()
            elif time.monotonic() - since > QUIET_S and seen.cards:
                return seen
        raise AssertionError(f"the page never came to rest; what moved last: {moved}")

    def _look(self) -> PageContent:
        found = self._do("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"].get("value")
        seen = json.loads(found) if found else {"cards": [], "texts": [], "errors": []}
        return PageContent(**seen, console=self._console)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._do("Page.captureScreenshot", format="png")["data"])

    def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (message := json.loads(self._socket.recv(PATIENCE_S))).get("id") != self._number:
            self._on_event(message.get("method"), message.get("params", {}))
        assert "error" not in message, f"{method}: {message['error']}"
        return dict(message["result"])

    def _on_event(self, event: str | None, said: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self._console.append(str(details.get("exception", {}).get("description", details["text"])))
        elif event == "Log.entryAdded" and said["entry"]["level"] == "error":
            self._console.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif event == "Runtime.consoleAPICalled" and said["type"] == "error":
            self._console.append(" ".join(str(a.get("value", a.get("description", ""))) for a in said["args"]))
