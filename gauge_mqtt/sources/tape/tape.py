"""A tape: readings with the instants they were shown at, one JSON object a line. Pure.

The first line says what the snapshots depend on beside the readings. Of a source's account (which is large and changes
in few places) each later line holds only what is different from the line before.

    {"tape":1,"limits":{"ceiling_5h":50000000,...}}
    {"at":"2026-11-28T12:00:00Z","readings":[{"source":"jsonl","rate_tokens":5200,...}],"accounts":[{"since":0,...}]}
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.reading import Account, Limits, Reading

VERSION = 1
BEGINNING = -1e15
"""Stands for -inf, which JSON has no word for: before any stretch there can be."""
REPLAY = "replay"
TOO_LARGE = re.compile(rb"[:,\[](?:-?\d{17}|-?[\d.]+[eE]\+?(?:1[6-9]|[2-9]\d|\d{3}))")
"""A number from 10^16 on: ten times more than any of the sources lets through."""

Instant = Annotated[datetime, Meta(tz=True)]


class TapeError(GaugeError):
    """What cannot be played, in words for its owner."""


class Head(msgspec.Struct, frozen=True):
    tape: int
    limits: Limits


class Changes(msgspec.Struct, frozen=True):
    """How an account differs from the one before. `gone`: stretches that are no longer in it."""

    since: float
    unit_s: int
    tokens: dict[int, float]
    gone: tuple[int, ...] = ()
    cost_usd: dict[int, float | None] | None = None


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    at: Instant
    readings: tuple[Reading, ...]
    accounts: tuple[Changes | None, ...] = ()


class Writer:
    """Makes the lines of one tape."""

    def __init__(self, limits: Limits) -> None:
        self.head = msgspec.json.encode(Head(VERSION, limits)) + b"\n"
        self._accounts: dict[int, Account] = {}

    def line(self, at: datetime, readings: Sequence[Reading]) -> bytes:
        changes = tuple(self._changes(number, reading.account) for number, reading in enumerate(readings))
        bare = tuple(replace(reading, account=None) for reading in readings)
        return msgspec.json.encode(Moment(at, bare, changes if any(changes) else ())) + b"\n"

    def _changes(self, number: int, account: Account | None) -> Changes | None:
        if account is None:
            return None
        before = self._accounts.get(number, Account(since=BEGINNING, tokens={}))
        self._accounts[number] = replace(
            account, tokens=dict(account.tokens), cost_usd=account.cost_usd and dict(account.cost_usd)
        )
        costs, known = account.cost_usd, before.cost_usd or {}
        return Changes(
            since=max(account.since, BEGINNING),
            unit_s=account.unit_s,
            tokens={key: value for key, value in account.tokens.items() if before.tokens.get(key) != value},
            gone=tuple(key for key in before.tokens if key not in account.tokens),
            cost_usd=None if costs is None else {k: v for k, v in costs.items() if k not in known or known[k] != v},
        )


class Reader:
    """Takes a tape apart again. Raises `TapeError` for what is none."""

    def __init__(self, head: bytes) -> None:
        try:
            self.limits = msgspec.json.decode(head, type=Head).limits
            version = msgspec.json.decode(head, type=Head).tape
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise TapeError(f"not a tape, which `gauge-mqtt record` makes: {error}") from None
        if version != VERSION:
            raise TapeError(f"a tape of version {version}; this program plays version {VERSION}")
        self._accounts: dict[int, Account] = {}

    def moment(self, line: bytes) -> Moment:
        """The readings as they were, but for their source, which is `replay` now."""
        if TOO_LARGE.search(line):
            raise TapeError("a line of the tape has a number in it that no source can have seen")
        try:
            found = msgspec.json.decode(line, type=Moment)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise TapeError(f"a line of the tape cannot be read: {error}") from None
        for number, changes in enumerate(found.accounts):
            if changes is not None:
                self._accounts[number] = self._changed(number, changes)
        return Moment(
            found.at,
            tuple(
                replace(reading, source=REPLAY, account=self._accounts.get(number))
                for number, reading in enumerate(found.readings)
            ),
        )

    def _changed(self, number: int, changes: Changes) -> Account:
        before = self._accounts.get(number, Account(since=BEGINNING, tokens={}))
        tokens = {k: v for k, v in before.tokens.items() if k not in changes.gone} | changes.tokens
        costs = None
        if changes.cost_usd is not None:
            costs = {k: v for k, v in (before.cost_usd or {}).items() if k in tokens} | changes.cost_usd
        since = float("-inf") if changes.since <= BEGINNING else changes.since
        return Account(since=since, tokens=tokens, cost_usd=costs, unit_s=changes.unit_s)
