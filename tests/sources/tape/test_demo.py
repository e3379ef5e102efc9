"""The scripted day shows everything that there is to see, and says that it is one."""

from datetime import UTC, datetime, timedelta

from gauge_mqtt.contract.messages import Event, edges, lamps
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.reading import Limits
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.sources.tape.demo import DAY, DAY_S, demo_reading

BEGAN = datetime(2026, 1, 2, 8, tzinfo=UTC)


def lived(seconds: float) -> tuple[list[Usage], list[Event]]:
    usages: list[Usage] = []
    events: list[Event] = []
    for step in range(int(seconds * 2)):
        now = BEGAN + timedelta(seconds=step / 2)
        before = usages[-1] if usages else None
        usages.append(snapshot([demo_reading(BEGAN, now)], Limits(), "demo", now, before=before))
        events += edges(before, usages[-1])
    return usages, events


def test_a_day_lights_every_lamp_and_fires_every_event() -> None:
    usages, events = lived(DAY_S + 30)
    lit = {lamp for usage in usages for lamp, on in lamps(usage).items() if on}
    assert lit == {"opus", "sonnet", "haiku", "hot", "warn", "stall", "idle"}
    assert {event.event_type for event in events} >= {"hot", "warn", "stall", "reset_5h", "reset_7d"}


def test_the_needles_use_their_whole_scale_and_every_snapshot_says_demo() -> None:
    usages, _ = lived(DAY_S)
    assert {usage.source for usage in usages} == {"demo"}
    assert max(usage.needle_5h or 0 for usage in usages) == 1000
    assert min(usage.needle_5h or 0 for usage in usages) == 0
    assert max(usage.needle_tach or 0 for usage in usages) > 900
    assert all(usage.needle_7d is not None for usage in usages)


def test_the_scenes_are_in_order_and_the_day_begins_again() -> None:
    assert [scene.at for scene in DAY] == sorted(scene.at for scene in DAY)
    first, again = (demo_reading(BEGAN, BEGAN + timedelta(seconds=20 + n * DAY_S)) for n in (0, 3))
    assert (first.rate_tokens, first.quota_5h.used_percent) == (again.rate_tokens, again.quota_5h.used_percent)  # type: ignore[union-attr]
