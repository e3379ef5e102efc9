"""How much a working session writes into Home Assistant's database: its recorder counted, and its activity."""

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.support.e2e import NewPublisher, Publisher
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant
from tests.support.lines import answer, prompt, results

MINUTES = float(os.environ.get("RECORDER_MINUTES", "1.5"))
"""The promise is for ten minutes, which `RECORDER_MINUTES=10` takes; a shorter look holds the same rates."""
ROWS_A_MINUTE, ACTIVITIES_A_MINUTE = 40.0, 1.0
EVERY_S = 12.8
"""One session of Claude Code at work: so often an answer, of two or three lines, and then the result of its tools."""
CEILINGS = {"CLAUDE_GAUGE_5H_CEILING": "90000000", "CLAUDE_GAUGE_7D_CEILING": "900000000"}
"""So that the fuels move, too."""

pytestmark = pytest.mark.usefixtures("newest")


def session(seed: int) -> Iterator[tuple[float, list[dict[str, object]]]]:
    """What a session writes, and how many seconds after the line before: the same lines for the same seed."""
    chance, cached = random.Random(seed), 60_000
    while True:
        thinking, made = chance.randrange(0, 300), chance.randrange(400, 3_000)
        now, written = time.time(), chance.randrange(300, 4_000)
        usage = {
            "input_tokens": chance.randrange(2, 12), "output_tokens": thinking + made,
            "cache_read_input_tokens": cached, "cache_creation_input_tokens": written,
            "output_tokens_details": {"thinking_tokens": thinking},
        }  # fmt: skip
        cached = cached + written if cached < 160_000 else 60_000
        said = answer(now, message__usage=usage)
        tool = {"type": "tool_use", "id": f"toolu_{said['requestId']}", "name": "Bash", "input": {}}
        parts = [[{"type": "thinking", "thinking": ""}], [tool]]
        for content in parts:
            yield chance.uniform(0.3, 1.2), [said | {"message": said["message"] | {"content": content}}]
        yield chance.uniform(0.5, 6.0), [results(now, str(tool["id"]))]
        yield EVERY_S * chance.uniform(0.3, 0.9), []


def work(one: Publisher, minutes: float) -> None:
    """Write a session as it goes, in real time."""
    deadline, steps = time.monotonic() + 60 * minutes, session(7)
    one.write(prompt(time.time()))
    for pause, records in steps:
        time.sleep(pause)
        if time.monotonic() > deadline:
            return
        for record in records:
            one.write(record | {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"})


def rows(ha: HomeAssistant, since: float) -> Counter[str]:
    """Entity id -> rows that the recorder wrote since then."""
    asked = """
        select names.entity_id, count(*) from states join states_meta names using (metadata_id)
        where last_updated_ts > ? group by names.entity_id
    """
    with closing(sqlite3.connect(ha.config / "home-assistant_v2.db")) as database:
        return Counter(dict(database.execute(asked, (since,))))


def activities(ha: HomeAssistant, since: float) -> Counter[str]:
    """Entity id -> lines of the page "Activity" since then."""
    lines = ha.rest("GET", f"/api/logbook/{datetime.fromtimestamp(since, UTC).isoformat()}")
    return Counter(line["entity_id"] for line in lines if line.get("entity_id"))


def test_a_working_session_writes_little_into_the_database(ha: HomeAssistant, publisher: NewPublisher) -> None:
    one = publisher("recorder", **CEILINGS)
    for day in range(1, 7):  # a week with harder work in it, from which the redline is learned
        for minute in range(20):
            one.work(tokens=1_400_000, ago_s=day * 86_400 + minute * 60)
    one.start()
    becomes(lambda: ha.state(one.entity("Tokens 7d")), str(6 * 20 * 1_400_000))
    work(one, 1.1)  # until the rate is what it will be
    since = time.time()
    work(one, MINUTES)
    minutes = (time.time() - since) / 60
    time.sleep(2)  # the recorder writes once a second
    ours = "_recorder_"
    for counted, most in ((rows(ha, since), ROWS_A_MINUTE), (activities(ha, since), ACTIVITIES_A_MINUTE)):
        found = {id_.split(ours)[1]: count for id_, count in counted.most_common() if ours in id_}
        told = ", ".join(f"{name} {count / minutes:.1f}" for name, count in found.items())
        assert sum(found.values()) / minutes <= most, f"{sum(found.values()) / minutes:.1f} a minute: {told}"
