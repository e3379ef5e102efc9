"""How often a server is asked that takes long to answer, on a server that says the same at once or late."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.pace import FREE_S, PART, PERIODS, SLOWEST_S, Pace
from gauge_mqtt.sources.prometheus.source import CONFIRMED
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


@pytest.mark.parametrize("took", [0.05, 0.2, 0.4])
def test_what_costs_much_takes_about_so_much_of_the_servers_time(took: float) -> None:
    assert 0.5 * PART < took / paced(took).period("tach") <= PART + FREE_S / PERIODS["tach"]


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
