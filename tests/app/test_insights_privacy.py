"""A word that stands in every text, path, name, branch, command and address of a history is nowhere else."""

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.support import canaries
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.insight_diary import Diary
from tests.support.percentages import redraw, report
from tests.support.program import Daemon, gauge, url
from tests.support.waiting import until

WORD = "xylophonequartz"
SESSION = "5f0c3a4e-0000-4000-a000-000000000000"
FORMS = [
    WORD.encode(), WORD.encode("utf-16-le"), WORD.encode().hex().encode(), WORD[::-1].encode(),
    *(base64.b64encode(b"-" * n + WORD.encode())[4:-4].lower() for n in range(3)),
]  # fmt: skip
"""Of the word, as bytes that are looked for without capitals."""
ON = {"CLAUDE_GAUGE_INSIGHTS": "1"}
QUICK = "from gauge_mqtt.sources.logs.insights import feed; feed.REST_S = 0.05"
PAGES = (
    "/usage", "/usage/schema", "/healthz", "/metrics", "/insights", "/insights?period=week", "/insights?period=month",
    "/insights/schema", "/", "/insights.html", "/card.js",
)  # fmt: skip


def kept(state: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the state directory, without an exception, and the names of all of them."""
    found = sorted(path for path in state.rglob("*") if path.is_file())
    yield "the names", "\n".join(map(str, found)).encode()
    for path in found:
        yield path.name, path.read_bytes()


def percentages(word: str, environ: dict[str, str]) -> None:
    """The plan's, told by both channels, in a session whose every name is `word`."""
    home, names = Path.home() / ".claude", {"cwd": f"/home/{word}", "version": "2.1.332", "session_name": word}
    redraw(23.5, SESSION, environ, transcript_path=f"{home}/projects/-home-{word}-0/{SESSION}.jsonl",
           workspace={"current_dir": f"/home/{word}", "project_dir": f"/home/{word}"}, **names)  # fmt: skip
    log = next(home.glob(f"projects/-home-{word}-*/*.jsonl"))
    with log.open("ab") as file:
        file.write(report(30))


def test_no_word_of_a_history_leaves_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.start()
    now = time.time()
    Diary(Path.home() / ".claude", 9, WORD).live([now - 3600 * n for n in range(1, 40, 3)]).write()
    other = Path.home() / f".claude/projects/-home-{WORD}-0/{canaries.SESSION}.jsonl"
    other.write_bytes(canaries.canaries(WORD, now - 1800))
    logs = b"".join(path.read_bytes() for path in (Path.home() / ".claude").rglob("*.jsonl"))
    assert logs.count(WORD.encode()) > 1000
    state = tmp_path / "state"
    where = ON | {"CLAUDE_GAUGE_STATE_DIR": str(state)}
    seen: dict[str, bytes] = {}
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), changed=QUICK, verbose=True, **where) as daemon,
    ):
        until(lambda: "claude_gauge/lab/insights/tokens" in client.latest)
        percentages(WORD, where)
        until(lambda: client.latest.get("claude_gauge/lab/window_5h_pct") == b"0.3")
        seen |= {page: daemon.get(page).content for page in PAGES}
        with httpx.stream("GET", f"{daemon.address()}/events", trust_env=False) as answer:
            seen["/events"] = next(line for line in answer.iter_lines() if line.startswith("data:")).encode()
        seen |= {f"running: {name}": data for name, data in kept(state)}
        seen["MQTT"] = b"\n".join(topic.encode() + b" " + payload for topic, payload in client.latest.items())
        daemon.end()
        seen["log"] = daemon.log.encode()
    for words in (["--day"], ["--week"], ["--month"], ["--week", "--json"], ["--week", "--csv"]):
        seen[" ".join(words)] = gauge("insights", *words, **where).output.encode()
    for verb in (["dump"], ["once", "--explain"], ["once", "--json"]):
        seen[" ".join(verb)] = gauge(*verb, **where).output.encode()
    report = gauge("insights", "--report", str(tmp_path / "report"), **where)
    assert report.exit_code == 0
    seen |= {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()}
    assert {name.rsplit(".")[-1] for name in seen} >= {"md", "html", "svg"}
    seen |= dict(kept(state))
    everything = {"insights.sqlite3", "jsonl-index.msgpack", "memory-lab.json", "quota-samples.json",
                  "quota-history.json", f"{SESSION}.json"}  # fmt: skip
    assert everything | {"running: insights.sqlite3-wal", "log", "MQTT"} <= seen.keys()
    assert all(seen.values())
    assert [(name, form) for name, said in seen.items() for form in FORMS if form in said.lower()] == []
    names = {os.fsencode(path.name) for path in (Path.home() / ".claude").rglob("*")}
    identities = {name.removesuffix(b".jsonl") for name in names if len(name) > 30}
    for name, said in seen.items():
        assert [identity for identity in identities if identity in said] == [], name


def test_the_same_name_is_another_hash_in_another_file(tmp_path: Path) -> None:
    Diary(Path.home() / ".claude", 9, WORD).live([time.time()]).write()
    found = [gauge("insights", "--json", CLAUDE_GAUGE_STATE_DIR=str(tmp_path / name), **ON).output for name in "ab"]
    projects = [said.split('"projects":{')[1].split("}")[0] for said in found]
    assert all(projects)
    assert projects[0] != projects[1]
