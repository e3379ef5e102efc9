"""Make the pictures of the cluster in docs/images anew, from the real page in a real browser:

.venv/bin/python -m tests.sinks.http.shots

The values are those of an hour of hard work; they are made up.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gauge_mqtt.contract import Usage
from tests.support.browser import Tab
from tests.support.http import ServedSink

IMAGES = Path(__file__).resolve().parents[3] / "docs/images"
CLUSTER = "document.querySelector('claude-gauge-cluster')"


def at_work() -> Usage:
    now = datetime.now(UTC)
    return Usage(
        updated_at=now,
        instance="desk",
        source="jsonl+quota",
        rate_1m=9350,
        redline=10_900,
        needle_5h=634,
        needle_tach=686,
        needle_7d=872,
        window_5h_pct=0.634,
        window_5h_source="official",
        window_7d_pct=0.872,
        window_7d_source="official",
        last_model="opus",
        hot=False,
        warn=True,
        stall=False,
        idle=False,
        telemetry_at=now,
        window_5h_resets_at=now + timedelta(hours=1, minutes=48),
        window_7d_resets_at=now + timedelta(days=2, hours=6),
    )


def main() -> None:
    with ServedSink() as served:
        served.show(at_work())
        for theme in ("light", "dark"):
            with Tab(width=1120, height=640, dark=theme == "dark", scale=1.5) as tab:
                tab.go(served.url)
                tab.becomes(f"{CLUSTER}?.usage")
                (IMAGES / f"cluster-{theme}.png").write_bytes(tab.screenshot())


if __name__ == "__main__":
    main()
