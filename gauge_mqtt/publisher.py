"""The whole publisher, put together from the settings: sources, board, sinks, and a broker where there is none."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gauge_mqtt import __version__, discovery
from gauge_mqtt.contract import PREFIX
from gauge_mqtt.runner import Board, run_until, until_signalled
from gauge_mqtt.settings import MQTT_PORT, Broker, Settings, variable
from gauge_mqtt.sinks.broker import LOOPBACK, EmbeddedBroker, port_answers
from gauge_mqtt.sinks.http import HttpSink
from gauge_mqtt.sinks.metrics import Own
from gauge_mqtt.sinks.mqtt import MqttSink
from gauge_mqtt.sinks.mqtt_words import MqttError
from gauge_mqtt.sources.jsonl import NO_LOGS, JsonlSource
from gauge_mqtt.sources.logbook import Progress
from gauge_mqtt.sources.roots import log_roots

log = logging.getLogger(__name__)

SWITCH_S = 0.0002
"""How long paho's thread may be kept from the interpreter; Python's own 5 ms would hold back the first message."""


def make_source(settings: Settings, progress: Progress | None = None) -> JsonlSource:
    """The source that the settings ask for; `auto` takes the session logs, the only one there is so far."""
    return JsonlSource(log_roots(os.environ, Path.home()), settings.state_dir, progress)


def why_source(settings: Settings) -> str:
    return "as set" if settings.source != "auto" else "auto: the session logs of this machine"


def missing_ceilings(settings: Settings) -> str | None:
    """One line for an owner whose fuel needles have no full mark yet."""
    missing = [variable(n) for n, set_ in (("5h_ceiling", settings.ceiling_5h), ("7d_ceiling", settings.ceiling_7d))
               if set_ is None]  # fmt: skip
    if not missing:
        return None
    return f"no full mark for the fuel needles: set {' and '.join(missing)} (tokens that count as 100 %)"


async def publish(settings: Settings, progress: Progress | None = None) -> None:
    """Run until SIGINT or SIGTERM. Raises what only a bug raises, `MqttError` if no broker can be had at all."""
    sys.setswitchinterval(SWITCH_S)
    async with until_signalled() as stop:
        broker, embedded = await _find_broker(settings)
        serving = await _start(embedded) if embedded else None
        try:
            board = asyncio.create_task(_board(settings, broker, progress).run())
            await run_until(stop, board, [serving] if serving else [])
        finally:
            if serving and serving.done():
                serving.result()
                raise MqttError("the embedded broker has stopped by itself")
            if serving:
                serving.cancel()
                await asyncio.wait({serving}, timeout=1.0)


def _board(settings: Settings, broker: Broker, progress: Progress | None) -> Board:
    source = make_source(settings, progress)
    mqtt = MqttSink(broker, settings.topics, discovery.payload(settings.topics, __version__))
    http = HttpSink(settings.http_host, settings.http_port, lambda: _report(source, mqtt), lambda: _own(source, mqtt))
    log.info("gauge-mqtt %s, instance %s", __version__, settings.instance)
    log.info("source: %s (%s): %s", source.name, why_source(settings), ", ".join(map(str, source.roots)))
    if hint := missing_ceilings(settings):
        log.info("%s", hint)
    return Board([source], [mqtt, http], settings.limits, settings.instance)


async def _find_broker(settings: Settings) -> tuple[Broker, EmbeddedBroker | None]:
    """The broker that is set, else the one on localhost, else one of our own."""
    broker = settings.broker()
    if settings.mqtt_url or await port_answers("localhost", MQTT_PORT):
        if broker.password and not broker.tls and broker.host not in {"localhost", "127.0.0.1", "::1"}:
            log.warning("the password travels in clear to %s; mqtts:// would hide it", broker.url)
        return broker, None
    return Broker(host=LOOPBACK, only_v311=True), EmbeddedBroker(MQTT_PORT)


async def _start(embedded: EmbeddedBroker) -> "asyncio.Task[None]":
    """Have the embedded broker up before anything wants to connect. Raises `MqttError` if it cannot."""
    serving, ready = asyncio.create_task(embedded.run()), asyncio.create_task(embedded.ready.wait())
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if serving.done():
        serving.result()
    log.info("MQTT: no broker is set and none is on localhost:%d, so one runs in here (this machine only)", MQTT_PORT)
    log.info("try: mosquitto_sub -v -t '%s/#'", PREFIX)
    return serving


def _report(source: JsonlSource, mqtt: MqttSink) -> dict[str, Any]:
    """`/healthz`: the age of the source and the state of the broker, and whether both are well."""
    age = source.book.age()
    failing = source.failing_since is not None
    return {
        "ok": mqtt.health.ok and not failing and age is not None,
        "version": __version__,
        "source": {
            "name": source.name,
            "ok": not failing,
            "age_s": None if age is None else round(age, 1),
            "detail": NO_LOGS if failing else source.polling or "watching",
            "files": len(source.book.files),
        },
        "mqtt": {"ok": mqtt.health.ok, "detail": mqtt.health.detail},
    }


def _own(source: JsonlSource, mqtt: MqttSink) -> list[Own]:
    counters = source.book.tail.counters
    figures: list[tuple[str, str, str, Callable[[], float | None]]] = [
        ("source_up", "gauge", "whether the source can be read", lambda: source.failing_since is None),
        ("source_age_seconds", "gauge", "since the source last looked", source.book.age),
        ("source_files", "gauge", "session files known", lambda: len(source.book.files)),
        ("source_records_total", "counter", "usage records read", lambda: counters.records),
        ("source_refused_total", "counter", "lines whose usage was not believed", lambda: counters.refused),
        ("source_oversize_total", "counter", "lines too long to read", lambda: counters.oversize),
        ("source_resets_total", "counter", "files that were truncated or replaced", lambda: counters.resets),
        ("mqtt_connected", "gauge", "whether the broker is there and takes everything", lambda: mqtt.health.ok),
        ("mqtt_published_total", "counter", "messages published", lambda: mqtt.published),
        ("mqtt_refused_total", "counter", "messages the broker refused", lambda: mqtt.refused),
    ]
    return [Own(name, kind, about, value) for name, kind, about, get in figures if (value := get()) is not None]
