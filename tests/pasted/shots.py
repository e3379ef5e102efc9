"""Make the pictures in docs/images anew, from a real Home Assistant and a real browser:

.venv/bin/python -m tests.pasted.shots

The values are an hour of hard work, the day and the week behind them are made up.
"""

import sys
import tempfile
from pathlib import Path

import yaml

from gauge_mqtt.homeassistant.yaml_export import page
from tests.support import brokers
from tests.support.desk import IDS, TOPICS, Desk, at_work, eventually
from tests.support.ha_install import NEWEST, installed
from tests.support.homeassistant import HomeAssistant
from tests.support.page import Page
from tests.support.past import make_up

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
MOST_BYTES = 200_000
HARD_WORK = {"rate_1m": 9650.0, "hot": True}
PAGES = {
    "dashboard-light": ("dashboard", {"width": 1280, "height": 1196}, False),
    "dashboard-dark": ("dashboard", {"width": 1280, "height": 1196}, True),
    "dashboard-phone": ("dashboard", {"width": 390, "height": 2256}, False),
    "card": ("card", {"width": 540, "height": 450}, False),
}
"""Picture -> what is pasted, size, dark."""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch, "broker")
        room.mkdir()
        broker = brokers.Process(room).start()
        try:
            with (
                HomeAssistant(installed(NEWEST), Path(scratch, "config"), broker.port) as house,
                Desk(broker.port) as desk,
            ):
                take(house, desk)
        finally:
            broker.kill()


def take(house: HomeAssistant, desk: Desk) -> None:
    house.start()
    desk.announce()
    desk.say(at_work(**HARD_WORK))
    eventually(lambda: house.state(IDS["rate_1m"]) == "9650")
    for name in ("dashboard", "card"):
        pasted = yaml.safe_load(page(name, TOPICS))
        if name == "card":
            pasted = {"views": [{"title": "Home", "cards": [pasted]}]}
        house.ask("lovelace/dashboards/create", url_path=f"the-{name}", title="Claude Gauge", mode="storage")
        house.ask("lovelace/config/save", url_path=f"the-{name}", config=pasted)
    house.stop()
    make_up(house.config, 62.4, 41.3)
    house.start()
    eventually(lambda: house.state(IDS["rate_1m"]) == "9650")
    for picture, (name, size, dark) in PAGES.items():
        desk.say(at_work(**HARD_WORK))
        with Page(**size, dark=dark) as tab:
            seen = tab.open(house.url, house.token, f"/the-{name}/0")
            data = tab.picture()
        problems = [*seen.errors, *seen.console] + ([f"{len(data)} bytes"] if len(data) > MOST_BYTES else [])
        if problems:
            sys.exit(f"{picture}: {problems}")
        (IMAGES / f"{picture}.png").write_bytes(data)


if __name__ == "__main__":
    main()
