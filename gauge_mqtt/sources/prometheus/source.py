"""Architecture A: Claude Code's OpenTelemetry counters, asked of Prometheus. Sees every machine that exports to it."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import OPEN_WINDOW, WEEK, Account, Ratio, Reading, Window
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus import shared
from gauge_mqtt.sources.prometheus.account import Span, spans
from gauge_mqtt.sources.prometheus.api import PromApi, PromError, Sample, TooMuchError
from gauge_mqtt.sources.prometheus.facts import (
    FactRows,
    Facts,
    by_minute,
    not_negative,
    session,
    total,
)
from gauge_mqtt.sources.prometheus.faults import Fault, faults, missing_tokens
from gauge_mqtt.sources.prometheus.learn import CounterSeries, Temporality, Wanted, learn
from gauge_mqtt.sources.prometheus.minutes import Minutes, halves
from gauge_mqtt.sources.prometheus.own_host import NOTE, OwnHost, TokensBetween, names_of_this_host
from gauge_mqtt.sources.prometheus.pace import PERIODS, Kind, Pace

log = logging.getLogger(__name__)

RECORDED_S = 60.0
"""The past, where recording rules tell of it: that costs little, and leaves little to count to its end."""
UNTOLD_S = 300
"""So much of a round may be missing in the rules; what they do not tell is asked of the counters, which costs much."""
MOST_S = 60.0
"""The longest pause before a question that failed is asked again. Whether Prometheus is back is asked like the tach."""
FRESH = timedelta(seconds=180)
"""A sample younger than this comes from a Claude Code that is running: it exports every 60 s unless told otherwise."""
SCRAPED_S = 150.0
"""A server scrapes each minute unless told otherwise, and every two at the latest. Of a target that was scraped longer
ago it stores nothing any more, though it answers: its disk is full, or it has been told of other targets.
"""
LATE_S = 5.0
"""A scrape may be so late. What was not scraped for longer than the rate looks back has no rate that is known."""
CONFIRMED = 3
"""A rate or a cache that was not confirmed for so many of its periods is unknown."""


class PrometheusSource:
    """Asks `api`. `selector`: label matchers that every series must fit, such as `host_name="desk"`. `logged`: what the
    session logs of this machine have after and up to an instant (unix s), if they are here, too. `services`: patterns
    of the `service.name` of what counts; none: Claude Code's own.
    """

    name = "prometheus"

    def __init__(
        self,
        api: PromApi,
        selector: str = "",
        temporality: Temporality = "auto",
        *,
        logged: TokensBetween | None = None,
        hosts: Sequence[str] | None = None,
        services: Sequence[str] = (),
    ) -> None:
        self.facts, self.minutes, self.pace = Facts(api), Minutes(), Pace()
        self.failures = 0
        self._api, self._wanted, self._down = api, Wanted(selector.strip().strip(","), temporality, services), 0
        self._known: CounterSeries | None = None
        self._own = OwnHost(logged, self._wanted.selector, hosts or names_of_this_host()) if logged else None
        self._unread: list[tuple[int, int]] = []
        self._untold_s = 0
        self._due: dict[Kind, float] = dict.fromkeys(PERIODS, 0.0)
        self._faults: dict[Kind, tuple[PromError, int]] = {}
        self._failing_since: datetime | None = None
        self._shared = shared.SharedSeries(self.facts)
        self._rate: tuple[datetime, int | None] | None = None
        self._observed_at: datetime | None = None
        self._windows: dict[timedelta, Window] = {}
        self._cache: tuple[datetime, Ratio] | None = None
        self._models: dict[str, datetime] = {}
        self._busy: int | None = None
        self._account: Account | None = None
        self._active_at: datetime | None = None
        self._newest_at: datetime | None = None

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return self._api.url

    @property
    def fault(self) -> PromError | None:
        """What went wrong last and still does."""
        return next((error for error, _ in reversed(self._faults.values())), None)

    @property
    def failure(self) -> str | None:
        return None if self.fault is None else str(self.fault)

    def read(self, now: datetime) -> Reading:
        blind = not self._faults.keys().isdisjoint({"names", "tach", "targets"})
        rate = self._rate[1] if self._rate and self._fresh("tach", now - self._rate[0]) and not blind else None
        cache = self._cache[1] if self._cache and self._fresh("fuels", now - self._cache[0]) and not blind else None
        model = max(self._models, key=lambda name: (self._models[name], name), default=None)
        recent = self._active_at is not None and now - self._active_at < OPEN_WINDOW
        return Reading(
            source=self.name,
            observed_at=self._observed_at,
            rate_tokens=rate,
            window_5h=self._window(OPEN_WINDOW),
            window_7d=self._window(WEEK),
            note=NOTE if self._own and self._own.missing else None,
            cache=cache,
            model=model,
            model_at=self._models[model] if model else None,
            busy_minute_tokens=self._busy,
            telemetry_at=self._active_at,
            activity_at=self._active_at if recent and self._running(now) else None,
            failing_since=self._failing_since,
            failure=self.failure,
            account=self._account,
        )

    def _window(self, span: timedelta) -> Window | None:
        """With what only the logs of this machine know of it. Of that nobody knows the price."""
        window, missing = self._windows.get(span), self._own.missing if self._own else 0
        return window and replace(window, tokens=window.tokens + missing)

    def _fresh(self, kind: Kind, age: timedelta) -> bool:
        return age.total_seconds() <= CONFIRMED * self.pace.period(kind)

    def _running(self, now: datetime) -> bool:
        return self._newest_at is not None and now - self._newest_at < FRESH

    @property
    def health(self) -> Health:
        at = self._rate[0] if self._rate else None
        age = None if at is None else max(0.0, (self.facts.now() - at).total_seconds())
        by_rules = ", by the minutes of its recording rules" if self._known and self._known.level else ""
        return Health(ok=self.failure is None, age_s=age, detail=self.failure or f"{self._api}{by_rules}")

    def metrics(self) -> list[Metric]:
        return [
            Metric("prometheus_requests_total", "counter", "requests to Prometheus", self.facts.requests),
            Metric("prometheus_failures_total", "counter", "how often asking it failed", self.failures),
            Metric("prometheus_targets_down", "gauge", "scrape targets of Claude Code that are down", self._down),
        ]

    @property
    def _tokens(self) -> promql.Series:
        return self._known.tokens if self._known else promql.Series("", self._wanted.selector)

    @property
    def _cost(self) -> promql.Series | None:
        return self._known.cost if self._known else None

    @property
    def _targets(self) -> set[str]:
        return self._known.targets if self._known else set()

    @property
    def _servers(self) -> int:
        return self._known.servers if self._known else 1

    async def load(self) -> None:
        try:
            await self._look()
            while (self._unread or self._rate is None) and not self._faults:
                await self._look()
        finally:
            await self._api.close()

    @property
    def known_faults(self) -> list[Fault]:
        """What was found while asking, and is allowed for."""
        known = self._known.faults(self._api, self._wanted) if self._known else ()
        return [
            *self.pace.faults(self._api),
            *self._shared.faults(),
            *known,
            *(self._own.faults() if self._own else ()),
        ]

    async def usual_faults(self) -> list[Fault]:
        """What is wrong on the way here, for the doctor. Raises `PromError`."""
        try:
            if self._known is None:
                return [await missing_tokens(self._api, self._wanted.selector)]
            return [*self.known_faults, *[fault async for fault in faults(self._api, self._tokens)]]
        finally:
            await self._api.close()

    async def run(self, changed: Callable[[], None]) -> None:
        try:
            while True:
                failure = self.failure
                await self._look()
                if self.failure and not failure:
                    log.warning("prometheus: %s; gauge-mqtt doctor says what helps", self.failure)
                elif failure and not self.failure:
                    log.info("prometheus answers again")
                changed()
                await asyncio.sleep(max(0.0, min(self._due.values()) - asyncio.get_running_loop().time()))
        finally:
            await self._api.close()

    async def _look(self) -> None:
        """Ask for whatever is due. What fails is said in `failure`; what was known stays, with its age."""
        clock = asyncio.get_running_loop().time
        asks = (self._learn_names, self._take_tach, self._take_past, self._take_fuels, self._take_own)
        for kind, ask in zip(PERIODS, asks, strict=True):
            if self._due[kind] > clock():
                continue
            self._due[kind], before = clock() + self.pace.period(kind), self.facts.took_s
            try:
                await ask()
                self.pace.took(kind, self.facts.took_s - before)
            except PromError as error:
                self.failures += 1
                if kind == "past" and isinstance(error, TooMuchError) and len(parts := halves(*self._unread[0])) > 1:
                    self._unread[:1] = parts
                    continue
                self._judge(kind, error)
                pause = random.uniform(0.6, 1.0) * PERIODS["tach"]  # noqa: S311
                if kind in {"names", "tach"}:
                    self._due = dict.fromkeys(PERIODS, clock() + pause)
                    break
                self._due[kind] = clock() + min(pause * 2 ** min(self._faults[kind][1] - 1, 9), MOST_S)
                self._due["tach"] = 0.0  # is it that question, or the server?
            else:
                self._judge(kind, None)
        if self._unread and "past" not in self._faults:
            self._due["past"] = 0.0

    def _judge(self, kind: Kind, fault: PromError | None) -> None:
        _, times = self._faults.pop(kind, (None, 0))
        if fault is not None:
            self._faults[kind] = (fault, times + 1)
        self._failing_since = (self._failing_since or self.facts.now()) if self._faults else None

    async def _learn_names(self) -> None:
        known, before = await learn(self.facts, self._wanted, self._known), self._known
        self._known = known
        for words in known.news(before):
            log.info("prometheus: %s", words)
        if before is None or (known.tokens, known.servers, known.level) != (
            before.tokens,
            before.servers,
            before.level,
        ):
            self.minutes, self._unread, self._shared = Minutes(), [], shared.SharedSeries(self.facts)
            self._due |= {"past": 0.0, "fuels": 0.0}

    async def _take_tach(self) -> None:
        asked_at = self.facts.now()
        if self._shared.too_many:  # known to nobody until some of them end; why is told of the fuels
            self._rate = None
            return
        at = await self.facts.server_time()
        others = self._tokens.but(self._shared.sessions)
        found = await self.facts.ask(promql.tach(others, self._targets, at), at)
        back = FactRows()
        if sessions := {session(row) for row in found.get("new", [])}:
            back = await self.facts.in_parts(sessions, lambda few: promql.tach_back(others, few), at=at)
        rate = not_negative(total(found, "rate")) + not_negative(total(back, "rate"))
        gains = await self._shared.gains((self._tokens, None), at - promql.RATE_S, at, shared.TACH_STEP_S)
        scraped = total(found, "scraped") if found.get("scraped") else None
        unscraped_s = math.inf if scraped is None else at - scraped
        hidden = self._only_scraped and unscraped_s > promql.RATE_S + LATE_S
        self._rate = (self.facts.now(), None if hidden else round(rate + sum(gain.amount for gain in gains)))
        if self._rate[1]:
            self._active_at = asked_at
        if newest := found.get("newest"):
            self._newest_at = self.facts.ours(newest[0].value)
        self._take_models((row.labels.get("model", ""), row.value) for row in found.get("model", []))
        self._take_models(shared.models(gains))
        down = sorted(row.labels.get("instance", "?") for row in found.get("down", []))
        self._judge_targets(down, stored=not (self._only_scraped and unscraped_s > SCRAPED_S))

    @property
    def _only_scraped(self) -> bool:
        """Whether nothing can be heard of but by scrapes, of which the server says when they were."""
        known = self._known is not None and self._known.scraped and self._tokens.name != promql.BUILTIN
        return known and not self._running(self.facts.now())

    def _judge_targets(self, down: list[str], *, stored: bool) -> None:
        """Claude Code's own exporter ends with it, a collector should not. One of several may be a laptop asleep.
        `stored`: whether the server has stored anything of them lately.
        """
        self._down = len(down)
        if not stored:
            words = f"{self._api} answers, but stores nothing more of {', '.join(sorted(self._targets))}"
            fix = "see its log: is its disk full? Has it been told of other targets, or was its clock set?"
            self._judge("targets", PromError(words, fix=fix))
            return
        alive = not down or len(down) < len(self._targets) or self._running(self.facts.now())
        words = f"{self._api} cannot scrape {', '.join(down)}: no telemetry arrives"
        fault = PromError(words, fix=f"start what should be there; its state is on {self._api}/targets")
        self._judge("targets", None if alive or self._tokens.name == promql.BUILTIN else fault)

    async def _take_past(self) -> None:
        """One slice of the last 7 days at a time, so that the tach goes on in between."""
        if not self._unread:
            self._unread, self._untold_s = self.minutes.unread(self.facts.server_now()), 0
        begin, end = self._unread[0]
        newest = end > (self.minutes.mark or 0)
        for span in await self._recorded(begin, end):
            if span.told:
                self.minutes.put(span.after, span.upto, span.tokens, span.usd)
                self._take_spoken(span.tokens, span.models)
            else:
                self._untold_s += span.upto - span.after
                await self._take_counters(span.after, span.upto, newest=newest)
        self._unread = self._unread[1:]
        if not self._unread:
            self._busy = self.minutes.busy(end - WEEK.total_seconds())
            every = max(RECORDED_S, self.pace.period("fuels"))
            if self._known and self._known.level and self._untold_s <= UNTOLD_S:
                self._due["past"] = min(self._due["past"], asyncio.get_running_loop().time() + every)
        if not (self._unread and self._windows):
            self._due["fuels"] = 0.0

    async def _recorded(self, begin: int, end: int) -> list[Span]:
        """A slice, the older minutes first: where recording rules tell of it, and where the counters have to."""
        level = self._known.level if self._known else None
        if level is None:
            return [Span(begin, end, told=False)]
        return await spans(self.facts, level, self._tokens.selector, begin, end, cost=self._cost is not None)

    async def _take_counters(self, after: int, upto: int, *, newest: bool) -> None:
        back, apart, both, answers = set[str](), set[str](), (self._tokens, self._cost), 0
        while answers < self._servers:
            found = await self._minutes(after, upto, back)
            if found is None:
                answers = 0
                continue
            answers += 1
            apart |= (fallen := shared.fallen(found))
            gains = await self._shared.gains(both, after, upto, sessions=fallen)
            if newest and self._shared.seen_at_work():
                self._doubt_what_moves()
            tokens, usd = (_with(by_minute(found, fact, f"{fact}_back"), gains, fact) for fact in ("tokens", "cost"))
            self.minutes.put(after, upto, tokens, usd, doubtful=self._servers > 1)
            self._take_spoken(tokens, found.get("model", []))
            self._take_models(shared.models(gains))
        self._shared.expected = bool(apart)

    def _take_spoken(self, tokens: Mapping[int, float], models: Iterable[Sample]) -> None:
        """When somebody was at work, and with which model, by the ends of minutes of the server's clock."""
        active = [self.facts.ours(at) for at, count in tokens.items() if count > 0]
        self._active_at = max([*active, *filter(None, [self._active_at])], default=None)
        spoke = [(row, at) for row in models for at, count in row.points if count > 0]
        self._take_models((row.labels.get("model", ""), at) for row, at in spoke)

    async def _minutes(self, after: int, upto: int, back: set[str]) -> FactRows | None:
        """One answer about the series that one process each writes; `None` if it has to be asked again, without the
        others or with more in `back`, which are the sessions that were new in it.
        """
        span, both = (after + promql.STEP_S, upto, promql.STEP_S), (self._tokens, self._cost)
        about = upto - after if self._shared.expected else None
        found = await self.facts.ask_range(promql.minutes(*both, upto - after, back, apart=about is not None), *span)
        if self._shared.counted_in(found):
            return None
        more = {session(row) for row in found.get("new", [])} - back
        back |= more
        if more and self._servers > 1:  # the next answer may be another server's: it has to be whole by itself
            return None
        return found | await self.facts.in_parts(more, lambda few: promql.minutes_back(*both, about, few), span=span)

    def _doubt_what_moves(self) -> None:
        """A session that had to be looked at more closely may have seemed to move all the time."""
        self._rate, self._models, self._active_at = None, {}, None
        self._due |= {"tach": 0.0, "fuels": 0.0}

    async def _take_fuels(self) -> None:
        mark, at, now = self.minutes.mark, int(self.facts.server_now()), self.facts.now()
        if mark is None:
            return
        if at <= mark:  # a clock was set back
            self.minutes, self._unread, self._due["past"] = Minutes(), [], 0.0
            return
        if self._shared.too_many:
            await self._shared.look_again(self._tokens, at)
        both, apart = (self._tokens, self._cost), self._shared.sessions
        alone = (self._tokens.but(apart), self._cost and self._cost.but(apart))
        found, back = await self.facts.ask(promql.tail(*alone, mark, at, self._tokens), at), FactRows()
        if self._shared.found_in(found):
            self._due["past"] = 0.0
            self._doubt_what_moves()
            return
        if sessions := {session(row) for fact in ("new", "new_since", "new_lately") for row in found.get(fact, [])}:
            back = await self.facts.in_parts(sessions, lambda few: promql.tail_back(*both, mark, at, few), at=at)
        gains = await self._shared.gains(both, min(mark, at - promql.CACHE_S), at, shared.TAIL_STEP_S)
        self._shared.let_go(found)
        tail_tokens, tail_usd = (
            not_negative(total(found, fact))
            + not_negative(total(back, fact))
            + sum(gain.amount for gain in gains if gain.fact == fact and gain.at > mark)
            for fact in ("tokens", "cost")
        )
        for span in (OPEN_WINDOW, WEEK):
            after = at - span.total_seconds()
            if self.minutes.reaches(after):
                if span not in self._windows:
                    self._due["own"] = 0.0
                tokens_since, usd = self.minutes.since(after)
                usd_in_all = round(usd + tail_usd, 6) if self._cost else None
                self._windows[span] = Window(tokens=round(tokens_since + tail_tokens), cost_usd=usd_in_all)
                self._observed_at = now
        if self.minutes.reaches(week_ago := at - WEEK.total_seconds()):
            self._account = self._counted_since(week_ago, mark, tail_tokens, tail_usd)
        cached = shared.summed([gain for gain in gains if gain.at > at - promql.CACHE_S], "tokens", _type_of)
        kinds = {
            kind: not_negative(total(found, "cache", kind))
            + not_negative(total(back, "cache", kind))
            + cached.get(kind, 0.0)
            for kind in promql.CACHED
        }
        self._cache = (now, Ratio(part=round(kinds["cacheRead"]), whole=round(sum(kinds.values()))))

    async def _take_own(self) -> None:
        if self._own is None:
            return
        window, now = self._windows.get(OPEN_WINDOW), self.facts.now()
        if not await self._own.look(self.facts, self._tokens, now, window.tokens if window else None):
            self._due["own"] = asyncio.get_running_loop().time() + PERIODS["tach"]

    def _counted_since(self, after: float, mark: int, tail_tokens: float, tail_usd: float) -> Account:
        """By the hour; what came after the mark is counted to the hour of the mark until its minutes are read."""
        tokens, usd = self.minutes.hours(after, usd=False), self.minutes.hours(after, usd=True)
        for hours, tail in ((tokens, tail_tokens), (usd, tail_usd)):
            hours[mark // 3600] = hours.get(mark // 3600, 0.0) + tail
        costs = {hour: usd.get(hour, 0.0) for hour in tokens.keys() | usd.keys()}
        return Account(since=after, tokens=tokens, cost_usd=costs if self._cost else None)

    def _take_models(self, seen: Iterable[tuple[str, float]]) -> None:
        """Each model by its latest sign; what is older than 5 h is let go of."""
        for model, server in seen:
            at = self.facts.ours(server)
            self._models[model] = max(at, self._models.get(model, at))
        horizon = self.facts.now() - OPEN_WINDOW
        self._models = {model: at for model, at in self._models.items() if model and at > horizon}


def _with(minutes: dict[int, float], gains: Iterable[shared.Gain], fact: str) -> dict[int, float]:
    """With what was gained by the end of each minute."""
    ends = shared.summed(gains, fact, lambda gain: math.ceil(gain.at / promql.STEP_S) * promql.STEP_S)
    return {end: minutes.get(end, 0.0) + ends.get(end, 0.0) for end in sorted(minutes.keys() | ends.keys())}


def _type_of(gain: shared.Gain) -> str:
    return gain.labels.get("type", "")
