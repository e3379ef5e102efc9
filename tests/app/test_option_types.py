"""Options that are no settings: what is nonsense is refused in words, before anything is done."""

from pathlib import Path

import pytest

from tests.support.program import gauge


@pytest.mark.parametrize("minutes", ["nan", "-nan", "inf", "1e400", "0", "-1", "", "soon"])
def test_no_number_of_minutes_is_refused(tmp_path: Path, minutes: str) -> None:
    tape = tmp_path / "tape"
    refused = gauge("record", str(tape), "--source", "demo", "--minutes", minutes)
    assert refused.exit_code == 2
    assert f"Invalid value for '--minutes': {minutes!r} is no finite number above 0" in refused.output
    assert not tape.exists()


@pytest.mark.parametrize("empty", ["", " ", "\t"])
@pytest.mark.parametrize("verb", [
    "statusline install --yes --config-dir", "statusline status --config-dir",
    "statusline uninstall --yes --config-dir", "record --source demo --minutes 0.001", "dump",
])  # fmt: skip
def test_an_empty_path_is_not_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, empty: str
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    refused = gauge(*verb.split(), empty)
    assert refused.exit_code == 2
    assert "is empty: write a path" in refused.output
    assert not any(here.iterdir())


def test_a_path_may_begin_with_the_home_directory() -> None:
    for verb in ("statusline status --config-dir ~nobody-9", "record ~nobody-9/tape", "dump ~nobody-9/x"):
        refused = gauge(*verb.split())
        assert refused.exit_code == 2
        assert "there is no user nobody-9 here" in refused.output
    assert gauge("record", "~/tape", "--source", "demo", "--minutes", "0.001").exit_code == 0
    assert (Path.home() / "tape").exists()


@pytest.mark.parametrize("url", ["", " ", "desk:8080", "ftp://desk", "http://desk/?x"])
def test_watch_wants_an_address(url: str) -> None:
    refused = gauge("watch", "--url", url)
    assert refused.exit_code == 2
    assert "Invalid value for '--url': " in refused.output
