"""The doctor's checks of the broker: whether it lets us in, what is there, and what this user may not see."""

from gauge_mqtt.app import checks
from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT, Broker
from gauge_mqtt.sinks.mqtt.embedded import port_answers
from gauge_mqtt.sinks.mqtt.probe import Probe, instances, probe
from gauge_mqtt.sinks.mqtt.visit import who
from gauge_mqtt.sinks.mqtt.words import MqttError

START = "gauge-mqtt run"


async def broker(settings: Settings, *, short_name: bool) -> list[Check]:
    """`short_name`: the instance is the host name without its domain, since none is set."""
    try:
        where = settings.broker()
        if not settings.mqtt_url and not await port_answers("localhost", MQTT_PORT):
            fact = "none is set and none is on localhost:1883: `run` starts its own, for this machine only"
            return [Check("note", "broker", fact, f"export {variable('mqtt_url')}=mqtt://your-broker:1883")]
        seen = await probe(where, settings.topics)
        former = await _former_names(where, settings.instance) if short_name else []
    except SettingsError as error:
        return [Check(FAULT, "broker", str(error), "gauge-mqtt show-config  (says where that setting comes from)")]
    except MqttError as error:
        return [checks.fault("broker", error)]
    answers = Check("ok", "broker", f"{where.url} answers (MQTT {seen.version})")
    if seen.rights.write is False:
        fact = f"{who(where)} may not write {settings.topics.base}/#: nothing will be published"
        return [answers, Check(FAULT, "rights", fact, f"mosquitto: topic readwrite {settings.topics.base}/#")]
    if not seen.rights.read:
        fact = f"{who(where)} may not read {settings.topics.base}/#, so what is published cannot be seen from here"
        if seen.version == "3.1.1":
            fact += " (or may not write it: on MQTT 3.1.1 nobody says so)"
        return [answers, Check("note", "rights", fact, f"mosquitto: topic readwrite {settings.topics.base}/#")]
    return [
        answers,
        _publisher(settings, seen),
        _discovery(settings, where, seen),
        *_wildcards(settings, seen),
        *former,
    ]


def _publisher(settings: Settings, seen: Probe) -> Check:
    if seen.availability == "online":
        return Check("ok", "publisher", f"{settings.instance} is online")
    return Check("note", "publisher", f"{settings.instance} is {seen.availability or 'not there'}", START)


def _discovery(settings: Settings, where: Broker, seen: Probe) -> Check:
    topic = settings.topics.discovery
    if seen.discovery_retained:
        return Check("ok", "discovery", f"{topic} is retained")
    if seen.availability != "online":
        return Check("note", "discovery", f"{topic} is empty", START)
    fact = f"{topic} cannot be seen, though its publisher is online: {who(where)} may not read or not write it"
    return Check("note", "discovery", fact, f"mosquitto: topic readwrite {topic}")


def _wildcards(settings: Settings, seen: Probe) -> list[Check]:
    if seen.wildcards is not False:
        return []
    fact = (
        "this broker hands out retained values for a full topic only, not for a wildcard: Home Assistant finds the"
        f" device when it starts or the publisher connects, and a subscription to {settings.topics.base}/# shows each"
        " value when it is next published, within 30 s"
    )
    return [Check("note", "retained", fact, "docs/brokers.md says which brokers do that")]


async def _former_names(where: Broker, instance: str) -> list[Check]:
    """Before, the name of a host was taken with its domain, which changes with the network that a laptop is in."""
    fact = "is on the broker and offline; if it is this machine under a name with a domain, it is no longer needed"
    fix = "gauge-mqtt discovery clear --instance"
    names = [name for name, state in await instances(where) if name.startswith(f"{instance}_") and state != "online"]
    return [Check("note", "former name", f"{name} {fact}", f"{fix} {name}") for name in names]
