"""Further headers for Prometheus, from a file."""

import asyncio
from pathlib import Path

import pytest

from gauge_mqtt.app.headers_file import read_headers
from gauge_mqtt.app.setting_types import SettingsError
from tests.support.program import gauge
from tests.support.prom_lab import FakeServer

pytestmark = pytest.mark.anyio


def write(directory: Path, text: str) -> Path:
    path = directory / "headers"
    path.write_text(text)
    return path


def test_a_line_each(tmp_path: Path) -> None:
    path = write(tmp_path, "# whose series\nX-Scope-OrgID: team-a \n\nX-Key:a b\r\n")
    assert read_headers(path) == (("X-Scope-OrgID", "team-a"), ("X-Key", "a b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X-Scope-OrgID secret", "line 1 is no header"),
        ("A: b\nX-Key: secret\x01", "line 2 is no header"),
        ("Host: secret", "belongs to the request itself"),
        ("X-Key: secr\u00e9t", "line 1 is no header"),
        ("A: secret\n" * 21, "more than 20 headers"),
    ],
)
def test_what_is_none_is_told_by_its_line_alone(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        read_headers(write(tmp_path, text))
    assert "secr" not in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the headers file .*: No such file"):
        read_headers(tmp_path / "none")


async def test_the_setting_is_used_and_its_values_are_in_no_output(tmp_path: Path) -> None:
    path = write(tmp_path, "X-Scope-OrgID: team-secret")
    async with FakeServer(b"no org id team-secret", 401) as fake:
        given = ("--prom-url", fake.url, "--prom-headers-file", str(path), "--http-port=0")
        page = await run(*given)
        assert "x-scope-orgid: team-secret" in fake.requests[0].lower()
        assert "team-secret" not in page


async def run(*given: str) -> str:
    return (await asyncio.to_thread(gauge, "doctor", *given)).stdout
