"""A word that stands in every text, path, name, branch, command and address of a history is nowhere else."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.insight_diary import Diary
from tests.support.program import Daemon, gauge, url
from tests.support.waiting import until

WORD = "xylophonequartz"
ON = {"CLAUDE_GAUGE_INSIGHTS": "1"}
QUICK = "from gauge_mqtt.sources.logs.insights import feed; feed.REST_S = 0.05"
PAGES = (
    "/usage", "/usage/schema", "/healthz", "/metrics", "/insights", "/insights?period=week", "/insights?period=month",
    "/insights/schema", "/",
)  # fmt: skip
INDEX = "jsonl-index.msgpack"
"""The tail's own index, which is there without insights too: for its owner alone, it names the files it has read."""


def kept(state: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(state.rglob("*")):
        if path.is_file() and path.name != INDEX:
            yield path.name, path.read_bytes()


def test_no_word_of_a_history_leaves_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.start()
    now = time.time()
    Diary(Path.home() / ".claude", 9, WORD).live([now - 3600 * n for n in range(1, 40, 3)]).write()
    logs = b"".join(path.read_bytes() for path in (Path.home() / ".claude").rglob("*.jsonl"))
    assert logs.count(WORD.encode()) > 500
    state = tmp_path / "state"
    where = ON | {"CLAUDE_GAUGE_STATE_DIR": str(state)}
    seen: dict[str, bytes] = {}
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), changed=QUICK, verbose=True, **where) as daemon,
    ):
        until(lambda: "claude_gauge/lab/insights/tokens" in client.latest)
        seen |= {page: daemon.get(page).content for page in PAGES}
        seen |= {f"running: {name}": data for name, data in kept(state)}
        seen["MQTT"] = b"\n".join(topic.encode() + b" " + payload for topic, payload in client.latest.items())
        daemon.end()
        seen["log"] = daemon.log.encode()
    for words in (["--day"], ["--week"], ["--month"], ["--week", "--json"], ["--week", "--csv"]):
        seen[" ".join(words)] = gauge("insights", *words, **where).output.encode()
    report = gauge("insights", "--report", str(tmp_path / "report"), **where)
    assert report.exit_code == 0
    seen |= {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()}
    assert {name.rsplit(".")[-1] for name in seen} >= {"md", "html", "svg"}
    seen |= dict(kept(state))
    assert {"insights.sqlite3", "running: insights.sqlite3-wal", "log", "MQTT"} <= seen.keys()
    assert all(seen.values())
    assert [name for name, said in seen.items() if WORD.encode() in said.lower()] == []
    names = {os.fsencode(path.name) for path in (Path.home() / ".claude").rglob("*")}
    identities = {name.removesuffix(b".jsonl") for name in names if len(name) > 30}
    for name, said in seen.items():
        if name not in {"insights.sqlite3", "running: insights.sqlite3", "running: insights.sqlite3-wal"}:
            assert [identity for identity in identities if identity in said] == [], name


def test_the_same_name_is_another_hash_in_another_file(tmp_path: Path) -> None:
    Diary(Path.home() / ".claude", 9, WORD).live([time.time() - 3600]).write()
    found = [gauge("insights", "--json", CLAUDE_GAUGE_STATE_DIR=str(tmp_path / name), **ON).output for name in "ab"]
    projects = [said.split('"projects":{')[1].split("}")[0] for said in found]
    assert all(projects)
    assert projects[0] != projects[1]
