"""The second page in a real browser: every key of the span, in the words of the contract, on every screen."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gauge_mqtt.contract.insights import GROUPS, KEYS, Insights, Kind, Period
from gauge_mqtt.sinks.terminal.insights import said
from tests.support.axe import axe_source
from tests.support.browser import Tab, browser
from tests.support.http import ServedSink, behind_a_prefix

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
SAMPLE: dict[Kind, Any] = {
    "count": 1234, "number": 1234.5, "balance": -1.5, "ratio": 0.1234, "correlation": -0.5,
    "counts": {"Bash": 120, "Read": 80.5, "nothing": 0}, "profile": tuple(range(24)),
}  # fmt: skip
DAY = date(2026, 11, 28)
VALUES = {key: SAMPLE[kind] for key, (kind, _) in KEYS.items()} | {"cost_usd": None}
ROWS = "[...document.querySelectorAll('#groups dl div')].map(row => [...row.children].map(cell => cell.textContent))"
READY = "document.querySelectorAll('#groups section').length > 3"


def insights(**values: Any) -> Insights:
    return Insights(DAY, DAY, datetime(2026, 11, 28, tzinfo=UTC), VALUES | values)


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSink]:
    with ServedSink(insights=True) as sink:
        told: dict[Period, Insights] = {"day": insights(), "week": insights(tokens=99), "month": insights(tokens=7)}
        sink.tell(told)
        yield sink


def test_every_value_is_there_as_the_terminal_says_it(served: ServedSink) -> None:
    with Tab() as tab:
        tab.go(f"{served.url}/insights.html")
        tab.becomes(READY)
        shown = dict(tab.value(ROWS))
        plain = {
            key: VALUES[key] for keys in GROUPS.values() for key in keys if not isinstance(VALUES[key], dict | tuple)
        }
        for key, value in plain.items():
            there, here = shown[KEYS[key].spec.label], said(key, value)
            assert there.replace(",", "").removesuffix(" %").rstrip("0").rstrip(".") == here.replace(
                ",", ""
            ).removesuffix(" %").rstrip("0").rstrip("."), key
        assert len(shown) == len(plain)
        assert shown["Cost"] == "unknown"
        headings = tab.value("[...document.querySelectorAll('#groups h2')].map(h => h.textContent)")
        assert headings == [*GROUPS]
        first = tab.value(
            "[...document.querySelector('#groups ol:not(.hours)').querySelectorAll('li')].map(r => r.textContent)"
        )
        assert first == ["Bash120", "Read80.50"]
        heights = tab.value("[...document.querySelectorAll('.hours b')].map(b => b.getBoundingClientRect().height)")
        assert heights.index(max(heights)) == 23
        assert tab.console == []


def test_a_group_of_which_nothing_is_known_says_so_once(served: ServedSink) -> None:
    del served
    with ServedSink(insights=True) as sink, Tab() as tab:
        sink.tell({"day": insights(**dict.fromkeys(GROUPS["Beyond"]), tools_parallel=1.5)})
        tab.go(f"{sink.url}/insights.html")
        tab.becomes(READY)
        last = "document.querySelector('#groups section:last-child').textContent"
        assert tab.value(last) == "Beyondall unknown"
        assert dict(tab.value(ROWS))["Tools in parallel"] == "1.50"


def test_the_span_is_chosen_by_a_link(served: ServedSink) -> None:
    with Tab() as tab:
        for period, tokens in {"week": "99", "month": "7"}.items():
            tab.go(f"{served.url}/insights.html?period={period}")
            tab.becomes(READY)
            assert dict(tab.value(ROWS))["Tokens"] == tokens
            assert tab.value("document.querySelector('nav [aria-current]').getAttribute('href')") == f"?period={period}"


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_read_it(served: ServedSink, dark: bool) -> None:  # noqa: FBT001
    with Tab(dark=dark) as tab:
        tab.go(f"{served.url}/insights.html")
        tab.becomes(READY)
        tab.value(axe_source() + "; true")
        assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
        for width in (320, 820, 1920):
            tab.resize(width, 800)
            assert tab.value("document.scrollingElement.scrollWidth <= innerWidth")


def test_it_is_there_behind_a_path_prefix(served: ServedSink) -> None:
    with behind_a_prefix(served.port, "/some/where") as address, Tab() as tab:
        tab.go(f"{address}/some/where/insights.html?period=week")
        tab.becomes(READY)
        assert dict(tab.value(ROWS))["Tokens"] == "99"
        tab.value("document.querySelector('nav a[href=\"./\"]').click()")
        tab.becomes(
            "location.pathname === '/some/where/' && !!document.querySelector('claude-gauge-cluster')?.shadowRoot"
        )
        assert tab.console == []


def test_off_it_says_how_to_switch_it_on() -> None:
    with ServedSink() as off, Tab() as tab:
        tab.go(f"{off.url}/insights.html")
        tab.becomes("document.querySelector('#span')?.textContent.includes('CLAUDE_GAUGE_INSIGHTS=1')")


def test_until_they_are_known_it_waits(served: ServedSink) -> None:
    del served
    with ServedSink(insights=True) as sink, Tab() as tab:
        tab.go(f"{sink.url}/insights.html")
        tab.becomes("document.querySelector('#span')?.textContent.includes('being read')")
        looks = "performance.getEntriesByType('resource').filter(it => it.name.includes('/insights?')).length"
        tab.becomes(f"{looks} > 1")
        sink.tell({"day": insights()})
        tab.becomes(READY)
        assert (
            tab.value("performance.getEntriesByType('resource').filter(it => it.name.endsWith('/schema')).length") == 1
        )
