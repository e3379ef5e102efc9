"""The flight report says the insights of a week, in words, numbers and pictures that parse."""

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gauge_mqtt.contract.insights import KEYS, Insights
from gauge_mqtt.sinks.report.flight_report import PICTURES, Week, html, markdown, said, sections
from gauge_mqtt.sinks.report.pictures import FAMILIES, hours_of_the_week, short, tokens_by_day
from tests.support.axe import axe_source
from tests.support.browser import Tab, browser

LAST = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
FILES = {name: f"{name}.svg" for name in PICTURES}
QUIET: dict[str, Any] = {key: 0 if kind == "count" else None for key, (kind, _) in KEYS.items()}
SVG = "{http://www.w3.org/2000/svg}"


def day(last: date, **values: Any) -> Insights:
    return Insights(last, last, NOON, QUIET | {"hours": (0,) * 24} | values)


def week(**values: Any) -> Week:
    known = {"tokens": 1000, "tokens_opus": 750, "tokens_other": 250, "sessions": 3, "work_minutes": 90.0,
             "hours": (0,) * 9 + (5,) + (0,) * 14, "tools": {"other": 9, "Bash": 4, "Read": 2}, "tool_calls": 6,
             "executables": {"git": 3, "other": 9, "./script": 7}, "prompts": 8, "thank_yous": 2, "days_kept": 40,
             "cost_usd": 12.5, "cogitation_index": 0.31} | values  # fmt: skip
    days = [day(LAST - timedelta(days=n)) for n in range(6, 0, -1)] + [day(LAST, **known)]
    before = Insights(LAST - timedelta(days=13), LAST - timedelta(days=7), NOON, QUIET | {"tokens": 500, "sessions": 3})
    return Week(Insights(LAST - timedelta(days=6), LAST, NOON, QUIET | known), before, days)


def words(told: Week) -> dict[str, str]:
    return {section.title: section.words for section in sections(told)}


def rows(told: Week) -> dict[str, tuple[str, str]]:
    return {label: (value, change) for section in sections(told) for label, value, change in section.rows}


def test_it_says_what_the_week_was_like() -> None:
    told = words(week())
    assert told["The log"].startswith("3 flights in seven days, 1.5 h at work and 1 k tokens behind you.")
    assert "Saturday went furthest" in told["The log"]
    assert told["Day and night"].startswith("The busiest hour began at 09:00. 0 %")
    assert told["The engines"] == "Opus 75 % and other models 25 % of the tokens."
    assert told["The crew"] == "Bash (4) and Read (2) did most of the work. At the shell: git."
    assert told["Turbulence"].startswith("A smooth week")
    assert told["Manners"].endswith("one in 4 of your prompts said thanks.")


def test_what_is_not_known_is_said_to_be_unknown_and_compared_with_nothing() -> None:
    told = rows(week(cost_usd=None))
    assert told["Fuel bill"] == ("unknown", "")
    assert told["Distance"] == ("1 k tokens", "+100 %")
    assert told["Flights"] == ("3", "as before")
    assert told["Cogitation index"] == ("31 %", "")


def test_a_percentage_changes_by_points() -> None:
    now = week(cogitation_index=0.31, cache_hit_rate=0.5)
    then = now.before._replace(values=now.before.values | {"cogitation_index": 0.3, "cache_hit_rate": 0.0})  # type: ignore[operator]
    told = rows(now._replace(before=then))
    assert told["Cogitation index"] == ("31 %", "+1 point")
    assert told["Cache hits"] == ("50 %", "+50 points")
    assert rows(now._replace(before=now.week))["Cache hits"] == ("50 %", "as before")


def test_a_week_without_anything_is_a_report_too() -> None:
    empty = Week(
        Insights(LAST - timedelta(days=6), LAST, NOON, QUIET), Insights(LAST, LAST, NOON, QUIET), [day(LAST)] * 7
    )
    assert words(empty)["The log"] == "A week on the ground: no session was flown."
    assert "None" not in markdown(empty, FILES)
    assert "None" not in html(empty)


def test_a_hard_week() -> None:
    told = words(week(permission_denials=2, api_errors=1, nights_through=1, em_dashes=1))
    assert told["Turbulence"] == "3 bumps on 6 tool calls."
    assert "1 night had no end" in told["Day and night"]
    assert told["Manners"].startswith("Claude wrote 1 em dash;")


class Parsed(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path"}:
            assert self.open.pop() == tag


def test_the_html_is_one_whole_file_that_loads_nothing() -> None:
    page = Parsed()
    page.feed(html(week()))
    assert page.open == []
    assert page.links == []
    assert html(week()).count("<svg") == len(PICTURES)


def test_the_markdown_shows_the_pictures_and_has_whole_tables() -> None:
    text = markdown(week(), FILES)
    assert text.startswith("# Flight report, 22 November to 28 November 2026\n")
    assert all(f"]({file})" in text for file in FILES.values())
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {4}


def test_without_a_week_before_nothing_is_compared() -> None:
    alone = week()._replace(before=Insights(LAST, LAST, NOON, dict.fromkeys(KEYS)))
    text = markdown(alone, FILES)
    assert "change" not in text.lower()
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {3}
    assert "40 days are kept." in text
    assert html(alone).count("<td>") == html(alone).count("<tr>") > 0
    assert html(week()).count("<td>") == 2 * html(week()).count("<tr>")


@pytest.mark.skipif(browser() is None, reason="no Chromium here")
def test_everybody_can_read_it(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(html(week()), encoding="utf-8")
    with Tab() as tab:
        tab.go(page.as_uri())
        tab.becomes("document.querySelectorAll('table').length === 6")
        tab.value(axe_source() + "; true")
        assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
        for width in (320, 820):
            tab.resize(width, 800)
            assert tab.value("document.scrollingElement.scrollWidth <= innerWidth")


def test_the_bars_are_the_tokens() -> None:
    drawn = ET.fromstring(tokens_by_day(week().days))  # noqa: S314, our own
    tall = {
        rect.get("fill"): float(rect.get("height", 0)) for rect in drawn.iter(f"{SVG}rect") if rect.get("rx") is None
    }
    assert tall == {FAMILIES["opus"]: 112.5, FAMILIES["other"]: 37.5}


def test_the_squares_are_the_hours() -> None:
    drawn = ET.fromstring(hours_of_the_week(week().days))  # noqa: S314
    squares = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("fill-opacity")]
    lit = [number for number, rect in enumerate(squares) if rect.get("fill") != "none"]
    assert len(squares) == 7 * 24
    assert lit == [6 * 24 + 9]


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (999, "999"), (1234, "1.23 k"), (655e6, "655 M"), (2.5e9, "2.5 G")])
def test_short_numbers(n: float, text: str) -> None:
    assert short(n) == text


def test_how_values_are_said() -> None:
    assert said("cost_usd", 1234.5) == "$1,234.50"
    assert said("work_minutes", 30) == "30 min"
    assert said("tools_per_response", 1.25) == "1.25"
