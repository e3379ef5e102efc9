"""`probe` looks without being noticed, and knows what it may not see."""

import subprocess
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import clear
from gauge_mqtt.sinks.mqtt.probe import probe
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from gauge_mqtt.sinks.mqtt.visit import Rights
from tests.support.brokers import HOST, Mosquitto, RecordingClient, retained_on
from tests.support.mqtt import TOPICS, running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
SETTINGS_PAGE = Path(__file__).parents[3] / "docs/settings.md"
FULL = Rights(read=True, write=True)


async def test_it_sees_what_is_there_and_disturbs_nobody(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    broker = Broker(host=HOST, port=port)
    nothing = await probe(broker, TOPICS)
    assert (nothing.version, nothing.rights) == ("5", FULL)
    assert (nothing.discovery_retained, nothing.availability, nothing.wildcards) == (False, None, None)
    sink = sink_on(port)
    with RecordingClient(port) as client:
        async with running(sink):
            await eventually(lambda: retained_on(port).get(TOPICS.availability) == b"online")
            seen = await probe(broker, TOPICS)
            assert (seen.discovery_retained, seen.availability, seen.wildcards) == (True, "online", True)
            assert sink.health.ok
        assert (await probe(broker, TOPICS)).availability == "offline"
        assert not [topic for topic in client.topics if topic in retained_on(port) and topic.endswith("visit")]
    assert not [topic for topic in retained_on(port) if "visit" in topic]


async def test_junk_in_place_of_availability_is_not_repeated(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        client.publish(TOPICS.availability, b"\x1b[2Jonline", retain=True)
    assert (await probe(Broker(host=HOST, port=port), TOPICS)).availability == "junk"


@pytest.mark.parametrize(
    ("acl", "rights"),
    [
        (f"topic write {TOPICS.base}/#", Rights(read=False, write=None)),
        (f"topic read {TOPICS.base}/#", Rights(read=None, write=False)),
        ("topic readwrite other/#", Rights(read=None, write=False)),
    ],
)
@pytest.mark.parametrize("v311", [False, True])
async def test_it_notices_what_it_may_not(
    acl: str,
    rights: Rights,
    v311: bool,  # noqa: FBT001, a column
    mosquitto: Mosquitto,
    tmp_path: Path,
) -> None:
    (tmp_path / "broker/acl").write_text(f"{acl}\n")
    mosquitto.start("allow_anonymous true", f"acl_file {mosquitto.folder}/acl")
    found = (await probe(Broker(host=HOST, port=mosquitto.port, only_v311=v311), TOPICS)).rights
    assert found == (Rights(read=False, write=None) if v311 else rights), "3.1.1 says nothing of what it denies"


def least_acl() -> str:
    """The rules in docs/settings.md, of the user `gauge` and the instance `desk`."""
    text = SETTINGS_PAGE.read_text()
    return text[text.index("user gauge\ntopic") :].split("```")[0]


async def test_the_least_rights_of_the_readme_are_enough_for_all_it_says(mosquitto: Mosquitto, tmp_path: Path) -> None:
    room = tmp_path / "broker"
    topics, earlier = Topics("desk"), Topics("desk", "earlier")
    (room / "acl").write_text(least_acl() + "user watcher\ntopic readwrite #\n")
    (room / "passwd").write_text("gauge:pw\nwatcher:pw\n")
    mosquitto_passwd(room)
    mosquitto.start(
        "allow_anonymous false", f"password_file {mosquitto.folder}/passwd", f"acl_file {mosquitto.folder}/acl"
    )
    broker = Broker(host=HOST, port=mosquitto.port, username="gauge", password="pw")  # noqa: S106
    watcher = ("watcher", "pw")
    with RecordingClient(mosquitto.port, login=watcher) as client:
        client.publish(earlier.discovery, b"{}", retain=True)
    sink = MqttSink(broker, topics, b"{}")
    async with running(sink):
        sink.show(usage(), (), beat=True)
        await eventually(lambda: retained_on(mosquitto.port, login=watcher).keys() >= set(topics.retained))
        sink.show(usage(rate_1m=2), (), beat=True)
        await eventually(lambda: retained_on(mosquitto.port, login=watcher)[topics.keys["rate_1m"]] == b"2")
        assert sink.health.ok
        assert sink.refused == 0
        seen = await probe(broker, topics)
        assert (seen.discovery_retained, seen.availability, seen.rights) == (True, "online", FULL)
    cleared = await clear(broker, topics)
    assert cleared.unseen is None
    assert retained_on(mosquitto.port, login=watcher) == {}


def mosquitto_passwd(room: Path) -> None:
    subprocess.run(["mosquitto_passwd", "-U", "passwd"], cwd=room, check=True, capture_output=True)
