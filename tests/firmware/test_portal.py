"""The set-up page as the device serves it: by its own server, in a real browser, and to clients of all kinds."""

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.axe import axe_source
from tests.support.browser import Tab, browser

FIRMWARE = Path(__file__).parents[2] / "firmware"
PAGE = FIRMWARE / "portal/page.html"
WITHIN_S = 30
OWN = {"x-claude-gauge": "1"}
SLOTS = 3
"""Connections that the server holds at a time."""


@contextlib.contextmanager
def served(firmware_build: Path, *password: str) -> Iterator[str]:
    """The page's address."""
    command = [str(firmware_build / "gauge_portal"), "0", *password]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        try:
            yield child.stdout.readline().strip().rstrip("/")
            assert child.poll() is None, "the server ended by itself"
        finally:
            child.terminate()  # its end is waited for, also by a test that fails


@pytest.fixture
def portal(firmware_build: Path) -> Iterator[str]:
    with served(firmware_build) as address:
        yield address


def connection(portal: str) -> socket.socket:
    host, port = portal.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=WITHIN_S)


def ask(portal: str) -> float:
    """How long the page took, in seconds."""
    begun = time.monotonic()
    with httpx.Client(trust_env=False, timeout=WITHIN_S) as client:
        assert client.get(f"{portal}/").text == PAGE.read_text()
    return time.monotonic() - begun


def test_the_page_has_a_field_for_each_setting(portal: str) -> None:
    fields = re.findall(r'<(?:input|select) name="(\w+)"', PAGE.read_text())
    with httpx.Client(base_url=portal, trust_env=False) as client:
        settings = client.get("/state").json()["settings"]
    assert sorted(fields) == sorted(settings)
    secret = re.findall(r'name="(\w+)" type="password"', PAGE.read_text())
    assert sorted(secret) == sorted(key for key, value in settings.items() if isinstance(value, bool))


def test_a_longest_field_is_what_the_device_takes(portal: str) -> None:
    with httpx.Client(base_url=portal, trust_env=False, headers=OWN) as client:
        for name, most in re.findall(r'name="(\w+)"(?: type="password")? maxlength="(\d+)"', PAGE.read_text()):
            start = "http://" if name == "http_url" else ""
            for size, status in ((int(most), 200), (int(most) + 1, 422)):
                said = client.post("/save", data={name: start + "a" * (size - len(start))})
                assert said.status_code == status, (name, size, said.text)


def test_every_address_leads_to_the_page(portal: str) -> None:
    with httpx.Client(base_url=portal, trust_env=False) as client:
        said = client.get("/generate_204")
    assert (said.status_code, said.headers["location"]) == (302, "http://192.168.4.1/")


def test_silent_and_slow_clients_hold_nobody_up_and_are_let_go(portal: str) -> None:
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(connection(portal)) for _ in range(3 * SLOTS)]
        for slow in many:
            with contextlib.suppress(OSError):
                slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert ask(portal) < WITHIN_S / 2
        end = time.monotonic() + WITHIN_S
        gone = set[int]()
        while len(gone) < len(many):  # each sends a byte now and then, for as long as it may
            assert time.monotonic() < end
            for number, slow in enumerate(many):
                try:
                    slow.sendall(b"a")
                except OSError:
                    gone.add(number)
            time.sleep(0.1)
    ask(portal)


def test_a_client_that_does_not_read_its_answer_holds_nobody_up(portal: str) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(SLOTS - 1):
            stack.enter_context(connection(portal)).sendall(b"GET / HTTP/1.1\r\n\r\n")
        ask(portal)


def test_what_is_too_long_is_refused_in_words(portal: str) -> None:
    with connection(portal) as long:
        long.sendall(b"POST /save HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        said = b""
        while piece := long.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 413 Content Too Large\r\n")


needs_browser = pytest.mark.skipif(browser() is None, reason="no Chromium here; scripts/test installs it")


@needs_browser
def test_in_a_browser_a_wrong_value_is_told_beside_its_field_and_a_good_one_is_saved(portal: str) -> None:
    with Tab(360, 900) as tab:
        tab.go(portal)
        tab.becomes("document.readyState === 'complete' && form.elements.broker_port.value === '1883'")
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
        tab.value(axe_source() + "; true")
        assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
        tab.value("form.elements.wifi_ssid.value = 'My net & co'; form.elements.broker_port.value = 'x'; 0")
        tab.value("document.querySelector('.save').click()")
        wrong = tab.becomes("document.querySelector('.wrong')?.textContent")
        assert wrong == "a number from 1 to 65535"
        assert tab.value("document.activeElement.name") == "broker_port"
        assert tab.value("form.elements.broker_port.closest('details').open")
        tab.value("form.elements.broker_port.value = '1884'; document.querySelector('.save').click()")
        tab.becomes("told.textContent.startsWith('Saved')")
        assert tab.value("document.querySelector('.wrong')") is None
        errors = [line for line in tab.console if "422" not in line]
        assert errors == []
    with httpx.Client(base_url=portal, trust_env=False) as client:
        settings = client.get("/state").json()["settings"]
    assert (settings["wifi_ssid"], settings["broker_port"]) == ("My net & co", "1884")


@needs_browser
def test_in_a_browser_a_password_can_be_looked_at(portal: str) -> None:
    with Tab(360, 900) as tab:
        tab.go(portal)
        tab.becomes("document.readyState === 'complete' && form.elements.wifi_password.placeholder")
        assert tab.value("form.elements.wifi_password.type") == "password"
        tab.value("form.elements.wifi_password.nextSibling.click()")
        assert tab.value("form.elements.wifi_password.type") == "text"


@needs_browser
def test_in_a_browser_it_says_what_is_wrong_right_now_and_a_password_can_be_taken_away(portal: str) -> None:
    with httpx.Client(base_url=portal, trust_env=False, headers=OWN) as client:
        assert client.post("/save", data={"wifi_password": "secret77", "ota_password": "secret78"}).status_code == 200
        with Tab(320, 900) as tab:
            tab.go(portal)
            now = "document.getElementById('now')?.textContent"
            assert tab.becomes(now) == "Right now the broker refuses user or password."
            remove = "document.querySelectorAll('[aria-label=\"Remove the password\"]')"
            tab.becomes(f"{remove}.length === 2")  # of three, one is not set
            assert tab.value("document.documentElement.scrollWidth <= innerWidth")
            tab.value(f"{remove}[0].click()")
            assert tab.value("form.elements.wifi_password.placeholder") == "none"
            tab.value(axe_source() + "; true")
            assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
            tab.value("document.querySelector('.save').click()")
            tab.becomes("told.textContent.startsWith('Saved')")
        settings = client.get("/state").json()["settings"]
    assert (settings["wifi_password"], settings["ota_password"]) == (False, True)


@needs_browser
def test_on_the_network_of_the_house_the_page_wants_the_password_and_then_works(firmware_build: Path) -> None:
    """With the password in its address too, which is how the installing page opens it."""
    with served(firmware_build, "secret77") as house:
        said = httpx.get(house, trust_env=False)
        assert (said.status_code, said.headers["www-authenticate"]) == (401, 'Basic realm="claude-gauge"')
        assert httpx.get(f"{house}/state", auth=("gauge", "secret78"), trust_env=False).status_code == 401
        with Tab(360, 900) as tab:
            tab.go(house.replace("http://", "http://gauge:secret77@"))
            tab.becomes("document.readyState === 'complete' && form.elements.broker_port.value === '1883'")
            tab.value("form.elements.broker_host.value = 'desk.local'; document.querySelector('.save').click()")
            tab.becomes("told.textContent.startsWith('Saved')")
        settings = httpx.get(f"{house}/state", auth=("", "secret77"), trust_env=False).json()["settings"]
        assert settings["broker_host"] == "desk.local"


@needs_browser
def test_in_a_browser_a_network_is_chosen_from_those_that_the_device_sees(portal: str) -> None:
    with Tab(360, 900) as tab:
        tab.go(portal)
        buttons = "[...document.querySelectorAll('#networks button')]"
        tab.becomes(f"{buttons}.length === 2")
        assert tab.value(f"{buttons}.map(b => b.textContent)") == ["My netgood", 'Café "Zur Post"weak, open']
        tab.value(axe_source() + "; true")
        assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
        tab.value(f"{buttons}[1].click()")
        assert tab.value("form.elements.wifi_ssid.value") == 'Café "Zur Post"'
        assert tab.value("document.activeElement.name") == "wifi_password"
