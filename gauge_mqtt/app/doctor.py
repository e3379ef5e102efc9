"""Every check along the way of the data, from the settings to HTTP."""

import asyncio
import json
from datetime import UTC, datetime
from urllib.request import urlopen

from gauge_mqtt.app import checks, checks_ccusage, checks_quota
from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.contract import Usage
from gauge_mqtt.core import snapshot
from gauge_mqtt.sinks import address
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT
from gauge_mqtt.sinks.mqtt.clear import probe
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
        *await _broker(settings),
        await _http(settings),
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


async def _broker(settings: Settings) -> list[Check]:
    try:
        broker = settings.broker()
        if not settings.mqtt_url and not await port_answers("localhost", MQTT_PORT):
            fact = "none is set and none is on localhost:1883: `run` starts its own, for this machine only"
            return [Check("note", "broker", fact, f"export {variable('mqtt_url')}=mqtt://your-broker:1883")]
        seen = await probe(broker, settings.topics)
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
    ]


async def _http(settings: Settings) -> Check:
    where = address(settings.http_host, settings.http_port)
    if not settings.http_port or not await port_answers(settings.http_host, settings.http_port):
        return Check("ok", "http", f"{where} is free for `run`")
    try:
        answer = await asyncio.to_thread(_fetch, f"http://{where}/usage")
    except (OSError, ValueError):
        fact = f"{where} belongs to another program: `run` publishes on MQTT, but serves no HTTP"
        return Check(FAULT, "http", fact, f"export {variable('http_port')}=8081")
    return Check("ok", "http", f"http://{where}/usage is served by {answer}")


def _fetch(url: str) -> str:
    """Whose snapshot is served there. Raises `OSError` or `ValueError` if it is none."""
    with urlopen(url, timeout=3) as response:  # noqa: S310, made of our own settings
        body = json.loads(response.read(65536))
    if not isinstance(body, dict) or "instance" not in body:
        raise ValueError("not our contract")
    return str(body["instance"])
