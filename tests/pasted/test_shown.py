"""Dashboard and card in a real browser, from a real Home Assistant."""

from collections import Counter
from typing import Any

import pytest
import yaml

from gauge_mqtt.homeassistant.yaml_export import page
from tests.homeassistant.test_yaml_export import ENTITY
from tests.support.browser import browser
from tests.support.desk import IDS, TOPICS, DeskPublisher, at_work, nothing_known
from tests.support.homeassistant import HomeAssistant
from tests.support.page import Page, PageContent
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")


def shown(ha: HomeAssistant, pasted: dict[str, Any], path: str = "pasted-here", **size: int) -> PageContent:
    """The dashboard as the raw editor keeps it, looked at."""
    if path not in {one["url_path"] for one in ha.ask("lovelace/dashboards/list")}:
        ha.ask("lovelace/dashboards/create", url_path=path, title="Pasted", mode="storage")
    ha.ask("lovelace/config/save", url_path=path, config=pasted)
    with Page(**size) as tab:
        return tab.open(ha.url, ha.token, f"/{path}/0")


def test_the_dashboard_shows_every_value_and_no_card_complains(ha: HomeAssistant, desk: DeskPublisher) -> None:
    pasted = yaml.safe_load(page("dashboard", TOPICS))
    assert set(ENTITY.findall(page("dashboard", TOPICS))) <= ha.states().keys()
    seen = shown(ha, pasted)
    assert seen.errors == []
    assert seen.console == []
    cards = Counter(seen.cards)
    assert cards["hui-gauge-card"] == 3
    assert cards["hui-history-graph-card"] == cards["hui-statistics-graph-card"] == cards["hui-markdown-card"] == 1
    text = " ".join(seen.texts).replace("\xa0", " ")
    for word in ("62.4", "41.3", "at work", "5,200 tok/min", "8,000 tok/min", "34,612,840 tok", "23.41 USD", "31%"):
        assert word in text, word
    for lamp in ("OPUS", "SONNET", "HAIKU", "HOT", "WARN", "STALL", "IDLE"):
        assert seen.texts.count(lamp) >= 1, lamp
    assert "resets in 2 hours 4" in text
    assert desk


def test_the_redline_is_told_and_a_narrow_screen_shows_the_same(ha: HomeAssistant, desk: DeskPublisher) -> None:
    desk.show(at_work(rate_1m=8001.0, hot=True))
    until(lambda: ha.state(IDS["hot"]) == "on")
    seen = shown(ha, yaml.safe_load(page("dashboard", TOPICS)), width=390, height=3000)
    assert seen.errors == []
    assert "redline" in seen.texts


@pytest.mark.parametrize("name", ["dashboard", "card"])
def test_unknown_and_unavailable_are_no_mistake(ha: HomeAssistant, desk: DeskPublisher, name: str) -> None:
    pasted = yaml.safe_load(page(name, TOPICS))
    if name == "card":
        pasted = {"views": [{"title": "Home", "cards": [pasted]}]}
    desk.show(nothing_known())
    until(lambda: ha.state(IDS["window_5h_pct"]) == "unknown")
    seen = shown(ha, pasted)
    assert seen.errors == []
    assert Counter(seen.cards)["hui-gauge-card"] == 0
    assert seen.texts.count("Unknown") >= 3
    desk.go_offline()
    until(lambda: ha.state(IDS["window_5h_pct"]) == "unavailable")
    seen = shown(ha, pasted)
    assert seen.errors == []
    assert seen.texts.count("Unavailable") >= 3


def test_the_card_shows_dials_resets_and_the_lamps_that_are_lit(ha: HomeAssistant, desk: DeskPublisher) -> None:
    desk.show(at_work(rate_1m=8001.0, hot=True))
    until(lambda: ha.state(IDS["hot"]) == "on")
    card = yaml.safe_load(page("card", TOPICS))
    seen = shown(ha, {"views": [{"title": "Home", "cards": [card]}]})
    assert seen.errors == []
    assert Counter(seen.cards)["hui-gauge-card"] == 3
    assert {"HOT", "opus", "Reset 5 h", "Reset 7 d"} <= {*seen.texts}
    assert not {"WARN", "STALL", "IDLE"} & {*seen.texts}
