"""Every check along the way of the data, from the settings to HTTP."""

from datetime import UTC, datetime

from gauge_mqtt.app import checks, checks_ccusage, checks_http, checks_quota
from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.contract import Usage
from gauge_mqtt.core import snapshot
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT, Broker
from gauge_mqtt.sinks.mqtt.clear import instances, probe
from gauge_mqtt.sinks.mqtt.embedded import port_answers
from gauge_mqtt.sinks.mqtt.words import MqttError


async def examine(loaded: LoadedSettings) -> list[Check]:
    """Every check, in the order of the data: settings, logs, windows, ceilings, broker, discovery, HTTP."""
    settings = loaded.settings
    changed = sum(origin != "default" for origin in loaded.origins.values())
    source_set = await make_sources(settings)
    await source_set.load()
    now = datetime.now(UTC)
    usage = snapshot(source_set.read(now), settings.limits, settings.instance, now)
    return [
        Check("ok", "settings", f"instance {settings.instance}, {changed} set, the rest default"),
        *(checks.logs(source_set.tail) if source_set.tail else []),
        Check("ok", "source", f"{'+'.join(source.name for source in source_set.sources)} ({source_set.why})"),
        *(checks.account(source_set.tail, usage) if source_set.tail else [checks.totals(usage)]),
        *await checks.prometheus(settings, source_set),
        *await checks_ccusage.ccusage(settings, source_set),
        *checks_quota.statusline(settings),
        *_ceilings(settings, usage),
        *await _broker(settings, short_name=loaded.origins["instance"] == "default"),
        await checks_http.http(settings),
    ]


def _ceilings(settings: Settings, usage: Usage) -> list[Check]:
    checks = []
    for name, ceiling, tokens, share in (
        ("5h_ceiling", settings.ceiling_5h, usage.window_5h_tokens, usage.window_5h_pct),
        ("7d_ceiling", settings.ceiling_7d, usage.window_7d_tokens, usage.window_7d_pct),
    ):
        if ceiling is None:
            fact = "not set: this fuel needle stays dark"
            checks.append(
                Check("note", name, fact, f"export {variable(name)}=TOKENS  (what you have used when it is full)")
            )
        elif tokens is not None and tokens > ceiling:
            fact = f"{ceiling:,} is less than the {tokens:,} already used: it cannot be the plan's limit"
            checks.append(
                Check(FAULT, name, fact, f"export {variable(name)}={tokens * 5 // 4}  (or what your plan says)")
            )
        else:
            checks.append(
                Check("ok", name, f"{ceiling:,} tokens" + (f", {share:.1%} used" if share is not None else ""))
            )
    basis = usage.redline_source or "unknown until there is some history"
    checks.append(Check("ok", "redline", f"{usage.redline:,} tok/min ({basis})" if usage.redline else basis))
    return checks


async def _broker(settings: Settings, *, short_name: bool) -> list[Check]:
    """`short_name`: the instance is the host name without its domain, since none is set."""
    try:
        broker = settings.broker()
        if not settings.mqtt_url and not await port_answers("localhost", MQTT_PORT):
            fact = "none is set and none is on localhost:1883: `run` starts its own, for this machine only"
            return [Check("note", "broker", fact, f"export {variable('mqtt_url')}=mqtt://your-broker:1883")]
        seen = await probe(broker, settings.topics)
        former = await _former_names(broker, settings.instance) if short_name else []
    except SettingsError as error:
        return [Check(FAULT, "broker", str(error), "gauge-mqtt show-config  (says where that setting comes from)")]
    except MqttError as error:
        return [checks.fault("broker", error)]
    start = "gauge-mqtt run"
    return [
        Check("ok", "broker", f"{broker.url} answers (MQTT {seen.version})"),
        Check("ok", "publisher", f"{settings.instance} is online")
        if seen.availability == "online"
        else Check("note", "publisher", f"{settings.instance} is {seen.availability or 'not there'}", start),
        Check("ok", "discovery", f"{settings.topics.discovery} is retained")
        if seen.discovery_retained
        else Check("note", "discovery", f"{settings.topics.discovery} is empty", start),
        *former,
    ]


async def _former_names(broker: Broker, instance: str) -> list[Check]:
    """Before, the name of a host was taken with its domain, which changes with the network that a laptop is in."""
    fact = "is on the broker and offline; if it is this machine under a name with a domain, it is no longer needed"
    fix = "gauge-mqtt discovery clear --instance"
    names = [name for name, state in await instances(broker) if name.startswith(f"{instance}_") and state != "online"]
    return [Check("note", "former name", f"{name} {fact}", f"{fix} {name}") for name in names]
