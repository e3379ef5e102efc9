"""The official plan percentages that several channels tell, merged into the one that stands. Pure.

For each account (a configuration directory of Claude Code) and window: the latest `resets_at` wins. Within one window
the highest percentage wins, because an idle terminal repeats its own last one for ever; only a channel that asked the
server itself may lower it, by a reading younger than what stands. Past its reset a percentage is unknown. The order in
which samples are added does not matter. Instants are unix seconds, percentages 0..100.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf, isfinite, nextafter
from typing import Literal, NamedTuple

from gauge_mqtt.core.reading import Channel, Quota

WindowName = Literal["5h", "7d", "model"]
FRESH: dict[Channel, float] = {"report": 0.0, "command": 1.0}
"""Channels that ask the server at that moment, and the step of their percentages: `command` prints whole ones, rounded
down, so 23 contradicts no 23.5.
"""
CACHE_S = 3600.0
"""How long Claude Code itself believes its cache."""
SAME_RESET_S = 60.0
"""Two channels tell one reset with a little noise."""
LENGTH_S: dict[WindowName, float] = {"5h": 5 * 3600.0, "7d": 7 * 86_400.0, "model": 7 * 86_400.0}
SLACK_S: dict[WindowName, float] = {"5h": 3600.0, "7d": 86_400.0, "model": 86_400.0}
"""By how much our clock and the server's may disagree about the end of a window."""
PERCENTAGES_MAX = 1001
"""Of one window: tenths of a percent, every one of them."""
ACCOUNTS_MAX, MODELS_MAX = 64, 16
"""More than anybody has; the names come from files that others may write."""


class Sample(NamedTuple):
    """One percentage as a channel told it. `seen_at`: when the server was last asked, not when it was drawn again.
    `model`: whose weekly limit it is, for the window `model` only.
    """

    window: WindowName
    percent: float
    resets_at: float
    seen_at: float
    channel: Channel
    model: str = ""


@dataclass(slots=True)
class PlanWindow:
    """What is known of one window. `_known`: percentage -> its newest sample, all that the rules ever ask for."""

    resets_at: float = -inf
    _known: dict[float, Sample] = field(default_factory=dict)
    _fresh: Sample | None = None
    _cached: Sample | None = None

    def add(self, sample: Sample) -> None:
        if sample.resets_at > self.resets_at + SAME_RESET_S:
            self.resets_at, self._fresh, self._cached = sample.resets_at, None, None
            self._known = {}
        elif sample.resets_at < self.resets_at - SAME_RESET_S:
            return
        if sample.channel == "cache":
            self._cached = max((s for s in (self._cached, sample) if s), key=_age)
            return
        if sample.channel in FRESH:
            self._fresh = max((s for s in (self._fresh, sample) if s), key=_age)
        before = self._known.get(sample.percent)
        if before is None or sample.seen_at > before.seen_at:
            self._known[sample.percent] = sample
        if len(self._known) > PERCENTAGES_MAX:
            oldest = min(self._known.values(), key=_age)
            del self._known[oldest.percent]

    def before(self, now: float) -> None:
        """The clock was set back: what was seen "later" than now was seen before."""
        self._known = {percent: _before(sample, now) for percent, sample in self._known.items()}
        self._fresh = self._fresh and _before(self._fresh, now)
        self._cached = self._cached and _before(self._cached, now)

    def at(self, now: float) -> Sample | None:
        """The sample that stands, with the instant of its last confirmation; `None` after the reset."""
        fresh, known = self._fresh, list(self._known.values())
        if self._cached and now < self._cached.seen_at + CACHE_S:
            known.append(self._cached)
        if fresh:
            step = FRESH[fresh.channel]
            known = [s for s in known if s.seen_at >= fresh.seen_at or 0 <= s.percent - fresh.percent < step]
        best = max((s for s in known if now < s.resets_at), key=lambda s: (s.percent, s.seen_at), default=None)
        if best and fresh:  # what is older stands only where the fresh one agrees
            best = best._replace(seen_at=max(best.seen_at, fresh.seen_at))
        return best


class QuotaBook:
    """All accounts. `refused`: samples that cannot be: a percentage outside 0..100, a reset further ahead than the
    window is long, too many accounts.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._accounts: dict[str, dict[tuple[WindowName, str], PlanWindow]] = {}
        self._newest: dict[str, float] = {}
        self._added_at = -inf

    def add(self, account: str, sample: Sample, now: float) -> bool:
        """Whether it could be believed. A reset that is over already is believed, and stands for nothing."""
        if now < self._added_at:
            for window in (window for windows in self._accounts.values() for window in windows.values()):
                window.before(now)
            self._newest = {name: min(at, now) for name, at in self._newest.items()}
        self._added_at = now
        if isfinite(sample.seen_at):
            sample = sample._replace(seen_at=min(sample.seen_at, now))
        windows = self._accounts.get(account, {})
        key = (sample.window, sample.model)
        models = sum(name == "model" for name, _ in windows)
        full = (account not in self._accounts and len(self._accounts) >= ACCOUNTS_MAX) or (
            sample.window == "model" and key not in windows and models >= MODELS_MAX
        )
        if full or not _credible(sample):
            self.refused += 1
            return False
        self._accounts.setdefault(account, windows).setdefault(key, PlanWindow()).add(sample)
        self._newest[account] = max(self._newest.get(account, -inf), sample.seen_at)
        return True

    def account(self, wanted: str | None = None) -> str | None:
        """The account to show: the one that is wanted, else that with the newest sample. `None` before any sample."""
        return wanted or max(self._newest, key=lambda name: (self._newest[name], name), default=None)

    @property
    def accounts(self) -> list[str]:
        return sorted(self._newest, key=lambda name: -self._newest[name])

    def quota(self, account: str, window: Literal["5h", "7d"], now: float) -> Quota | None:
        """What stands for a window of that account."""
        known = self._accounts.get(account, {}).get((window, ""))
        return _quota(known.at(now) if known else None)

    def model(self, account: str, now: float) -> Quota | None:
        """The weekly limit of one model that is nearest to its end; its name is in the quota."""
        windows = self._accounts.get(account, {})
        standing = [found for (name, _), known in windows.items() if name == "model" and (found := known.at(now))]
        return _quota(max(standing, key=lambda s: (s.percent, s.model), default=None))


def merge(quotas: list[Quota], now: datetime) -> Quota | None:
    """The one that stands of what several sources say of one window, by the rules above."""
    if not quotas:
        return None
    window = PlanWindow()
    for quota in quotas:
        at = quota.resets_at.timestamp(), quota.seen_at.timestamp()
        sample = Sample("7d", quota.used_percent, *at, quota.channel, quota.model or "")
        if 0 <= quota.used_percent <= 100:  # noqa: PLR2004, percent
            window.add(sample)
    return _quota(window.at(now.timestamp()))


def _credible(sample: Sample) -> bool:
    told = sample.percent, sample.resets_at, sample.seen_at
    latest = sample.seen_at + LENGTH_S[sample.window] + SLACK_S[sample.window]
    possible = sample.seen_at > 0 and 0 < sample.resets_at <= latest
    return all(map(isfinite, told)) and 0 <= sample.percent <= 100 and possible  # noqa: PLR2004, percent


def _age(sample: Sample) -> tuple[float, float]:
    return sample.seen_at, sample.percent


def _before(sample: Sample, now: float) -> Sample:
    return sample._replace(seen_at=nextafter(now, -inf)) if sample.seen_at > now else sample


def _quota(sample: Sample | None) -> Quota | None:
    if sample is None:
        return None
    return Quota(
        used_percent=sample.percent,
        resets_at=datetime.fromtimestamp(sample.resets_at, UTC),
        seen_at=datetime.fromtimestamp(sample.seen_at, UTC),
        channel=sample.channel,
        model=sample.model or None,
    )
