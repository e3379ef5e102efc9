"""Checks along the way of the data, each with a verdict, a fact and one thing to do."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.request import urlopen

from gauge_mqtt import windows
from gauge_mqtt.contract import Usage
from gauge_mqtt.feeds import Feeds, make_feeds
from gauge_mqtt.layers import Loaded
from gauge_mqtt.settings import MQTT_PORT, Settings, SettingsError, address, variable
from gauge_mqtt.sinks.broker import port_answers
from gauge_mqtt.sinks.mqtt_clear import probe
from gauge_mqtt.sinks.mqtt_words import MqttError
from gauge_mqtt.snapshot import snapshot
from gauge_mqtt.sources.ccusage import CcusageSource
from gauge_mqtt.sources.ccusage_program import HOW_TO, Program
from gauge_mqtt.sources.ccusage_report import CcusageError
from gauge_mqtt.sources.jsonl import JsonlSource
from gauge_mqtt.sources.logbook import present
from gauge_mqtt.sources.roots import walk

FAULT: Literal["fault"] = "fault"
DAY = 86_400
CCUSAGE_DIFFERS = "`blocks` of ccusage 20.0.23 and later counts replays of side chains, before 20 it counts other lines"


class Check(NamedTuple):
    """`ok`, `note` (works, but not all of it) or `fault`."""

    verdict: Literal["ok", "note", "fault"]
    about: str
    fact: str
    fix: str = ""


async def examine(loaded: Loaded) -> list[Check]:
    """Every check, in the order of the data: settings, logs, windows, ceilings, broker, discovery, HTTP."""
    settings = loaded.settings
    changed = sum(origin != "default" for origin in loaded.origins.values())
    feeds = await make_feeds(settings)
    await feeds.load()
    now = datetime.now(UTC)
    usage = snapshot(feeds.read(now), settings.limits, settings.instance, now)
    return [
        Check("ok", "settings", f"instance {settings.instance}, {changed} set, the rest default"),
        *_logs(feeds.tail),
        Check("ok", "source", f"{'+'.join(source.name for source in feeds.sources)} ({feeds.why})"),
        *_windows(feeds.tail, usage),
        *await _ccusage(settings, feeds),
        *_ceilings(settings, usage),
        *await _broker(settings),
        await _http(settings),
    ]


def _logs(source: JsonlSource) -> list[Check]:
    there = present(source.roots)
    looked = ", ".join(map(str, source.roots))
    if not there:
        return [Check(FAULT, "logs", f"no log directory, looked for {looked}", "export CLAUDE_CONFIG_DIR=/where/it/is")]
    newest = max((found.mtime for found in walk(there)), default=None)
    if newest is None:
        return [Check("note", "logs", f"no session in {', '.join(map(str, there))}", "claude -p hello")]
    age = max(0.0, time.time() - newest)
    fact = f"{len(source.book.files)} sessions in {', '.join(map(str, there))}, newest written {_ago(age)}"
    fix = "check that Claude Code writes to this directory, else: export CLAUDE_CONFIG_DIR=/where/it/is"
    return [Check("ok", "logs", fact) if age < 7 * DAY else Check("note", "logs", fact, fix)]


def _windows(source: JsonlSource, usage: Usage) -> list[Check]:
    if source.failing_since is not None:
        return []
    newest = source.book.ledger.order[-1] * 60 if source.book.ledger.order else None
    record = "no usage record in a week" if newest is None else f"newest usage {_ago(max(0.0, time.time() - newest))}"
    checks = [
        Check("ok", "windows", f"5 h {_count(usage.window_5h_tokens)}, 7 d {_count(usage.window_7d_tokens)}; {record}")
    ]
    refused, oversize = source.book.tail.counters.refused, source.book.tail.counters.oversize
    if refused or oversize:
        fact = f"{refused} lines with a usage that cannot be believed, {oversize} too long; none of them was counted"
        checks.append(Check("note", "lines", fact, "gauge-mqtt --version, and report it if Claude Code is newer"))
    return checks


async def _ccusage(settings: Settings, feeds: Feeds) -> list[Check]:
    """Whether ccusage works, and how its windows and our own of the same logs differ."""
    asked = next((source for source in feeds.sources if isinstance(source, CcusageSource)), None)
    if asked is None:
        try:
            program = Program(settings.ccusage, feeds.tail.roots, settings.ccusage_timeout)
            await program.identify()
        except CcusageError:
            return []  # not wanted, or `auto` has said why it is not used
        asked = CcusageSource(program, feeds.tail, settings.ccusage_ttl)
        await asked.load()
    if asked.failure:
        return [Check(FAULT, "ccusage", asked.failure, f"{HOW_TO}; or export {variable('source')}=jsonl")]
    now = datetime.now(UTC)
    theirs, ours = asked.read(now), windows.read(feeds.tail.book.ledger, now, feeds.tail.name)
    pairs = [("5 h", theirs.window_5h, ours.window_5h), ("7 d", theirs.window_7d, ours.window_7d)]
    checks = [Check("ok", "ccusage", asked.state().detail)]
    for name, their, our in pairs:
        if their is None or our is None:
            checks.append(Check("note", f"ccusage {name}", "cannot be compared: the logs are not read that far back"))
            continue
        fact = f"{their.tokens:,} by ccusage, {our.tokens:,} by our own reading of the logs"
        difference = their.tokens - our.tokens
        if not difference:
            checks.append(Check("ok", f"ccusage {name}", f"{fact}: equal"))
            continue
        relative = f" ({difference / our.tokens:+.2%})" if our.tokens else ""
        fix = f"{CCUSAGE_DIFFERS}; to go by our own: export {variable('source')}=jsonl"
        checks.append(Check("note", f"ccusage {name}", f"{fact}: {difference:+,}{relative}", fix))
    return checks


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
    except (SettingsError, MqttError) as error:
        return [Check(FAULT, "broker", str(error), f"export {variable('mqtt_url')}=mqtt://your-broker:1883")]
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


def _ago(seconds: float) -> str:
    for size, unit in ((DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,} tokens"
