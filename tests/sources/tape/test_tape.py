"""A tape that is played gives the snapshots that were shown when it was recorded."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.app.board import Board
from gauge_mqtt.app.record import Recorder
from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.reading import Account, Limits, Quota, Ratio, Reading, Window
from gauge_mqtt.sources.tape.demo import DemoSource
from gauge_mqtt.sources.tape.replay import Player
from gauge_mqtt.sources.tape.tape import Reader, TapeError, Writer
from tests.support.waiting import eventually

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LIMITS = Limits(ceiling_5h=50_000_000, ceiling_7d="history", redline=9000, stall_after=timedelta(minutes=7))


class Kept:
    """A sink that keeps what it was shown."""

    name = "kept"
    health = Health(ok=True, detail="")

    def __init__(self) -> None:
        self.usages: list[Usage] = []

    async def run(self) -> None:
        await asyncio.Event().wait()

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        del events, beat
        self.usages.append(usage)


class Working:
    """A source whose every fact moves, accounts too."""

    name = "working"
    health = Health(ok=True, detail="", age_s=0)
    tokens = 0

    def metrics(self) -> list[Metric]:
        return []

    async def load(self) -> None: ...

    async def run(self, changed: Callable[[], None]) -> None:
        while True:
            self.tokens += 1000
            changed()
            await asyncio.sleep(0.3)

    def read(self, now: datetime) -> Reading:
        hour = int(now.timestamp() // 3600)
        return Reading(
            source=self.name,
            observed_at=now,
            rate_tokens=self.tokens,
            window_5h=Window(tokens=self.tokens, cost_usd=1.25),
            window_7d=Window(tokens=10 * self.tokens),
            cache=Ratio(part=1, whole=3),
            model="claude-opus-5-5",
            model_at=now,
            quota_5h=Quota(used_percent=41.5, resets_at=now + timedelta(hours=2), seen_at=now),
            account=Account(since=float("-inf"), tokens={hour - 1: 7, hour: self.tokens}, cost_usd={hour: None}),
        )


def bodies(usages: list[Usage]) -> list[bytes]:
    return [usage.model_copy(update={"source": "replay"}).to_json() for usage in usages]


@pytest.mark.anyio
async def test_a_tape_that_is_played_gives_the_same_snapshots_to_the_byte(tmp_path: Path) -> None:
    tape, recorded, played = tmp_path / "tape", Kept(), Kept()
    with Recorder(tape, LIMITS) as recorder:
        board = Board([Working(), DemoSource()], [recorded], LIMITS, "lab", on_shown=recorder.take)
        task = asyncio.create_task(board.run())
        await eventually(lambda: len(recorded.usages) >= 8, tasks=[task])
        task.cancel()
        await asyncio.wait({task})
    assert recorder.moments == len(recorded.usages)
    player = Player(tape)
    again = asyncio.create_task(Board(player.sources, [played], player.limits, "lab", player.clock).run())
    instants = {usage.updated_at for usage in recorded.usages}
    await eventually(lambda: player.over and {usage.updated_at for usage in played.usages} >= instants, tasks=[again])
    again.cancel()
    await asyncio.wait({again})
    assert player.limits == LIMITS
    seen = list(dict.fromkeys(bodies(played.usages)))  # a heartbeat of its own shows a moment twice
    assert seen == list(dict.fromkeys(bodies(recorded.usages)))
    assert {usage.source for usage in played.usages} == {"replay"}


@pytest.mark.anyio
async def test_speed_is_how_many_times_as_fast_it_is_played(tmp_path: Path) -> None:
    tape, writer = tmp_path / "tape", Writer(LIMITS)
    lines = [writer.line(NOON + timedelta(minutes=n), [Reading(source="x", rate_tokens=n)]) for n in range(11)]
    tape.write_bytes(writer.head + b"".join(lines))
    player, started = Player(tape, speed=600), time.monotonic()
    await player.play(lambda: None)
    assert player.sources[0].read(NOON).rate_tokens == 10
    assert time.monotonic() - started >= 1.0


Counts = dict[int, float]
COUNTS = st.dictionaries(st.integers(490_000, 500_000), st.floats(0, 1e15), max_size=6)


STATE = st.tuples(st.floats(-1e14, 1e10) | st.just(float("-inf")), COUNTS, st.none() | COUNTS)


@given(st.lists(STATE, min_size=1))
def test_whatever_an_account_does_it_is_the_same_on_the_tape(states: list[tuple[float, Counts, Counts | None]]) -> None:
    writer = Writer(LIMITS)
    reader = Reader(writer.head)
    for since, tokens, costs in states:
        priced = None if costs is None else {key: costs.get(key) for key in tokens}
        account = Account(since=since, tokens=tokens, cost_usd=priced)
        found = reader.moment(writer.line(NOON, [Reading(source="x", account=account)])).readings[0].account
        assert found == account


def test_what_is_no_tape_is_told_in_words(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    with pytest.raises(TapeError, match="cannot be read: No such file"):
        Player(tape)
    head = b'{"tape":1,"limits":{}}\n'
    for data, words in (
        (b"", "not a tape"),
        (b"hello\n", "not a tape"),
        (b'{"tape":9,"limits":{}}\n', "a tape of version 9"),
        (head, "holds no readings"),
        (head + b'{"at":1}\n', "a line of the tape"),
        (head + b"[" * 100_000 + b"\n", "a line of the tape"),
        (
            head + b'{"at":"2026-11-28T12:00:00Z","readings":[{"source":"x","rate_tokens":' + b"9" * 301 + b"}]}\n",
            "a number in it that no source can have seen",
        ),
    ):
        tape.write_bytes(data)
        with pytest.raises(TapeError, match=words):
            Player(tape)


def test_a_torn_last_line_is_the_end(tmp_path: Path) -> None:
    tape, writer = tmp_path / "tape", Writer(LIMITS)
    line = writer.line(NOON, [Reading(source="x", rate_tokens=1)])
    tape.write_bytes(writer.head + line + line[: len(line) // 2])
    player = Player(tape)
    asyncio.run(player.play(lambda: None))
    assert player.over


def test_a_tape_is_for_its_owner_and_never_written_over(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    with Recorder(tape, LIMITS):
        assert tape.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TapeError, match="cannot be made: something is there already; name a file that is not"):
        Recorder(tape, LIMITS)
    assert json.loads(tape.read_text())["tape"] == 1
