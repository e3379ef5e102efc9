"""What came up in the running half an hour is asked once a minute of it, and of the sessions that are known by then."""

import re

import pytest

from gauge_mqtt.sources.prometheus.api import Sample
from gauge_mqtt.sources.prometheus.came_up import CameUp
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts

HALF = 1_800_000_000
pytestmark = pytest.mark.anyio


class Server(Facts):
    """A hundred tokens came back in each minute; `alone` came up with nobody's notice. `asked`: what, about whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, set[str], float | None]] = []

    async def ask(self, expression: str, at: float | None = None) -> FactRows:
        names = set(re.findall("alone|first|second", expression))
        if '"new"' in expression:
            self.asked.append(("came up", set(), at))
            return {"new": [Sample({"session_id": "alone"}, [(at or 0, 1.0)])]}
        self.asked.append(("came back", names, at))
        return {"tokens_returned": [Sample({}, [(at or 0, 100.0)])]}


@pytest.fixture
def server() -> Server:
    return Server()


async def anew(came_up: CameUp, newest: int, half: int = HALF) -> float:
    return (await came_up.anew("", half, newest, cost=False))["tokens_returned"]


async def test_a_start_asks_who_came_up_and_each_minute_is_asked_once(server: Server) -> None:
    came_up = CameUp(server)
    assert await anew(came_up, HALF + 300) == 100
    assert server.asked == [("came up", set(), HALF + 300), ("came back", {"alone"}, HALF + 300)]
    assert await anew(came_up, HALF + 300) == 100
    assert len(server.asked) == 2


async def test_who_was_new_in_the_last_minutes_is_not_asked_for_again(server: Server) -> None:
    came_up = CameUp(server)
    await anew(came_up, HALF + 300)
    came_up.note({"first"}, HALF + 240, HALF + 420)
    came_up.note({"second"}, HALF + 360, HALF + 540)
    assert await anew(came_up, HALF + 540) == 200
    assert server.asked[2:] == [("came back", {"first", "second"}, HALF + 540)]
    came_up.note(set(), HALF + 480, HALF + 720)
    assert await anew(came_up, HALF + 660) == 200, "nobody: nothing to ask"


@pytest.mark.parametrize(("after", "upto"), [(HALF + 360, HALF + 600), (HALF + 240, HALF + 420)])
async def test_a_minute_that_nobody_looked_at_is_asked_for(server: Server, after: int, upto: int) -> None:
    came_up = CameUp(server)
    await anew(came_up, HALF + 300)
    came_up.note({"first"}, after, upto)
    assert await anew(came_up, HALF + 480) == 200
    assert server.asked[2:] == [("came up", set(), HALF + 480), ("came back", {"alone"}, HALF + 480)]


async def test_a_hole_between_two_looks_is_one(server: Server) -> None:
    came_up = CameUp(server)
    await anew(came_up, HALF + 300)
    came_up.note({"first"}, HALF + 240, HALF + 420)
    came_up.note({"second"}, HALF + 480, HALF + 600)
    assert await anew(came_up, HALF + 540) == 200
    assert ("came up", set(), HALF + 540) in server.asked


async def test_another_half_an_hour_begins_at_nothing(server: Server) -> None:
    came_up = CameUp(server)
    await anew(came_up, HALF + 1740)
    assert await anew(came_up, HALF + 1860, HALF + 1800) == 100
    assert server.asked[2:] == [("came up", set(), HALF + 1860), ("came back", {"alone"}, HALF + 1860)]
