"""TLS with certificates made here: verified always, and its failures told in words."""

from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto
from tests.support.certificates import authority, certificate
from tests.support.mqtt import running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def room(tmp_path: Path, mosquitto: Mosquitto) -> Path:  # noqa: ARG001 (it makes the room)
    room = tmp_path / "broker"
    authority(room, "ca")
    certificate(room, "server", "ca", "IP:127.0.0.1,DNS:localhost")
    return room


def start(mosquitto: Mosquitto, server: str = "server", *more: str) -> None:
    keys = f"{mosquitto.folder}/{server}"
    mosquitto.start("allow_anonymous true", f"certfile {keys}.pem", f"keyfile {keys}.key", *more)


async def test_with_the_right_authority_all_is_well(mosquitto: Mosquitto, room: Path) -> None:
    start(mosquitto)
    sink = sink_on(mosquitto.port, tls=True, ca_file=room / "ca.pem")
    sink.show(usage(), (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        assert "mqtts://" in sink.health.detail


async def test_with_another_authority_it_does_not_connect_and_says_why(mosquitto: Mosquitto, room: Path) -> None:
    start(mosquitto)
    sink = sink_on(mosquitto.port, tls=True, ca_file=authority(room, "stranger"))
    async with running(sink):
        await eventually(lambda: "is not trusted" in sink.health.detail)
        assert "CLAUDE_GAUGE_MQTT_CA_FILE" in sink.health.detail


async def test_a_certificate_for_another_host_is_not_trusted(mosquitto: Mosquitto, room: Path) -> None:
    certificate(room, "other", "ca", "DNS:elsewhere.example")
    start(mosquitto, "other")
    sink = sink_on(mosquitto.port, tls=True, ca_file=room / "ca.pem")
    async with running(sink):
        await eventually(lambda: "is for another name" in sink.health.detail)
        assert "CLAUDE_GAUGE_MQTT_URL" in sink.health.detail
        assert "CA_FILE" not in sink.health.detail, "another authority would not help"


async def test_a_certificate_that_has_expired_is_to_be_renewed(mosquitto: Mosquitto, room: Path) -> None:
    certificate(room, "old", "ca", "IP:127.0.0.1", days=-1)
    start(mosquitto, "old")
    sink = sink_on(mosquitto.port, tls=True, ca_file=room / "ca.pem")
    async with running(sink):
        await eventually(lambda: "renew it" in sink.health.detail)
        assert "CA_FILE" not in sink.health.detail, "another authority would not help"


async def test_a_client_certificate_lets_in_and_without_one_the_words_ask_for_it(
    mosquitto: Mosquitto, room: Path
) -> None:
    certificate(room, "gauge", "ca", "DNS:gauge")
    start(mosquitto, "server", f"cafile {mosquitto.folder}/ca.pem", "require_certificate true")
    trust = {"tls": True, "ca_file": room / "ca.pem"}
    bare = sink_on(mosquitto.port, **trust)
    async with running(bare):
        await eventually(lambda: "client certificate" in bare.health.detail)
    sink = sink_on(mosquitto.port, **trust, cert_file=room / "gauge.pem", key_file=room / "gauge.key")
    async with running(sink):
        await eventually(lambda: sink.health.ok)


async def test_tls_to_a_port_without_it_and_the_reverse_are_told_in_words(mosquitto: Mosquitto, room: Path) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port, tls=True, ca_file=room / "ca.pem")
    async with running(sink):
        await eventually(lambda: "TLS" in sink.health.detail)
    mosquitto.kill()
    start(mosquitto)
    plain = sink_on(mosquitto.port)
    async with running(plain):
        await eventually(lambda: "without TLS?" in plain.health.detail)


async def test_a_missing_file_is_named(mosquitto: Mosquitto, room: Path) -> None:
    start(mosquitto)
    sink = sink_on(mosquitto.port, tls=True, ca_file=room / "lost.pem")
    async with running(sink):
        await eventually(lambda: f"cannot read {room / 'lost.pem'}" in sink.health.detail)
