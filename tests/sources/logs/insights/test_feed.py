"""Reading once: handed over or from the disk, in pieces, again, after a crash, beside another reader."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.contract.insights import Insights, Period
from gauge_mqtt.core.insights.calendar import Calendar
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.insights import feed as feed_module
from gauge_mqtt.sources.logs.insights.feed import Feed
from gauge_mqtt.sources.logs.insights.lines import Place, Position, Rows
from gauge_mqtt.sources.logs.insights.store import Store, StoreError
from gauge_mqtt.sources.logs.listing import look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.place import INSIGHTS
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.tail import Tail
from history import generate
from tests.support.insight_diary import Diary
from tests.support.lines import answer, line, lines
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[4]
DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def feed_of(root: Path, state: Path, at: float = NOON) -> Feed:
    return Feed([root / "projects"], state, ["Dude, chill"], utc, lambda: at)


def month(feed: Feed) -> dict[str, object]:
    return dict(feed.insights("month", utc(NOON)).values)


def known(root: Path, name: str = "clean") -> dict[str, object]:
    """What a feed that reads all at once says."""
    feed = feed_of(root, root / name)
    feed.catch_up()
    feed.close()
    return month(feed)


def without_projects(values: dict[str, object]) -> dict[str, object]:
    """Their names are hashes with a key of each store's own."""
    return values | {"projects": sorted(values["projects"].values())}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("shape", "pauses"), [("A", True), ("B", False)])
def test_the_tokens_of_each_day_are_those_of_the_ledger(shape: str, pauses: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """On the benchmarks' history: forks, relays that give every response one id, advisors, replays, three formats."""
    end = datetime.fromtimestamp(NOON, UTC)
    truth = generate(tmp_path, seed=7, size_mb=3, shape=shape, pauses=pauses, end=end)  # type: ignore[arg-type]
    feed = feed_of(tmp_path, tmp_path / "state")
    feed.catch_up()
    days = {
        date.fromordinal(day).isoformat(): sum(n for name, n in tally.counts.items() if name.startswith("tokens:"))
        for day, tally in feed.days.items()
    }
    assert {day: n for day, n in days.items() if n} == truth.days
    assert sum(tally.responses for tally in feed.days.values()) == truth.total["responses"]
    feed.close()


def test_the_logs_of_two_machines_add_up(tmp_path: Path) -> None:
    """As they lie side by side in a shared home; a session that was carried from one to the other counts once."""
    roots = [tmp_path / name for name in ("desk", "laptop")]
    for seed, root in enumerate(roots, 1):
        Diary(root, seed).live([NOON - 3600 * n - 60 * seed for n in range(1, 4)]).write()
    alone = [known(root) for root in roots]
    carried = next((roots[0] / "projects").rglob("*.jsonl"))
    (roots[1] / "projects" / carried.name).write_bytes(carried.read_bytes())
    feed = Feed([root / "projects" for root in roots], tmp_path / "state", ["Dude, chill"], utc, lambda: NOON)
    feed.catch_up()
    both = month(feed)
    feed.close()
    sums = ("tokens", "responses", "sessions", "prompts", "tool_calls", "em_dashes", "thank_yous", "interruptions")
    assert {key: both[key] for key in sums} == {key: alone[0][key] + alone[1][key] for key in sums}  # type: ignore[operator]


def test_reading_all_of_it_again_changes_nothing(tmp_path: Path) -> None:
    Diary(tmp_path, 3).live([NOON - 86_400 * n for n in range(4)]).write()
    first = known(tmp_path)
    for path in (tmp_path / "projects").rglob("*.jsonl"):  # new inodes: nothing is known of them
        path.with_suffix(".copy").write_bytes(path.read_bytes())
        path.with_suffix(".copy").replace(path)
    assert known(tmp_path) == first


def test_rows_that_are_kept_already_change_no_day(tmp_path: Path) -> None:
    diary = Diary(tmp_path, 3).live([NOON - 86_400, NOON]).write()
    feed = feed_of(tmp_path, tmp_path / "state")
    feed.open()
    store, tail = feed._opened  # noqa: SLF001
    rows = Rows()
    for path in sorted(diary.files):
        place = Place(LogFile(bytes(path), 1, 1), Position(), 1)
        tail.reader.read(path.read_bytes(), place, rows)
    assert rows.responses
    assert rows.facts
    assert rows.bills
    store.commit(rows, [])
    assert store.settle()
    store.commit(rows, [])
    assert store.settle() == set()
    feed.close()


def test_what_is_no_line_costs_nothing(tmp_path: Path) -> None:
    Diary(tmp_path, 3).live([NOON]).write()
    first = known(tmp_path)
    junk = [b"not json", b'{"type":"user"}', b'{"type":"assistant","message":[]}', b"\xff\xfe", b"\0" * 99, b""]
    junk += [b'{"type":"cost-state","sessionId":3}', b'{"type":"cost-state","sessionId":"x","totalCostUSD":-1}']
    junk += [line(answer(NOON, message__content=[{"type": "tool_use", "id": 3}], message__usage=...)).strip()]
    junk += [b'{"type":"file-history-snapshot","messageId":"x","snapshot":{}}', b"[" * 5000]
    (tmp_path / "projects" / "junk.jsonl").write_bytes(b"\n".join(junk) + b"\n")
    assert without_projects(known(tmp_path, "again")) == without_projects(first)


def test_a_tool_with_an_odd_input_is_counted(tmp_path: Path) -> None:
    odd = [{"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": given} for n, given in enumerate(
        [None, 3, [], {"command": 5}, {"command": ""}, {"command": '"'}, {"command": "\ud800"}]
    )]  # fmt: skip
    path = tmp_path / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(lines(*(answer(NOON, message__content=[block]) for block in odd)))
    assert known(tmp_path)["executables"] == {"other": len(odd)}


ODD = (-4, 10**30, True, 1.5, "3", [], {}, None)


def tool_calls(*names: str) -> list[dict[str, object]]:
    return [{"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": {}} for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "message__usage__server_tool_use",
            [*ODD, *({"web_search_requests": n, "web_fetch_requests": 2} for n in ODD)],
        ),
        ("message__stop_reason", [*ODD, "z" * 10_000]),
        ("promptSource", ODD),
        ("toolDenialKind", [None]),
    ],
)
def test_a_response_with_an_odd_field_is_of_its_session_and_has_its_tools(
    field: str, values: list[object], tmp_path: Path
) -> None:
    """What is odd is not counted; the rest of the line is."""
    good, message = answer(NOON - 9), {"message__content": tool_calls("Bash", "Read")}
    for number, value in enumerate(values):
        root = tmp_path / str(number)
        (root / "projects/p").mkdir(parents=True)
        (root / "projects/p/s.jsonl").write_bytes(lines(good, answer(NOON, **message, **{field: value})))
        told = known(root)
        counted = {key: told[key] for key in ("responses", "sessions", "tool_calls", "web_searches")}
        assert counted == {"responses": 2, "sessions": 1, "tool_calls": 2, "web_searches": 0}, value
        fetches = 2 if isinstance(value, dict) and value else 0
        assert told["web_fetches"] == fetches, value


def test_ten_thousand_names_of_tools_are_one_other(tmp_path: Path) -> None:
    (tmp_path / "projects/p").mkdir(parents=True)
    names = [f"secret{n}" for n in range(10_000)] + ["x" * 10_000]
    (tmp_path / "projects/p/s.jsonl").write_bytes(line(answer(NOON, message__content=tool_calls(*names))))
    assert known(tmp_path)["tools"] == {"other": 10_001}


def test_a_last_line_without_its_newline_counts_once_it_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    whole = lines(answer(NOON), answer(NOON + 1))
    path.write_bytes(whole[:-1])
    old = time.time() - 60
    os.utime(path, (old, old))
    feed = feed_of(tmp_path, tmp_path / "state")
    feed.catch_up()
    assert month(feed)["responses"] == 2
    path.write_bytes(whole + lines(answer(NOON + 2)))
    feed.catch_up()
    assert month(feed)["responses"] == 3
    feed.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pieces_that_the_tail_hands_over_are_counted_once(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Appended in pieces, torn anywhere; some handed over, some missed; with restarts and rewritten files between."""
    root = tmp_path_factory.mktemp("live")
    diary = Diary(root / "full", data.draw(st.integers(0, 2**32))).live([NOON - 86_400, NOON])
    diary.write()
    whole = {path: path.read_bytes() for path in diary.files}
    live = {path: root / "live" / path.relative_to(root / "full") for path in whole}
    for path in live.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    feed, tail = feed_of(root / "live", root / "state"), Tail(Ledger())
    tail.on_lines, feed._listening = feed.take, True  # noqa: SLF001, as `run` does
    feed.catch_up()
    files: dict[Path, LogFile] = {}
    for _ in range(data.draw(st.integers(1, 12))):
        path = data.draw(st.sampled_from(sorted(whole)))
        here, size = live[path], live[path].stat().st_size
        with here.open("ab") as file:
            file.write(whole[path][size : size + data.draw(st.integers(0, len(whole[path])))])
        if data.draw(st.booleans()):
            item = look(bytes(here))
            assert item
            known_file = files.setdefault(here, LogFile(item.path, item.device, item.inode))
            while tail.advance(known_file, turns=False):
                pass
        match data.draw(st.sampled_from(["count", "wait", "restart", "lose", "rewrite"])):
            case "count":
                feed._count(feed._drained())  # noqa: SLF001
            case "restart":
                feed.close()
                feed.catch_up()
            case "lose":
                feed._drained()  # noqa: SLF001
            case "rewrite":
                here.write_bytes(here.read_bytes())
            case _:
                pass
    for path, here in live.items():
        here.write_bytes(whole[path])
    feed.catch_up()
    feed.close()
    assert without_projects(month(feed)) == without_projects(known(root / "full"))


CRASHING = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}]
from gauge_mqtt.sources.logs.insights import feed
from datetime import UTC, datetime
import gauge_mqtt.sources.logs.tail as tail
feed.COMMIT_BYTES, tail.SLICE = 20_000, 8_192
print("reading", flush=True)
local = lambda at: datetime.fromtimestamp(at, UTC)
feed.Feed([Path({home!r})], Path({state!r}), ["Dude, chill"], local, lambda: {noon!r}).catch_up()
print("done", flush=True)
"""


def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    Diary(tmp_path, 11).live([NOON - 3600 * n for n in range(60)]).write()
    state, rng = tmp_path / "state", random.Random(1)
    script = CRASHING.format(root=str(ROOT), home=str(tmp_path / "projects"), state=str(state), noon=NOON)
    killed = 0
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as reading:
            assert reading.stdout
            assert reading.stdout.readline() == b"reading\n"
            time.sleep(rng.uniform(0, 0.25))
            reading.send_signal(signal.SIGKILL)
            killed += reading.wait() == -signal.SIGKILL
    assert killed, "each was done before its signal came"
    feed = feed_of(tmp_path, state)
    feed.catch_up()
    feed.close()
    assert without_projects(month(feed)) == without_projects(known(tmp_path))


def test_a_day_is_sealed_and_kept_while_its_logs_go(tmp_path: Path) -> None:
    diary = Diary(tmp_path, 4).live([NOON]).write()
    state = tmp_path / "state"
    feed = feed_of(tmp_path, state)
    feed.catch_up()
    then = feed.insights("day", utc(NOON)).values
    feed.close()
    for path in diary.files:
        path.unlink()

    def works(ago: float) -> None:
        (tmp_path / "projects" / "-later").mkdir(exist_ok=True)
        (tmp_path / "projects" / "-later" / "s.jsonl").write_bytes(line(answer(NOON + ago)))

    leapt = feed_of(tmp_path, state, NOON + 4000 * 86_400)
    leapt.catch_up()
    assert leapt.insights("day", utc(NOON), DAY.toordinal()).values == then | {"projects_active_7d": 1}
    leapt.close()
    works(60 * 86_400)
    later = feed_of(tmp_path, state, NOON + 60 * 86_400)
    later.catch_up()
    told = later.insights("day", utc(NOON), DAY.toordinal()).values
    whole = {key for key, value in told.items() if value == then[key]}
    distinct = {
        "sessions", "session_minutes", "session_minutes_longest", "session_lengths", "reads_per_session",
        "edits_per_session", "writes_per_session", "files_touched", "hottest_file_touches",
        "file_snapshots_per_session",
    }  # fmt: skip
    assert {*then} - whole <= distinct | {"days_kept"}
    assert told["projects_dormant"] == 0
    assert later.insights("day", utc(NOON)).values["projects_dormant"] == 1
    later.close()
    diary.write()  # restored from a backup
    again = feed_of(tmp_path, state, NOON + 60 * 86_400)
    again.catch_up()
    assert again.insights("day", utc(NOON), DAY.toordinal()).values == told
    again.close()
    works(400 * 86_400)
    much_later = feed_of(tmp_path, state, NOON + 400 * 86_400)
    much_later.catch_up()
    assert DAY.toordinal() not in much_later.days


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), data=st.data())
def test_no_line_however_wrong_ends_it(
    seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("wrong")
    diary = Diary(root, seed).live([NOON]).write()
    path = data.draw(st.sampled_from(sorted(diary.files)))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.sampled_from([b"null", b"[]", b"{}", b'"', b"-1", b"1e999", rb"\ud800", b"\xff", b"true", b"\n", b""])
        )
    path.write_bytes(raw)
    known(root)


@pytest.mark.parametrize("table", ["position", "day"])
def test_rows_of_another_version_cost_no_crash(table: str, tmp_path: Path) -> None:
    Diary(tmp_path, 6).live([NOON]).write()
    first = known(tmp_path)
    with sqlite3.connect(INSIGHTS.path_in(tmp_path / "clean")) as other:
        other.execute({"position": "UPDATE position SET state = x'c1'", "day": "UPDATE day SET tally = x'c1'"}[table])
    if table == "position":
        assert known(tmp_path) == first
    else:
        with pytest.raises(StoreError, match="cannot be read"):
            known(tmp_path)


def test_two_readers_of_one_file_count_once(tmp_path: Path) -> None:
    Diary(tmp_path, 6).live([NOON - 3600, NOON]).write()
    one, other = feed_of(tmp_path, tmp_path / "state"), feed_of(tmp_path, tmp_path / "state")
    one.open()
    other.open()
    other.catch_up()
    one.catch_up()
    assert month(one) == month(other)
    assert without_projects(month(one)) == without_projects(known(tmp_path))
    one.close()
    other.close()


def test_a_file_that_is_none_of_ours_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Diary(tmp_path, 6).live([NOON]).write()
    (tmp_path / "clean").mkdir()
    INSIGHTS.path_in(tmp_path / "clean").write_bytes(b"something else " * 1000)
    known(tmp_path)
    assert "set aside" in caplog.text
    assert (tmp_path / "clean" / "insights.sqlite3.broken").read_bytes().startswith(b"something else")


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with sqlite3.connect(INSIGHTS.path_in(state)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer than this program"):
        Store(state, Calendar(utc))
    assert [path.name for path in state.iterdir()] == ["insights.sqlite3"]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", Calendar(utc))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    store.close()


@pytest.mark.anyio
async def test_a_running_source_feeds_it_and_a_restart_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real tail on real files, with inotify."""
    monkeypatch.setattr(feed_module, "REST_S", 0.05)
    now = time.time()
    path = tmp_path / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(lines(answer(now - 5), answer(now - 4)))
    said: list[object] = []
    source = JsonlSource([tmp_path / "projects"], None)
    feed = Feed([tmp_path / "projects"], tmp_path / "state", (), utc)
    source.book.tail.on_lines = feed.take

    def changed(found: Mapping[Period, Insights]) -> None:
        said.append(found["day"].values["responses"])

    async with asyncio.TaskGroup() as group:
        tail = group.create_task(source.run(lambda: None))
        running = group.create_task(feed.run(lambda: source.book.observed_at is not None, changed))
        await eventually(lambda: said[-1:] == [2])
        with path.open("ab") as file:
            file.write(line(answer(now - 3)))
        await eventually(lambda: said[-1:] == [3])
        running.cancel()
        await asyncio.wait({running})
        with path.open("ab") as file:
            file.write(line(answer(now - 2)))
        running = group.create_task(feed.run(lambda: True, changed))
        await eventually(lambda: said[-1:] == [4])
        running.cancel()
        tail.cancel()


def test_a_history_that_reaches_back_has_its_streaks(tmp_path: Path) -> None:
    path = tmp_path / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    ago = [0, 1, 2, 5, 6, 7, 8, 40]
    path.write_bytes(lines(*(answer(NOON - 86_400 * n) for n in reversed(ago))))
    values = known(tmp_path)
    assert (values["streak_days"], values["streak_longest_days"], values["days_kept"]) == (3, 4, 8)
    feed = feed_of(tmp_path, tmp_path / "later", NOON + 86_400)
    feed.catch_up()
    assert feed.insights("day", utc(NOON)).values["streak_days"] == 3  # the day has not ended yet
    feed.close()
    assert json.loads(feed.insights("day", utc(NOON)).to_json())["first_day"] == (DAY + timedelta(days=1)).isoformat()
