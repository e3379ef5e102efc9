"""The keys of a span, each worked out by hand from a few made-up days."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gauge_mqtt.contract.insights import KEYS, LENGTHS, Period
from gauge_mqtt.core.insights.bills import Charge
from gauge_mqtt.core.insights.keys import insights, name_of
from gauge_mqtt.core.insights.rows import Used
from gauge_mqtt.core.insights.tally import Tally

LAST = date(2026, 11, 22).toordinal()
"""A Sunday; the month has 8 days more."""
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
OPUS, HAIKU = "opus 00000001", "haiku 00000002"


def charge(usd: float, *, session: int = 1, known: bool = True, tokens: int = 0, model: str = OPUS) -> Charge:
    return Charge(1.0, session, known, usd, 10, 3, (Used(model, tokens, 0, 0, 0, 0, 0, usd),))


def active(**counts: float) -> Tally:
    """A day with as many responses as tokens of Opus."""
    return Tally({"responses": 1, "tokens:opus": 1} | counts)


def told(days: dict[int, Tally], period: Period = "week", last: int = LAST, **more: Any) -> dict[str, Any]:
    """`days`: how many days before `LAST` -> tally."""
    found = insights({LAST - ago: tally for ago, tally in days.items()}, last, period, NOW, **more)
    assert list(found.values) == list(KEYS)
    return dict(found.values)


def expect(found: dict[str, Any], **values: Any) -> None:
    assert {key: found[key] for key in values} == values


def test_which_days_a_span_has() -> None:
    days = {ago: Tally({"responses": 10**ago}) for ago in range(8)} | {29: active(), 30: active()}
    found = insights({LAST - ago: tally for ago, tally in days.items()}, LAST, "week", NOW)
    assert (found.first, found.last, found.updated_at) == (date(2026, 11, 16), date(2026, 11, 22), NOW)
    assert told(days, "day")["responses"] == 1
    assert told(days)["responses"] == 1_111_111
    assert told(days, "month")["responses"] == 11_111_111 + 1
    assert told(days, "day", LAST - 3)["responses"] == 1000
    assert told(days)["days_kept"] == 10
    assert told(days | {1: Tally({"prompts": 1})})["days_kept"] == 9


def test_tokens() -> None:
    day = {
        "tokens:opus": 700, "tokens:haiku": 20, "tokens:other": 3, "tokens:fable": 5, "responses": 4, "input": 30,
        "cache_read": 60, "cache_creation": 110, "thinking": 25, "reported": 100, "searches": 2, "fetches": 3,
    }  # fmt: skip
    expect(
        told({0: Tally(dict(day)), 1: Tally({"tokens:sonnet": 9, "thinking": 5})}),
        tokens=737, tokens_opus=700, tokens_sonnet=9, tokens_haiku=20, tokens_other=8, responses=4,
        cache_hit_rate=0.3, cogitation_index=0.3, web_searches=2, web_fetches=3,
    )  # fmt: skip
    expect(told({}), tokens=0, tokens_opus=0, tokens_other=0, responses=0, cache_hit_rate=None, cogitation_index=None)


def test_what_it_cost() -> None:
    day = Tally({"tokens:opus": 100}, charges=[charge(2.0, tokens=30), charge(4.0, session=2, tokens=20)])
    other = Tally({"tokens:opus": 100}, charges=[charge(1.5, session=2, model=HAIKU), charge(0.0, session=3)])
    expect(
        told({0: day, 6: other}), cost_usd=7.5, cost_session_usd=3.75, cost_coverage=0.25,
        cost_by_family={"haiku": 1.5, "opus": 6.0}, lines_added=40, lines_removed=12,
    )  # fmt: skip
    expect(told({0: day, 6: other}, "day"), cost_usd=6.0, cost_coverage=0.5, lines_added=20, lines_removed=6)


def test_a_cost_of_which_a_part_is_not_known_is_not_known() -> None:
    day = Tally({"tokens:opus": 10}, charges=[charge(2.0, tokens=30), charge(0.0, known=False)])
    expect(
        told({0: day}), cost_usd=None, cost_session_usd=None, cost_by_family=None, cache_savings_usd=None,
        cost_month_usd=None, cost_projected_month_usd=None, cost_coverage=1.0, lines_added=20,
    )  # fmt: skip
    expect(
        told({0: active()}), cost_usd=None, cost_session_usd=None, cost_coverage=None, cost_by_family=None,
        lines_added=None, lines_removed=None, cost_month_usd=None,
    )  # fmt: skip
    expect(told({0: Tally(charges=[charge(0.0)])}), cost_usd=0.0, cost_session_usd=None, cost_coverage=None)
    expect(told({0: Tally({"tokens:opus": 9}, charges=[charge(0.5)])}), cost_session_usd=0.5, cost_coverage=0.0)


def test_costs_have_six_decimals() -> None:
    third = {ago: Tally(charges=[charge(1 / 3)]) for ago in (0, 2)}
    expect(
        told(third), cost_usd=0.666667, cost_session_usd=0.666667, cost_by_family={"opus": 0.666667},
        cost_month_usd=0.666667, cost_projected_month_usd=2.444444,
    )  # fmt: skip
    expect(told({0: Tally(charges=[charge(1 / 3)])}), cost_month_usd=0.333333, cost_projected_month_usd=None)


def test_the_month_and_what_it_will_have_cost() -> None:
    """The 1st is 21 days ago. The pace is that of the last 14 days, or of those since the first bill."""
    days = {ago: Tally(charges=[charge(1.0)]) for ago in (22, 21, 14, 13, 0)}
    expect(told(days), cost_month_usd=4.0, cost_projected_month_usd=round(4 + 2 / 14 * 8, 6))
    expect(told(days, "day"), cost_month_usd=4.0)
    young = {0: Tally(charges=[charge(1.0)]), 2: Tally(charges=[charge(5.0)])}
    expect(told(young), cost_month_usd=6.0, cost_projected_month_usd=6 + 6 / 3 * 8)
    expect(told({0: Tally(charges=[charge(1.0)]), 1: Tally(charges=[charge(5.0)])}), cost_projected_month_usd=None)
    ahead = {-1: Tally(charges=[charge(9.0)]), 0: Tally(charges=[charge(3.0)]), 2: Tally(charges=[charge(0.0)])}
    expect(told(ahead), cost_month_usd=3.0, cost_projected_month_usd=3 + 3 / 3 * 8)
    end = {-8: Tally(charges=[charge(1.0)]), 0: Tally(charges=[charge(3.0)])}
    expect(told(end, last=LAST + 8), cost_month_usd=4.0, cost_projected_month_usd=4.0)


def test_what_the_cache_saved_is_told_by_the_prices_in_all_bills() -> None:
    """5 USD a million tokens of input, 0.7 of cache reads, 6 and 9 of creation."""
    price = (5e-6, 25e-6, 7e-7, 6e-6, 9e-6, 0.01)

    def used(*counts: int, model: str = OPUS) -> Used:
        return Used(model, *counts, usd=sum(n * usd for n, usd in zip(counts, price, strict=True)))  # type: ignore[misc]

    rows = [tuple(1_000_000 if column == row else 7_000 for column in range(6)) for row in range(6)]
    before = Tally(charges=[Charge(1.0, 1, True, 1.0, 0, 0, tuple(used(*row) for row in rows))])  # noqa: FBT003
    today = Tally(charges=[Charge(2.0, 1, True, 1.0, 0, 0, (used(0, 0, 3_000_000, 1_000_000, 500_000, 0),))])  # noqa: FBT003
    assert told({0: today, 20: before})["cache_savings_usd"] == pytest.approx(3 * 4.3 - 1 - 0.5 * 4)
    some = Tally(charges=[Charge(2.0, 1, True, 1.0, 0, 0, (used(0, 0, 1, 0, 0, 0),))])  # noqa: FBT003
    assert told({0: some, 20: before})["cache_savings_usd"] == 4e-6
    few = Tally(charges=[Charge(2.0, 1, True, 1.0, 0, 0, (used(0, 0, 0, 0, 0, 5),))])  # noqa: FBT003
    assert told({0: few, 20: before})["cache_savings_usd"] == 0.0
    strange = (used(1, 1, 1, 1, 1, 1, model=HAIKU),)
    unpriced = Tally(charges=[*today.charges, Charge(2.0, 1, True, 1.0, 0, 0, strange)])  # noqa: FBT003
    assert told({0: unpriced, 20: before})["cache_savings_usd"] is None


def test_sessions_and_their_lengths() -> None:
    def of(*minutes: float) -> dict[int, tuple[float, float]]:
        return {number: (1000.0, 1000.0 + 60 * n) for number, n in enumerate(minutes)}

    found = told({0: Tally(sessions=of(0, 4.9, 5, 15, 60, 180.0)), 1: Tally(sessions=of(59.94))})
    expect(
        found, sessions=6, session_minutes=15.0, session_minutes_longest=180.0,
        session_lengths=dict(zip(LENGTHS, (2, 1, 2, 1, 1), strict=True)),
    )  # fmt: skip
    expect(told({0: Tally(sessions=of(1.26, 1.26))}), session_minutes=1.3, session_minutes_longest=1.3)
    expect(
        told({}), sessions=0, session_minutes=None, session_minutes_longest=None,
        session_lengths=dict.fromkeys(LENGTHS, 0),
    )  # fmt: skip


def test_the_hours_of_the_day() -> None:
    nights = {0: (0, 1, 2, 3), 1: (0, 1, 2, 4), 2: (1, 2, 3), 3: (0, 1, 2, 5, 6)}
    days = {ago: Tally({f"hour:{hour}": 2 for hour in hours} | {"hour:23": 1}) for ago, hours in nights.items()}
    expect(told(days), hours=(6, 8, 8, 4, 2, 2, 2, *[0] * 16, 4), nights_through=2)


def test_days_in_a_row() -> None:
    expect(told({ago: active() for ago in (0, 1, 2, 5, 6, 7, 8)}), streak_days=3, streak_longest_days=4)
    expect(told({ago: active() for ago in (1, 2, 9)}), streak_days=2, streak_longest_days=2)
    expect(told({ago: active() for ago in (2, 3)}), streak_days=0, streak_longest_days=2)
    later = {ago: active() for ago in (-1, 0, 1)} | {3: Tally({"prompts": 4})}
    expect(told(later), streak_days=2, streak_longest_days=2)
    expect(told({}), streak_days=0, streak_longest_days=0)


def test_work_and_thought() -> None:
    expect(
        told({0: Tally({"work_ms": 90_000, "think_ms": 180_000})}),
        work_minutes=1.5, think_minutes=3.0, work_share=0.3333,
    )  # fmt: skip
    long = {"work_ms": 6_000_000_000, "think_ms": 6_000_000_000}
    expect(told({0: Tally(dict(long))}), work_minutes=100_000.0, think_minutes=100_000.0, work_share=0.5)
    expect(told({0: Tally({"work_ms": 100_000, "think_ms": 100_000})}), work_minutes=1.7, think_minutes=1.7)
    expect(told({}), work_minutes=0.0, think_minutes=0.0, work_share=None)


def test_how_responses_end_and_what_they_call() -> None:
    day = {
        "responses": 8, "stop:end_turn": 5, "stop:max_tokens": 3, "calling": 4, "tool:Bash": 6, "tool:Read": 3,
        "tool:NotebookRead": 1, "tool:Edit": 2, "tool:Write": 4, "tool:Agent": 2, "tool:Task": 1, "exec:git": 5,
        "exec:other": 1, "side": 25, "tokens:opus": 75, "tokens:other": 25, "denials": 3,
    }  # fmt: skip
    sessions = {1: (0.0, 1.0), 2: (0.0, 1.0), 3: (0.0, 1.0)}
    other = Tally(sessions={1: (0.0, 9.0), 4: (0.0, 9.0)}, files={1: 5})
    found = told({0: Tally(dict(day), sessions, files={1: 4, 2: 6}), 1: other})
    expect(
        found, stop_reasons={"end_turn": 5, "max_tokens": 3}, max_tokens_stops=3, tools_per_response=19 / 8,
        tools_parallel=19 / 4, tool_calls=19, executables={"git": 5, "other": 1}, file_reads=4, file_edits=2,
        file_writes=4, reads_per_session=1.0, edits_per_session=0.5, writes_per_session=1.0, files_touched=2,
        hottest_file_touches=9, subagents=3, sidechain_share=0.25, permission_denials=3,
        permission_denial_rate=0.1579,
    )  # fmt: skip
    assert found["tools"] == {
        "Agent": 2, "Bash": 6, "Edit": 2, "NotebookRead": 1, "Read": 3, "Task": 1, "Write": 4,
    }  # fmt: skip
    assert list(found["tools"]) == sorted(found["tools"])
    assert repr(told({0: Tally({"exec:git": 2.0, "exec:other": 1.5})})["executables"]) == "{'git': 2, 'other': 1.5}"
    thirds = told({0: Tally({"tool:Read": 4, "tool:Edit": 5, "tool:Write": 7, "snapshots": 5}, sessions)})
    expect(
        thirds, reads_per_session=1.33, edits_per_session=1.67, writes_per_session=2.33, file_snapshots_per_session=1.67
    )
    expect(
        told({}), stop_reasons={}, max_tokens_stops=0, tools_per_response=None, tools_parallel=None, tool_calls=0,
        reads_per_session=None, files_touched=0, hottest_file_touches=0, sidechain_share=None,
        permission_denial_rate=None,
    )  # fmt: skip


def test_projects() -> None:
    days = {
        0: Tally(projects={-2: 30, 5: 10}), 6: Tally(projects={5: 20}), 7: Tally(projects={6: 1}),
        29: Tally(projects={7: 1}), 30: Tally(projects={8: 1, 5: 1}), 99: Tally(projects={9: 1}),
        -1: Tally(projects={10: 1}),
    }  # fmt: skip
    expect(
        told(days), projects={"fffffffe": 30, "00000005": 30}, top_project_share=0.5, projects_active_7d=2,
        projects_dormant=2,
    )  # fmt: skip
    expect(told({0: Tally(projects={1: 30, 2: 10})}), top_project_share=0.75)
    assert name_of(-1) == "ffffffff"
    assert name_of(0x1_0000_00AB) == "000000ab"
    expect(told({}), projects={}, top_project_share=None, projects_active_7d=0, projects_dormant=0)


def test_friction_and_character() -> None:
    day = {
        "denials": 9, "tool:Bash": 2, "api_errors": 2, "interruptions": 3, "snapshots": 5, "prompts": 8, "responses": 3,
        "em_dashes": 7, "thanks": 2, "phrases": 6,
    }  # fmt: skip
    expect(
        told({0: Tally(dict(day), {1: (0.0, 1.0), 2: (0.0, 1.0)})}),
        permission_denials=9, permission_denial_rate=1.0, api_errors=2, interruptions=3, file_snapshots=5,
        file_snapshots_per_session=2.5, prompts=8, em_dashes=7, em_dashes_per_response=2.33, thank_yous=2,
        thank_you_rate=0.25, phrase_hits=6,
    )  # fmt: skip
    expect(told({}), file_snapshots_per_session=None, em_dashes_per_response=None, thank_you_rate=None)


def test_commits_are_told_where_git_was_asked() -> None:
    day = Tally({"commits": 3, "lines_changed": 250, "tokens:opus": 2_000_000})
    keys = ("commits", "lines_changed", "commits_per_million_tokens", "lines_per_million_tokens")
    assert [told({0: day}, git=True)[key] for key in keys] == [3, 250, 1.5, 125.0]
    assert [told({0: day})[key] for key in keys] == [None] * 4
    many = Tally({"commits": 1_000_000_000, "lines_changed": 1, "tokens:opus": 3_000_000})
    assert [told({0: many}, git=True)[key] for key in keys[2:]] == [333_333_333.33, 0.33]
    assert [told({}, git=True)[key] for key in keys] == [0, 0, None, None]


def test_a_series_and_the_tokens_of_its_days() -> None:
    days = {ago: active(**{"tokens:opus": 100 - ago}) for ago in range(20) if ago != 5}
    rising = {LAST - ago: 50.0 - ago for ago in range(-3, 14)}
    found = told(days, series=rising)
    expect(found, series_days=14)
    assert found["series_rho"] == 0.842  # 1 - 6 * (8**2 + 8) / (14 * 195): the day without a response has no tokens
    assert found["series_rho_low"] < found["series_rho"] < found["series_rho_high"]
    assert told(days | {5: active(**{"tokens:opus": 95})}, series=rising)["series_rho"] == 1.0
    expect(told(days, series={day: n for day, n in rising.items() if day != LAST}), series_rho=None, series_days=13)
    expect(told(days, series=rising | {LAST - 20: 0.0, LAST - 19: 0.5}), series_days=15)
    expect(told(days), series_rho=None, series_days=None)
    expect(told({}, series=rising), series_rho=None, series_days=0)
