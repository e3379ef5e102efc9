"""The page of a real publisher that plays a tape: true to the tape, marked, and honest when the publisher is killed,
frozen, or started again.
"""

import signal
from collections.abc import Iterator

import pytest

from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from tests.support.brokers import Mosquitto, free_port
from tests.support.browser import Tab, browser
from tests.support.program import Daemon, url
from tests.support.tapes import AT_WORK, last_snapshot

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
CLUSTER = "document.querySelector('claude-gauge-cluster')"
QUICK_HEARTBEAT = "from gauge_mqtt.app import board; board.HEARTBEAT_S = 0.5"


@pytest.fixture
def tab() -> Iterator[Tab]:
    with Tab(width=1280, height=800) as tab:
        yield tab


def shows(*degrees: float, lit: str) -> str:
    near = " && ".join(f"Math.abs({CLUSTER}.places[{nth}] - {deg}) < 0.1" for nth, deg in enumerate(degrees))
    return f"{CLUSTER}?.places && {near} && {CLUSTER}.lit.join() === '{lit}'"


PARKED = shows(*[face_deg(PARK_DEG)] * 3, lit="stall")
PLAYED = shows(32.16, 44.64, 89.28, lit="opus,warn")
LATER = "{ const now = performance.now.bind(performance); performance.now = () => now() + 91_000; }"


def test_killed_frozen_and_started_again(mosquitto: Mosquitto, tab: Tab) -> None:
    mosquitto.start()
    port = str(free_port())
    flags = ("--http-port", port, "--mqtt-url", url(mosquitto), "--source", "replay", "--tape", str(AT_WORK))
    with Daemon(*flags, changed=QUICK_HEARTBEAT) as first:
        tab.go(first.address())
        tab.becomes(PLAYED)
        mark = f"getComputedStyle({CLUSTER}.shadowRoot.querySelector('[data-mark=replay]')).visibility"
        assert tab.value(mark) == "visible"
        first.child.send_signal(signal.SIGSTOP)
        tab.value(LATER)
        tab.becomes(PARKED)
        first.child.send_signal(signal.SIGCONT)
        tab.becomes(PLAYED)
        first.child.kill()
        tab.becomes(PARKED)
    with Daemon(*flags) as second:
        tab.becomes(PLAYED)
        ends = last_snapshot(AT_WORK)
        assert ends.source == "replay"
        needles = [ends.needle_5h, ends.needle_tach, ends.needle_7d]
        assert [second.usage()[key] for key in ("needle_5h", "needle_tach", "needle_7d")] == needles == [634, 686, 872]
