"""When the board shows what, by a clock that the test moves. `test_run_showings` asks the real program the same."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from gauge_mqtt.app.board import Board
from gauge_mqtt.app.showings import BURST, INTERVAL_S
from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import HEARTBEAT_S, Usage
from gauge_mqtt.core.reading import Limits, Reading, Window
from tests.support.fake_time import FakeTimeLoop, run

WELL = Health(ok=True, detail="", age_s=0)


class Logs:
    """A source in the hands of the test: `write` is what a line does to it, by what it moves."""

    name, health = "logs", WELL

    def __init__(self, loop: FakeTimeLoop) -> None:
        self.reading = Reading(source="logs", observed_at=loop.now(), rate_tokens=0, window_7d=Window(tokens=0))
        self.looks = 0
        self._loop, self._changed = loop, lambda: None

    async def load(self) -> None: ...

    async def run(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        changed()
        await asyncio.Event().wait()

    def read(self, now: datetime) -> Reading:
        del now
        self.looks += 1
        return self.reading

    def metrics(self) -> list[Metric]:
        return []

    def write(self, *, tokens: int = 0, refused: int = 0) -> None:
        now, before = self._loop.now(), self.reading
        assert before.window_7d
        self.reading = replace(
            before,
            observed_at=now,
            telemetry_at=now,
            window_7d=Window(tokens=before.window_7d.tokens + tokens),
            rate_tokens=(before.rate_tokens or 0) + tokens,
            refused=(before.refused or 0) + refused if refused else before.refused,
        )
        self._changed()


@dataclass
class Surface:
    loop: FakeTimeLoop
    shown: list[tuple[float, Usage, bool]] = field(default_factory=list)
    name: str = "surface"
    health = WELL

    async def run(self) -> None:
        await asyncio.Event().wait()

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        del events
        self.shown.append((self.loop.time(), usage, beat))


@dataclass
class Desk:
    """A board with one source and one sink, on a loop whose time is the test's."""

    loop: FakeTimeLoop = field(default_factory=FakeTimeLoop)

    def __post_init__(self) -> None:
        self.logs, self.surface = Logs(self.loop), Surface(self.loop)
        self.board = Board([self.logs], [self.surface], Limits(), "lab", self.loop.now)

    def play(self, *lines: tuple[float, Callable[[], None]], seconds: float) -> None:
        """Each line at its second, then on until `seconds`."""

        async def script() -> None:
            running = asyncio.create_task(self.board.run())
            for at, line in lines:
                self.loop.call_at(at, line)
            await asyncio.sleep(seconds)
            running.cancel()

        run(script(), self.loop)

    def values_at(self) -> list[float]:
        return [at for at, _, beat in self.surface.shown if not beat]

    def delays(self, lines: list[float], tokens: int) -> list[float]:
        """How long each line of `tokens` tokens waited until a snapshot had it."""
        return [
            next(at for at, usage, _ in self.surface.shown if (usage.window_7d_tokens or 0) >= tokens * (n + 1)) - line
            for n, line in enumerate(lines)
        ]

    def answer(self) -> None:
        self.logs.write(tokens=100)

    def prompt(self) -> None:
        self.logs.write()

    def junk(self) -> None:
        self.logs.write(refused=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_lines_without_tokens_are_shown_with_the_next_value(desk: Desk) -> None:
    desk.play(*((5 + n / 100, desk.prompt) for n in range(50)), (8, desk.answer), seconds=8.5)
    assert [at for at in desk.values_at() if at >= 5] == [8]
    assert desk.surface.shown[-1][1].telemetry_at == desk.loop.now() - timedelta(seconds=0.5)


def test_lines_without_tokens_are_shown_at_the_latest_with_the_heartbeat(desk: Desk) -> None:
    desk.play((5, desk.prompt), seconds=HEARTBEAT_S + 1)
    at, usage, beat = desk.surface.shown[-1]
    assert (at, beat) == (HEARTBEAT_S, True)
    assert usage.telemetry_at == desk.loop.now() - timedelta(seconds=HEARTBEAT_S + 1 - 5)


@pytest.mark.parametrize("noise", ["prompt", "junk"])
def test_an_answer_never_waits_for_what_came_before_it(desk: Desk, noise: str) -> None:
    """Several sessions at once: a hundred lines a second that carry no tokens, and two answers right behind another."""
    answers = [5.103, 5.104, 7.55]
    noisy = [(5 + n / 100, getattr(desk, noise)) for n in range(300)]
    desk.play(*noisy, *((at, desk.answer) for at in answers), seconds=10)
    assert max(desk.delays(answers, 100)) <= 0.006


def test_junk_alone_is_shown_four_times_a_second(desk: Desk) -> None:
    desk.play(*((5 + n / 50, desk.junk) for n in range(200)), seconds=9)
    shown = [at for at in desk.values_at() if 6 <= at < 8]
    assert len(shown) == 8


def test_the_last_of_a_burst_of_junk_is_shown_too(desk: Desk) -> None:
    desk.play(*((5 + n / 100, desk.junk) for n in range(10)), seconds=6)
    at, usage, _ = desk.surface.shown[-1]
    assert (at <= 5.09 + INTERVAL_S, usage.refused_lines) == (True, 10)


@pytest.mark.parametrize("rate", [0.5, 1, 2])
def test_two_lines_a_second_and_fewer_are_shown_at_once(desk: Desk, rate: float) -> None:
    lines = [5.1 + n / rate for n in range(30)]
    desk.play(*((at, desk.answer) for at in lines), seconds=lines[-1] + 1)
    assert max(desk.delays(lines, 100)) < 1e-6


@pytest.mark.parametrize("rate", [5, 30, 300])
def test_at_any_rate_the_wait_is_one_interval_at_most(desk: Desk, rate: int) -> None:
    lines = [5.1 + n / rate for n in range(10 * rate)]
    desk.play(*((at, desk.answer) for at in lines), seconds=20)
    assert max(desk.delays(lines, 100)) <= INTERVAL_S + 1e-6
    assert len([at for at in desk.values_at() if 5 <= at < 15]) <= BURST + 10 / INTERVAL_S + 1


def test_a_flood_of_lines_costs_a_bounded_number_of_looks(desk: Desk) -> None:
    desk.play(*((5 + n / 5000, desk.prompt) for n in range(5000)), seconds=6)
    assert desk.logs.looks < 250
