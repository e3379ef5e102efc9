"""Make the pictures of the cluster in docs/images anew, from the real page in a real browser and the tape of hard work:

.venv/bin/python -m tests.sinks.http.shots

The browser's clock is that of the tape, so that the same pictures come out at any time.
"""

import json
from pathlib import Path

from gauge_mqtt.sinks.http.pages import STATIC
from tests.support.browser import Tab
from tests.support.http import ServedSink
from tests.support.tapes import AT_WORK, last_snapshot

IMAGES = Path(__file__).resolve().parents[3] / "docs/images"
CLUSTER = "document.querySelector('claude-gauge-cluster')"


def icons() -> None:
    """The icon for home screens that take no SVG, to the edge: they cut its corners themselves."""
    svg = (STATIC / "icon.svg").read_text(encoding="utf-8")
    for size in (180, 512):
        with Tab(width=900, height=900) as tab:
            tab.value(f"document.body.innerHTML = {json.dumps(svg)}")
            style = f"margin: 0; width: {size}px; height: {size}px; background: #3a3a3c"
            tab.value(f"document.body.style.cssText = '{style}'")
            tab.resize(size, size)
            tab.do("Emulation.setDeviceMetricsOverride", width=size, height=size, deviceScaleFactor=1, mobile=False)
            (STATIC / f"icon-{size}.png").write_bytes(tab.screenshot())


def main() -> None:
    icons()
    usage = last_snapshot(AT_WORK).model_copy(update={"source": "jsonl+quota"})  # whose readings it holds
    clock = f"Date.now = () => {usage.updated_at.timestamp() * 1000:.0f};"
    with ServedSink() as served:
        served.show(usage)
        for theme in ("light", "dark"):
            with Tab(width=1120, height=640, dark=theme == "dark", scale=1.5) as tab:
                tab.do("Page.addScriptToEvaluateOnNewDocument", source=clock)
                tab.do("Emulation.setTimezoneOverride", timezoneId="UTC")
                tab.go(served.url)
                tab.becomes(f"{CLUSTER}?.usage")
                (IMAGES / f"cluster-{theme}.png").write_bytes(tab.screenshot())


if __name__ == "__main__":
    main()
