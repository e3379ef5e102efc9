"""Make the pictures in docs/images anew, from a real Home Assistant and a real browser:

.venv/bin/python -m tests.pasted.shots [BEGINNING OF A NAME...]

The values are an hour of hard work, the day and the week behind them are made up.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from gauge_mqtt.homeassistant.yaml_export import page
from tests.support import brokers
from tests.support.cluster_card import CARD
from tests.support.desk import IDS, TOPICS, DeskPublisher, at_work
from tests.support.ha_install import NEWEST, installed
from tests.support.homeassistant import HomeAssistant
from tests.support.page import Page
from tests.support.recorder_history import write_history
from tests.support.waiting import until

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
MOST_BYTES = 320_000
HARD_WORK = {"rate_1m": 9650.0, "hot": True}
PAGES = {
    "dashboard-light": ("dashboard", {"width": 1280, "height": 1196}, False),
    "dashboard-dark": ("dashboard", {"width": 1280, "height": 1196}, True),
    "dashboard-phone": ("dashboard", {"width": 390, "height": 2256}, False),
    "cluster-card-light": ("dashboard-with-card", {"width": 1280, "height": 1086}, False),
    "cluster-card-dark": ("dashboard-with-card", {"width": 1280, "height": 1086}, True),
    "cluster-card-phone": ("dashboard-with-card", {"width": 390, "height": 844}, False),
    "card": ("card", {"width": 540, "height": 450}, False),
}
"""Picture -> what is pasted, size, dark."""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch, "broker")
        room.mkdir()
        broker = brokers.MosquittoProcess(room).start()
        try:
            with (
                HomeAssistant(installed(NEWEST), Path(scratch, "config"), broker.port) as ha,
                DeskPublisher(broker.port) as desk,
            ):
                take(ha, desk)
        finally:
            broker.kill()


def take(ha: HomeAssistant, desk: DeskPublisher) -> None:
    ha.configure()
    (ha.config / "www").mkdir()
    shutil.copy(CARD, ha.config / "www")
    ha.start()
    desk.announce()
    desk.show(at_work(**HARD_WORK))
    until(lambda: ha.state(IDS["rate_1m"]) == "9650")
    ha.ask("lovelace/resources/create", res_type="module", url="/local/claude-gauge-card.js")
    for name in ("dashboard", "dashboard-with-card", "card"):
        pasted = yaml.safe_load(page(name, TOPICS))
        if name == "card":
            pasted = {"views": [{"title": "Home", "cards": [pasted]}]}
        ha.ask("lovelace/dashboards/create", url_path=f"the-{name}", title="Claude Gauge", mode="storage")
        ha.ask("lovelace/config/save", url_path=f"the-{name}", config=pasted)
    ha.stop()
    write_history(ha.config, 62.4, 41.3)
    ha.start()
    until(lambda: ha.state(IDS["rate_1m"]) == "9650")
    for picture, (name, size, dark) in PAGES.items():
        if not picture.startswith(tuple(sys.argv[1:]) or ("",)):
            continue
        desk.show(at_work(**HARD_WORK))
        with Page(**size, dark=dark) as tab:
            seen = tab.open(ha.url, ha.token, f"/the-{name}/0")
            data = tab.screenshot()
        problems = [*seen.errors, *seen.console] + ([f"{len(data)} bytes"] if len(data) > MOST_BYTES else [])
        if problems:
            sys.exit(f"{picture}: {problems}")
        (IMAGES / f"{picture}.png").write_bytes(data)


if __name__ == "__main__":
    main()
