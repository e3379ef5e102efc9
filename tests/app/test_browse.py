"""`run --open`: the page in a browser, which is a script here that writes down what it is asked for."""

import logging
import webbrowser
from pathlib import Path

import pytest

from gauge_mqtt.app import browse
from tests.support.brokers import Mosquitto
from tests.support.program import Daemon, url
from tests.support.waiting import until


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened.new; mv {tmp_path}/opened.new {tmp_path}/opened\n')
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_open_opens_the_page_when_it_is_there(mosquitto: Mosquitto, browser: Path, host: str) -> None:
    mosquitto.start()
    opened = browser.with_name("opened")
    with Daemon("--open", "--http-host", host, "--mqtt-url", url(mosquitto), BROWSER=str(browser)) as daemon:
        until(opened.exists)
        port = daemon.address().rpartition(":")[2]
        assert opened.read_text() == f"http://127.0.0.1:{port}/\n"


def test_nothing_is_opened_by_itself(mosquitto: Mosquitto, browser: Path) -> None:
    mosquitto.start()
    with Daemon("--mqtt-url", url(mosquitto), BROWSER=str(browser)) as daemon:
        assert f"the cluster in a browser: {daemon.address()}/\n" in daemon.log
        assert daemon.end()[0] == 0
    assert not browser.with_name("opened").exists()


def test_where_there_is_no_browser_the_address_is_said(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.start()
    with Daemon("--open", "--mqtt-url", url(mosquitto), BROWSER=f"{tmp_path}/none", PATH=str(tmp_path)) as daemon:
        daemon.wait_for_log(f"no browser could be started here; the cluster is at {daemon.address()}/")
        assert daemon.usage() is not None


@pytest.mark.parametrize("name", ["w3m", "/usr/bin/lynx"])
def test_a_browser_for_terminals_does_not_take_this_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(name))
    monkeypatch.setattr(webbrowser.GenericBrowser, "open", lambda *_: pytest.fail("it was opened"))
    with caplog.at_level(logging.WARNING):
        browse._open("http://x/")  # noqa: SLF001
    assert caplog.messages == ["no browser could be started here; the cluster is at http://x/"]
