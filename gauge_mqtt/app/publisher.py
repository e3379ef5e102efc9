"""The whole publisher, put together from the settings: sources, board, sinks, and a broker where there is none."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gauge_mqtt import __version__
from gauge_mqtt.app.board import Board, utc_now
from gauge_mqtt.app.calibration import calibrations_of
from gauge_mqtt.app.leaving import run_until, until_signalled
from gauge_mqtt.app.memory import Memory
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.source_set import SourceSet, make_sources
from gauge_mqtt.contract.health import Metric
from gauge_mqtt.contract.insights import Insights, Period
from gauge_mqtt.contract.topics import PREFIX
from gauge_mqtt.homeassistant import discovery
from gauge_mqtt.homeassistant import insights as insights_device
from gauge_mqtt.sinks.http.server import HttpSink
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT, Broker
from gauge_mqtt.sinks.mqtt.embedded import LOOPBACK, EmbeddedBroker, port_answers
from gauge_mqtt.sinks.mqtt.insights import InsightsVoice
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from gauge_mqtt.sinks.mqtt.words import MqttError
from gauge_mqtt.sources import Source
from gauge_mqtt.sources.logs.ahead import Started
from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.logs.place import INSIGHTS

if TYPE_CHECKING:
    from gauge_mqtt.sources.logs.insights.feed import Feed

log = logging.getLogger(__name__)

SWITCH_S = 0.0002
"""How long the thread that announces a line may be kept from the interpreter; Python's own 5 ms are longer than all
the rest of the line's way.
"""

COLLECTS_AFTER_S = 10.0
"""What a start makes is kept, and the garbage collector would find nothing in it."""


def missing_ceilings(settings: Settings) -> str | None:
    """One line for an owner whose fuel needles have no full mark yet."""
    missing = [variable(n) for n, set_ in (("5h_ceiling", settings.ceiling_5h), ("7d_ceiling", settings.ceiling_7d))
               if set_ is None]  # fmt: skip
    if not missing or settings.source in {"demo", "replay"}:
        return None
    return (
        "the fuel needles need the official percentages (gauge-mqtt statusline install), or a full mark:"
        f" set {' and '.join(missing)} (tokens that count as 100 %, or history: your own largest)"
    )


async def publish(
    settings: Settings,
    progress: Progress | None = None,
    on_page: Callable[[str], None] | None = None,
    ahead: Started | None = None,
) -> None:
    """Run until SIGINT or SIGTERM. Raises what only a bug raises, `MqttError` if no broker can be had at all.

    `on_page`: gets the address of the page as soon as it is there. `ahead`: who has begun to read the logs.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.disable()
    asyncio.get_running_loop().call_later(COLLECTS_AFTER_S, gc.enable)
    async with until_signalled() as stop:
        broker, embedded = await _find_broker(settings)
        serving = await _start(embedded) if embedded else None
        try:
            sources = await make_sources(settings, progress, ahead)
            board = asyncio.create_task(_board(settings, broker, sources, on_page, progress).run())
            await run_until(stop, board, [serving] if serving else [])
        finally:
            if serving and serving.done():
                serving.result()
                raise MqttError("the embedded broker has stopped by itself")
            if serving:
                serving.cancel()
                await asyncio.wait({serving}, timeout=1.0)


def _board(
    settings: Settings,
    broker: Broker,
    source_set: SourceSet,
    on_page: Callable[[str], None] | None,
    progress: Progress | None,
) -> Board:
    topics, memory = settings.topics, Memory(settings.state_dir, settings.topics.instance, source_set.origin)
    renew = None if broker.only_v311 else settings.broker  # our own broker has no password
    feed = _feed(settings, source_set)
    voice = InsightsVoice(topics, lambda known: insights_device.payload(topics, __version__, known)) if feed else None
    mqtt = MqttSink(broker, topics, discovery.payload(topics, __version__, memory.known), renew=renew, insights=voice)
    memory.on_known = lambda known: mqtt.describe(discovery.payload(topics, __version__, known))
    sources = source_set.everything
    http = HttpSink(
        settings.http_host,
        settings.http_port,
        lambda: _report(sources, mqtt, feed),
        lambda: _metrics(sources, mqtt),
        allowed_hosts=settings.http_allowed_hosts.split(","),
        on_page=on_page,
        insights=feed is not None,
    )

    def told(found: Mapping[Period, Insights]) -> None:
        mqtt.tell(found["day"])
        http.tell(found)

    async def follow() -> None:
        assert feed is not None  # noqa: S101, asked for below
        assert source_set.tail is not None  # noqa: S101
        book = source_set.tail.book
        await feed.run(lambda: book.observed_at is not None, told, progress)

    log.info("gauge-mqtt %s, instance %s", __version__, settings.instance)
    log.info("source: %s (%s)", "+".join(source.name for source in source_set.sources), source_set.why)
    if source_set.tail:
        log.info("session logs: %s", ", ".join(map(str, source_set.tail.roots)))
    if hint := missing_ceilings(settings):
        log.info("%s", hint)
    limits, clock = (player.limits, player.clock) if (player := source_set.player) else (settings.limits, utc_now)
    calibrations = calibrations_of(settings.state_dir, source_set.quota)
    return Board(
        sources, [mqtt, http], limits, topics.instance, clock, memory=memory, calibrations=calibrations,
        beside=[follow] if feed else [],
    )  # fmt: skip


def _feed(settings: Settings, source_set: SourceSet) -> "Feed | None":
    """The insights, where they are wanted, or were."""
    if not settings.insights and not INSIGHTS.kept(settings.state_dir):
        return None
    from gauge_mqtt.app import insights  # noqa: PLC0415, its imports are a quarter of a start

    return insights.live(settings, source_set.tail)


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
    log.info(
        "MQTT: no broker is set and none is on localhost:%d, so one runs in here (MQTT 3.1.1, this machine only)",
        MQTT_PORT,
    )
    log.info("try: mosquitto_sub -v -t '%s/#'", PREFIX)
    return serving


def _report(sources: Sequence[Source], mqtt: MqttSink, feed: "Feed | None" = None) -> dict[str, Any]:
    """`/healthz`: the age of the sources and the state of the broker, and whether all are well. That the insights
    cannot be kept is told, and is no reason to restart anything.
    """
    healths = {source.name: source.health for source in sources}
    return {
        "ok": mqtt.health.ok and all(health.ok and health.age_s is not None for health in healths.values()),
        "version": __version__,
        "sources": {
            name: {"ok": h.ok, "age_s": None if h.age_s is None else round(h.age_s, 1), "detail": h.detail}
            for name, h in healths.items()
        },
        "mqtt": {"ok": mqtt.health.ok, "detail": mqtt.health.detail},
    } | ({"insights": {"ok": feed.failure is None, "detail": feed.failure or "kept"}} if feed else {})


def _metrics(sources: Sequence[Source], mqtt: MqttSink) -> list[Metric]:
    healths = [(f'{{source="{source.name}"}}', source.health) for source in sources]
    ages = [(label, health.age_s) for label, health in healths if health.age_s is not None]
    return [
        *(Metric("source_up", "gauge", "whether the source can be read", h.ok, label) for label, h in healths),
        *(Metric("source_age_seconds", "gauge", "since the source last knew", age, label) for label, age in ages),
        *(metric for source in sources for metric in source.metrics()),
        Metric("mqtt_connected", "gauge", "whether the broker is there and takes everything", mqtt.health.ok),
        Metric("mqtt_published_total", "counter", "messages published", mqtt.published),
        Metric("mqtt_refused_total", "counter", "messages the broker refused", mqtt.refused),
    ]
