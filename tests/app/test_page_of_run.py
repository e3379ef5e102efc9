"""The page of a real publisher that plays a tape: true to the tape, marked, and honest when the publisher is killed,
frozen, or started again.
"""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from gauge_mqtt.core.reading import Limits, Quota, Reading
from gauge_mqtt.sources.tape.tape import Writer
from tests.support.brokers import Mosquitto, free_port
from tests.support.browser import Tab, browser
from tests.support.program import Daemon, url

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
CLUSTER = "document.querySelector('claude-gauge-cluster')"
QUICK_HEARTBEAT = "from gauge_mqtt.app import board; board.HEARTBEAT_S = 0.5"


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """Half of the redline, 75 % and 25 % of the plan, Haiku."""
    quota = Quota(used_percent=75, resets_at=NOON + timedelta(hours=2), seen_at=NOON)
    week = Quota(used_percent=25, resets_at=NOON + timedelta(days=2), seen_at=NOON)
    reading = Reading(
        source="jsonl", observed_at=NOON, rate_tokens=5000, quota_5h=quota, quota_7d=week, model="claude-haiku-5",
        model_at=NOON, telemetry_at=NOON, activity_at=NOON, sees_turns=True,
    )  # fmt: skip
    writer, path = Writer(Limits(redline=10_000)), tmp_path / "tape"
    path.write_bytes(writer.head + writer.line(NOON, [reading]))
    return path


@pytest.fixture
def tab() -> Iterator[Tab]:
    with Tab(width=1280, height=800) as tab:
        yield tab


def shows(*degrees: float, lit: str) -> str:
    near = " && ".join(f"Math.abs({CLUSTER}.places[{nth}] - {deg}) < 0.1" for nth, deg in enumerate(degrees))
    return f"{CLUSTER}?.places && {near} && {CLUSTER}.lit.join() === '{lit}'"


PARKED = shows(*[face_deg(PARK_DEG)] * 3, lit="stall")
PLAYED = shows(60, -24, -60, lit="haiku")
LATER = "{ const now = performance.now.bind(performance); performance.now = () => now() + 91_000; }"


def test_killed_frozen_and_started_again(mosquitto: Mosquitto, tape: Path, tab: Tab) -> None:
    mosquitto.start()
    port = str(free_port())
    flags = ("--http-port", port, "--mqtt-url", url(mosquitto), "--source", "replay", "--tape", str(tape))
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
        assert second.usage()["source"] == "replay"
