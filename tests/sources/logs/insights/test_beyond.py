"""Commits of a real git, and a number a day of the user's own."""

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gauge_mqtt.contract.insights import SERIES_DAYS
from gauge_mqtt.sources.logs.insights import feed as feed_module
from gauge_mqtt.sources.logs.insights import git as git_module
from gauge_mqtt.sources.logs.insights.feed import Feed
from gauge_mqtt.sources.logs.insights.series import SeriesError, load
from tests.support.lines import answer, lines

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
ME = "me@example.org"


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


class Repository:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", ME)
        self.git("config", "user.name", "Me")

    def git(self, *words: str, at: float = NOON, who: str = ME) -> None:
        when = {"GIT_AUTHOR_DATE": f"@{int(at)} +0000", "GIT_COMMITTER_DATE": f"@{int(at)} +0000"}
        name = {"GIT_AUTHOR_EMAIL": who, "GIT_AUTHOR_NAME": "X"} if who != ME else {}
        subprocess.run(["git", "-C", self.path, *words], env={"PATH": "/usr/bin:/bin", **when, **name}, check=True)

    def commit(self, text: str, *, at: float = NOON, who: str = ME, name: str = "f") -> None:
        (self.path / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-q", "-m", "secret words", at=at, who=who)


def log_in(root: Path, cwd: Path, name: str = "s", tokens: int = 2_000_000) -> None:
    path = root / "projects" / "-p" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(answer(NOON, tokens, cwd=str(cwd))))


def told(root: Path, **how: object) -> dict[str, object]:
    feed = Feed([root / "projects"], root / "state", (), utc, lambda: NOON, **how)  # type: ignore[arg-type]
    feed.catch_up()
    feed.close()
    return dict(feed.insights("day", utc(NOON)).values)


def test_commits_are_counted_once_and_only_the_users_own(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\nb\n", at=NOON - 86_400)
    repository.commit("a\nc\nd\n")
    repository.commit("theirs\n", who="you@example.org", name="g")
    repository.git("branch", "other")
    (repository.path / "below").mkdir()
    log_in(tmp_path, repository.path)
    log_in(tmp_path, repository.path / "below", "t", tokens=1000)
    for _ in range(2):
        found = told(tmp_path, commits=True)
        assert (found["commits"], found["lines_changed"]) == (1, 3)
        assert found["commits_per_million_tokens"] == 0.5
        assert found["lines_per_million_tokens"] == 1.5


def test_off_nothing_is_asked_and_nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\n")
    log_in(tmp_path, repository.path)
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert told(tmp_path)["commits"] is None


def test_an_answer_that_is_cut_anywhere_tells_its_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\n", at=NOON - 60)
    repository.commit("a\nb\n")
    whole = len("\x1e") + 40 + len(f" {int(NOON)}\n\n1\t0\tf\n")  # of one record
    for size in (whole // 4, whole // 2, whole - 1, whole, whole + 2, 2 * whole - 1, 2 * whole + 1):
        monkeypatch.setattr(git_module, "OUTPUT_MAX", size)
        found = [*git_module.commits("git", str(repository.path), NOON - 86_400)]
        assert [(commit.at, commit.lines) for commit in found] == [(NOON, 1), (NOON - 60, 1)][: (size - 1) // whole], (
            size
        )


def test_a_commit_of_a_year_that_there_is_not_is_passed_over(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\n")
    repository.commit("a\nb\n", at=1e12)
    log_in(tmp_path, repository.path)
    assert told(tmp_path, commits=True)["commits"] == 1


def test_git_that_gives_no_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(git_module, "PATIENCE_S", 0.05)
    assert [*git_module.commits(str(program), str(tmp_path), NOON)] == []


def test_git_is_asked_once_in_a_while_and_whenever_the_counts_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\n")
    log_in(tmp_path, repository.path)
    feed = Feed([tmp_path / "projects"], tmp_path / "state", (), utc, lambda: NOON, commits=True)

    def commits() -> object:
        return feed.insights("day", utc(NOON)).values["commits"]

    feed.catch_up()
    repository.commit("a\nb\n")
    feed.catch_up()
    feed._count([])  # noqa: SLF001, as `run` does
    assert commits() == 1
    monkeypatch.setattr(feed_module, "BEYOND_EVERY_S", 0.0)
    feed._count([])  # noqa: SLF001
    assert commits() == 2
    monkeypatch.undo()
    feed.close()
    repository.commit("a\nb\nc\n")
    feed.catch_up()
    feed.close()
    assert commits() == 3


def test_no_further_directory_is_asked_about_once_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        repository = Repository(tmp_path / name)
        repository.commit(f"{name}\n")
        log_in(tmp_path, repository.path, name)
    feed = Feed([tmp_path / "projects"], tmp_path / "state", (), utc, lambda: NOON, commits=True)
    asked: list[str] = []

    def commits(program: str, directory: str, since: float) -> list[git_module.Commit]:
        del program, since
        asked.append(directory)
        feed._stopping = True  # noqa: SLF001, as the end of `run` does meanwhile
        return []

    monkeypatch.setattr(git_module, "commits", commits)
    feed.catch_up()
    feed.close()
    assert len(asked) == 1


@pytest.mark.parametrize("where", ["/nowhere/at/all", "/tmp", "", "/etc/passwd"])
def test_a_directory_without_a_repository_has_no_commits(where: str, tmp_path: Path) -> None:
    log_in(tmp_path, Path(where))
    assert told(tmp_path, commits=True)["commits"] == 0


def test_what_a_repository_names_is_not_run(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("a\n")
    mark = tmp_path / "it-ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "diff.x.textconv"):
        repository.git("config", name, str(program))
    repository.git("config", "log.showSignature", "true")
    (repository.path / ".gitattributes").write_text("* diff=x\n")
    log_in(tmp_path, repository.path)
    assert told(tmp_path, commits=True)["commits"] == 1
    assert not mark.exists()


def test_nothing_of_a_repository_is_kept(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "xylophone")
    repository.commit("a\n", name="xylophone")
    log_in(tmp_path, repository.path)
    told(tmp_path, commits=True)
    sha = subprocess.run(["git", "-C", repository.path, "rev-parse", "HEAD"], capture_output=True, check=True).stdout
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert kept
    assert [word for word in (b"xylophone", sha.strip(), b"secret words", ME.encode()) if word in kept] == []


def history(root: Path, tokens: dict[int, int]) -> None:
    path = root / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(lines(*(answer(NOON - 86_400 * ago, n) for ago, n in sorted(tokens.items(), reverse=True))))


def series_file(path: Path, days: dict[int, float]) -> Path:
    path.write_text(json.dumps({(DAY - timedelta(days=ago)).isoformat(): n for ago, n in days.items()}))
    return path


def test_a_series_is_correlated_with_the_tokens_of_the_days(tmp_path: Path) -> None:
    history(tmp_path, {ago: 1000 + 10 * ago for ago in range(20)})
    path = series_file(tmp_path / "budget.json", {ago: float(ago) for ago in range(-5, 40)})
    found = told(tmp_path, series=path)
    assert (found["series_rho"], found["series_days"]) == (1, 20)
    path = series_file(path, {ago: float(-ago * ago) for ago in range(20)})
    assert told(tmp_path, series=path)["series_rho"] == -1


def test_under_fourteen_days_nothing_is_told(tmp_path: Path) -> None:
    history(tmp_path, {ago: 1000 + ago for ago in range(SERIES_DAYS)})
    path = series_file(tmp_path / "budget.json", {ago: float(ago) for ago in range(SERIES_DAYS - 1)})
    found = told(tmp_path, series=path)
    assert (found["series_rho"], found["series_days"]) == (None, SERIES_DAYS - 1)
    path = series_file(path, {ago: float(ago) for ago in range(SERIES_DAYS)})
    assert told(tmp_path, series=path)["series_rho"] == 1
    assert told(tmp_path)["series_days"] is None


@pytest.mark.parametrize(
    "text",
    [
        '{"2026-11-22": 3, "2026-11-21": 4.5}',
        '[["2026-11-22", 3], ["2026-11-21", "4.5"]]',
        '[{"day": "2026-11-22", "value": 3}, {"date": "2026-11-21T08:00:00Z", "count": 4.5}]',
        "2026-11-22,3\n2026-11-21,4.5\n",
        "\ufeffvalue,Day\n1,2026-11-22\n\n2,2026-11-22\n4.5,2026-11-21\n",
    ],
)
def test_a_series_in_each_form(text: str, tmp_path: Path) -> None:
    (tmp_path / "series").write_text(text)
    today = DAY.toordinal()
    assert load(tmp_path / "series") == {today: 3, today - 1: 4.5}


@pytest.mark.parametrize(
    "text",
    ["[1]", "{", '{"2026-11-22": "x"}', '{"2026-11-22": NaN}', '{"someday": 1}', "a,b\n1,2\n", "[[]]", '[{"a":1}]'],
)
def test_what_is_no_series_is_said_and_ends_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "series").write_text(text)
    with pytest.raises(SeriesError, match="cannot be used"):
        load(tmp_path / "series")
    history(tmp_path, {0: 1000})
    assert told(tmp_path, series=tmp_path / "series")["tokens"] == 1000


def test_a_series_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="cannot be read"):
        load(tmp_path / "nowhere")
