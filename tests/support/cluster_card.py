"""The card of the cluster on a dashboard of a real Home Assistant, looked at in a browser."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from tests.support.homeassistant import HomeAssistant
from tests.support.page import Page

CARD = Path(__file__).resolve().parents[2] / "dist/claude-gauge-card.js"
FILE = "/local/claude-gauge-card.js"
"""Where Home Assistant serves it, if it was in its `www` when it started."""
PATH = "the-cluster"
PARKED = [face_deg(PARK_DEG)] * 3
SEEN = """
globalThis.found = (name, root = document) => {
  for (const one of root.querySelectorAll("*")) {
    if (one.localName === name) return one;
    const inside = one.shadowRoot && found(name, one.shadowRoot);
    if (inside) return inside;
  }
};
globalThis.seen = () => {
  const cluster = found("claude-gauge-card")?.shadowRoot.querySelector("claude-gauge-cluster");
  if (!cluster) return {};
  const drawn = [...cluster.shadowRoot.querySelectorAll("g[data-needle]")]
    .map(part => Number(part.getAttribute("transform").match(/rotate\\(([-.\\d]+)/)[1]));
  return { drawn, lit: [...cluster.shadowRoot.querySelectorAll(".lamp.lit")].map(lamp => lamp.dataset.lamp) };
};
globalThis.shows = (angles, lamps) => {
  const { drawn, lit } = seen();
  return drawn?.every((deg, at) => Math.abs(deg - angles[at]) < 0.1) && lit.join() === lamps.join();
};
"""


@contextmanager
def resource(ha: HomeAssistant, url: str) -> Iterator[None]:
    made = ha.ask("lovelace/resources/create", res_type="module", url=url)
    yield
    ha.ask("lovelace/resources/delete", resource_id=made["id"])


@contextmanager
def on_a_dashboard(ha: HomeAssistant, config: dict[str, Any], token: str = "", **tab: Any) -> Iterator[Page]:
    """The tab in which a person looks at it: whose `token` that is, or its administrator."""
    if PATH not in {one["url_path"] for one in ha.ask("lovelace/dashboards/list")}:
        ha.ask("lovelace/dashboards/create", url_path=PATH, title="Cluster", mode="storage")
    ha.ask("lovelace/config/save", url_path=PATH, config=config)
    with Page(**tab) as page_:
        assert page_.open(ha.url, token or ha.token, f"/{PATH}/0").errors == []
        page_.value(f"{{{SEEN}}}")
        yield page_


def one_card(beside: str, **config: str) -> dict[str, Any]:
    """A dashboard of the card, and of a tile of that entity."""
    card = {"type": "custom:claude-gauge-card"} | config
    return {"views": [{"title": "Home", "cards": [card, {"type": "tile", "entity": beside}]}]}


def shows(angles: Sequence[float], lamps: Sequence[str]) -> str:
    """A JavaScript condition: the needles stand there, to a tenth of a degree, and exactly these lamps are lit."""
    return f"shows({json.dumps([*angles])}, {json.dumps([*lamps])})"
