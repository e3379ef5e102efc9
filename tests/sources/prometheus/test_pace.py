"""How often a server is asked that takes long to answer, on a server that says the same at once or late."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.pace import FREE_S, PART, PERIODS, SLOWEST_S, Pace
from gauge_mqtt.sources.prometheus.source import CONFIRMED, PART_OF_MINUTE_S
from tests.sources.prometheus.test_limits import Wild, looked, tame

pytestmark = pytest.mark.anyio


def paced(*took: float) -> Pace:
    pace = Pace()
    for seconds in took:
        pace.took("tach", seconds)
    return pace


def test_what_costs_little_is_asked_as_often_as_is_useful() -> None:
    assert Pace().period("tach") == PERIODS["tach"]
    assert paced(FREE_S).period("tach") == PERIODS["tach"]


@pytest.mark.parametrize("took", [0.02, 0.05, 0.1])
def test_what_costs_much_takes_about_so_much_of_the_servers_time(took: float) -> None:
    assert 0.5 * PART < took / paced(took).period("tach") <= PART + FREE_S / PERIODS["tach"]


def test_of_a_quiet_server_with_two_cores_a_thousand_machines_ask_a_fifth_of_a_percent_for_the_rate() -> None:
    """It was answered in 50 ms then, for up to 100 ms of CPU."""
    assert 2 * 0.05 / paced(0.05).period("tach") <= 2.3 * PART
    assert paced(0.02).period("tach") < 20, "a hundred machines"


def test_one_late_answer_of_a_busy_server_slows_nothing() -> None:
    assert paced(8.0, 0.01, 8.0).period("tach") == PERIODS["tach"]


def test_it_is_never_slower_than_that_and_what_is_seldom_anyway_stays_as_it_is() -> None:
    assert paced(30.0).period("tach") == SLOWEST_S
    pace = Pace()
    pace.took("names", 30.0)
    assert pace.period("names") == PERIODS["names"]


class Late(Wild):
    async def _rows(self, path: str, form: dict[str, str]) -> Any:
        await asyncio.sleep(0.2 if "irate" in form["query"] else 0)
        return await super()._rows(path, form)


async def test_a_rate_stands_as_long_as_its_own_pace_says_and_the_doctor_knows() -> None:
    source = await looked(Late(tame))
    assert source.failure is None
    every = source.pace.period("tach")
    assert every > 2 * PERIODS["tach"]
    now = datetime.now(UTC)
    assert source.read(now + timedelta(seconds=(CONFIRMED - 1) * every)).rate_tokens is not None
    assert source.read(now + timedelta(seconds=(CONFIRMED + 1) * every)).rate_tokens is None
    (fault,) = [fault for fault in source.known_faults if fault.about == "pace"]
    assert f"asked every {every:.0f} s, not 5" in fault.fact
    assert not fault.bad
    assert list(Pace().faults(PromApi(Server(url="http://nowhere.invalid")))) == []


class LateTail(Wild):
    """Takes long for the last minutes. `asked`: the instants, and whether a part of a minute was asked for."""

    def __init__(self) -> None:
        super().__init__(tame)
        self.asked: list[tuple[float, bool]] = []

    async def _rows(self, path: str, form: dict[str, str]) -> Any:
        if "new_lately" in form["query"]:
            self.asked.append((float(form["time"]), "new_since" in form["query"]))
            await asyncio.sleep(0.2)
        return await super()._rows(path, form)


async def test_the_last_minutes_of_a_large_server_are_whole_ones_and_asked_at_the_turn_of_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = LateTail()
    source = await looked(server)
    assert source.pace.period("fuels") > PART_OF_MINUTE_S
    monkeypatch.setitem(source._due, "fuels", 0.0)  # noqa: SLF001
    await source.load()
    at, part_of_a_minute = server.asked[-1]
    assert (at % 60, part_of_a_minute) == (0, False)
    observed_at = source.read(datetime.now(UTC)).observed_at
    assert observed_at is not None
    assert abs(observed_at.timestamp() - at) < 2, "and is said to be as old as it is"
    due_in = source._due["fuels"] - asyncio.get_running_loop().time()  # noqa: SLF001
    assert due_in <= SLOWEST_S + 61
    assert (source.facts.server_now() + due_in) % 60 == pytest.approx(1, abs=0.9)


async def test_the_last_minutes_wait_for_the_newest_slices_and_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LateTail()
    source = await looked(server)
    before = len(server.asked)
    for kind in ("past", "fuels"):
        monkeypatch.setitem(source._due, kind, 0.0)  # noqa: SLF001
    await source.load()
    assert len(server.asked) - before == 1
