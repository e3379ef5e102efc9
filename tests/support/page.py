"""A page of Home Assistant in headless Chromium: its texts, its errors, and a screenshot."""

import json
import time
from typing import NamedTuple

from tests.support.browser import PATIENCE_S, Tab

QUIET_S = 1.5
"""A page that has not changed for so long is done; Home Assistant draws its cards one after the other."""

LOOK = """
(() => {
  const seen = {cards: [], texts: [], errors: [], late: []};
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
    if (name === 'ha-icon' && node.icon && !node.shadowRoot?.querySelector('ha-svg-icon')?.path)
      seen.late.push(node.icon);
    const said = seen.texts.length;
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.childNodes) walk(child);
    if (name === 'hui-markdown-card' && seen.texts.length === said) seen.late.push(name);
  };
  walk(document.documentElement);
  return JSON.stringify(seen);
})()
"""
"""All of the document, through every shadow root."""


class PageContent(NamedTuple):
    """`errors`: cards that are not what was asked for. `late`: what has not come yet, such as an icon. `console`: what
    the browser calls an error.
    """

    cards: list[str]
    texts: list[str]
    errors: list[str]
    late: list[str]
    console: list[str]


class Page(Tab):
    """A tab that is logged in to Home Assistant."""

    def open(self, url: str, token: str, path: str) -> PageContent:
        """The page as somebody who is logged in sees it, when it has stopped changing."""
        login = {
            "access_token": token, "token_type": "Bearer", "hassUrl": url, "clientId": f"{url}/", "refresh_token": "",
            "expires_in": 10**8, "expires": (time.time() + 10**8) * 1000,
        }  # fmt: skip
        kept = {"hassTokens": json.dumps(login), "dockedSidebar": '"always_hidden"'}
        script = "".join(f"localStorage.setItem({json.dumps(k)}, {json.dumps(v)});" for k, v in kept.items())
        guarded = f"if (location.origin === {json.dumps(url)}) {{{script}}}"
        self.do("Page.addScriptToEvaluateOnNewDocument", source=guarded)
        self.do("Page.navigate", url=url + path)
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
            elif time.monotonic() - since > QUIET_S and seen.cards and not seen.late:
                return seen
        raise AssertionError(f"the page never came to rest; what moved last: {moved}, what never came: {seen.late}")

    def _look(self) -> PageContent:
        found = self.do("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"].get("value")
        seen = json.loads(found) if found else {"cards": [], "texts": [], "errors": [], "late": []}
        return PageContent(**seen, console=self.console)
