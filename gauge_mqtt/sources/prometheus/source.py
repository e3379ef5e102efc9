"""Architecture A: Claude Code's OpenTelemetry counters, asked of Prometheus. Sees every machine that exports to it."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import OPEN_WINDOW, WEEK, Account, Ratio, Reading, Window
from gauge_mqtt.sources.prometheus import targets
from gauge_mqtt.sources.prometheus.api import PromApi, PromError, TooMuchError
from gauge_mqtt.sources.prometheus.counting import Counting, Tach, Tail
from gauge_mqtt.sources.prometheus.facts import Facts
from gauge_mqtt.sources.prometheus.faults import Fault, faults, missing_tokens
from gauge_mqtt.sources.prometheus.learn import Temporality, Wanted, learn
from gauge_mqtt.sources.prometheus.minutes import Minutes, halves
from gauge_mqtt.sources.prometheus.own_host import NOTE, OwnHost, TokensBetween, names_of_this_host
from gauge_mqtt.sources.prometheus.pace import PERIODS, Kind, Pace
from gauge_mqtt.sources.prometheus.queries import BUILTIN, STEP_S
from gauge_mqtt.sources.prometheus.seen import Seen

log = logging.getLogger(__name__)

RECORDED_S = 60.0
"""The past, where recording rules tell of it: that costs little, and leaves little to count to its end."""
UNTOLD_S = 300
"""So much of a round may be missing in the rules; what they do not tell is asked of the counters, which costs much."""
MOST_S = 60.0
"""The longest pause before a question that failed is asked again. Whether Prometheus is back is asked like the tach."""
PART_OF_MINUTE_S = 60.0
"""A server that is asked for the fuels less often than that is asked for whole minutes: what it used since the last one
costs it half as much again, and would be as old before it is asked the next time.
"""
TURN_S = 5.0
"""So much sooner than its period something may be due, so that it is at the turn of a minute."""
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
        self.facts, self.pace, self.failures = Facts(api), Pace(), 0
        self._api, self._wanted, self._down = api, Wanted(selector.strip().strip(","), temporality, services), 0
        self._seen = Seen(self.facts)
        self._counting: Counting | None = None
        self._own = OwnHost(logged, self._wanted.selector, hosts or names_of_this_host()) if logged else None
        self._unread: list[tuple[int, int]] = []
        self._reads_upto = self._untold_s = 0
        self._due: dict[Kind, float] = dict.fromkeys(PERIODS, 0.0)
        self._faults: dict[Kind, tuple[PromError, int]] = {}
        self._failing_since: datetime | None = None
        self._rate: tuple[datetime, int | None] | None = None
        self._observed_at: datetime | None = None
        self._windows: dict[timedelta, Window] = {}
        self._cache: tuple[datetime, Ratio] | None = None
        self._busy: int | None = None
        self._account: Account | None = None

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
        model, model_at = self._seen.model or (None, None)
        return Reading(
            source=self.name,
            observed_at=self._observed_at,
            rate_tokens=rate,
            window_5h=self._window(OPEN_WINDOW),
            window_7d=self._window(WEEK),
            note=NOTE if self._own and self._own.missing else None,
            cache=cache,
            model=model,
            model_at=model_at,
            busy_minute_tokens=self._busy,
            telemetry_at=self._seen.active_at,
            activity_at=self._seen.active_at if self._seen.at_work(now) else None,
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

    @property
    def health(self) -> Health:
        at = self._rate[0] if self._rate else None
        age = None if at is None else max(0.0, (self.facts.now() - at).total_seconds())
        by_rules = ", by the minutes of its recording rules" if self._by_rules else ""
        return Health(ok=self.failure is None, age_s=age, detail=self.failure or f"{self._api}{by_rules}")

    def metrics(self) -> list[Metric]:
        return [
            Metric("prometheus_requests_total", "counter", "requests to Prometheus", self.facts.requests),
            Metric("prometheus_failures_total", "counter", "how often asking it failed", self.failures),
            Metric("prometheus_targets_down", "gauge", "scrape targets of Claude Code that are down", self._down),
        ]

    @property
    def minutes(self) -> Minutes:
        """What is known of each; of none before the first answer."""
        return self._counting.minutes if self._counting else Minutes()

    @property
    def _by_rules(self) -> bool:
        return self._counting is not None and self._counting.known.level is not None

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
        counting = self._counting
        return [
            *self.pace.faults(self._api),
            *(counting.shared.faults() if counting else ()),
            *(counting.known.faults(self._api, self._wanted) if counting else ()),
            *(self._own.faults() if self._own else ()),
        ]

    async def usual_faults(self) -> list[Fault]:
        """What is wrong on the way here, for the doctor. Raises `PromError`."""
        try:
            if self._counting is None:
                return [await missing_tokens(self._api, self._wanted.selector)]
            return [*self.known_faults, *[fault async for fault in faults(self._api, self._counting.known.tokens)]]
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
        for kind in PERIODS:
            if self._due[kind] > clock() or (kind == "fuels" and self._reads_on):
                continue
            self._due[kind], before = clock() + self.pace.period(kind), self.facts.took_s
            try:
                await self._ask(kind)
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

    async def _ask(self, kind: Kind) -> None:
        if kind == "names":
            await self._learn_names()
        if self._counting is None:
            return
        match kind:
            case "tach":
                await self._take_tach(self._counting)
            case "past":
                await self._take_past(self._counting)
            case "fuels":
                await self._take_fuels(self._counting)
            case "own":
                await self._take_own(self._counting)

    @property
    def _reads_on(self) -> bool:
        """Whether the rest of the newest minutes comes next, and the fuels, which are due then, can wait for it."""
        return bool(self._unread) and "past" not in self._faults and WEEK in self._windows

    def _judge(self, kind: Kind, fault: PromError | None) -> None:
        _, times = self._faults.pop(kind, (None, 0))
        if fault is not None:
            self._faults[kind] = (fault, times + 1)
        self._failing_since = (self._failing_since or self.facts.now()) if self._faults else None

    async def _learn_names(self) -> None:
        before = self._counting.known if self._counting else None
        known = await learn(self.facts, self._wanted, before)
        for words in known.news(before):
            log.info("prometheus: %s", words)
        same = before and (known.tokens, known.servers, known.level) == (before.tokens, before.servers, before.level)
        if self._counting and same:
            self._counting.known = known
        else:
            self._counting, self._unread = Counting(self.facts, known, self._seen, self._doubt_what_moves), []
            self._due |= {"past": 0.0, "fuels": 0.0}

    async def _take_tach(self, counting: Counting) -> None:
        asked_at = self.facts.now()
        tach = await counting.tach()
        if tach is None:
            self._rate = None
            return
        unscraped_s = targets.unscraped_s(tach.at, tach.scraped)
        hidden = self._only_scraped(counting) and targets.hides_the_rate(unscraped_s)
        self._rate = (self.facts.now(), None if hidden else round(tach.tokens))
        if self._rate[1]:
            self._seen.active_at = asked_at
        self._judge_targets(counting, tach, unscraped_s)

    def _only_scraped(self, counting: Counting) -> bool:
        """Whether nothing can be heard of but by scrapes, of which the server says when they were."""
        pushed = self._seen.running(self.facts.now())
        return counting.known.scraped and counting.known.tokens.name != BUILTIN and not pushed

    def _judge_targets(self, counting: Counting, tach: Tach, unscraped_s: float) -> None:
        self._down = len(tach.down)
        stored = not (self._only_scraped(counting) and unscraped_s > targets.SCRAPED_S)
        alive = self._seen.running(self.facts.now()) or counting.known.tokens.name == BUILTIN
        fault = targets.fault_of(self._api, counting.known.targets, tach.down, stored=stored, alive=alive)
        self._judge("targets", fault)

    async def _take_past(self, counting: Counting) -> None:
        """One slice of the last 7 days at a time, so that the tach goes on in between."""
        if not self._unread:
            self._unread, self._untold_s = counting.unread(), 0
            self._reads_upto = self._unread[0][1]
        begin, end = self._unread[0]
        while (untold_s := await counting.slice(begin, end, last=end == self._reads_upto)) is None:
            self._unread[:1] = halves(begin, end)
            begin, end = self._unread[0]
        self._untold_s += untold_s
        self._unread = self._unread[1:]
        if not self._unread:
            self._busy = counting.minutes.busy(end - WEEK.total_seconds())
            if self._by_rules and self._untold_s <= UNTOLD_S:
                self._due["past"] = min(self._due["past"], self._next("fuels", RECORDED_S))
        if not (self._unread and self._windows):
            self._due["fuels"] = 0.0

    @property
    def _by_the_minute(self) -> bool:
        return self.pace.period("fuels") > PART_OF_MINUTE_S

    def _next(self, kind: Kind, least_s: float = 0.0) -> float:
        """When that kind is due again; by the minute: when a minute of the server has ended."""
        now, period = self.facts.server_now(), max(least_s, self.pace.period(kind))
        if self._by_the_minute:
            period = math.ceil((now + period - TURN_S) / STEP_S) * STEP_S + 1 - now
        return asyncio.get_running_loop().time() + period

    def _doubt_what_moves(self) -> None:
        self._rate = None
        self._seen.forget()
        self._due |= {"tach": 0.0, "fuels": 0.0}

    async def _take_fuels(self, counting: Counting) -> None:
        mark, at, now = counting.minutes.mark, int(self.facts.server_now()), self.facts.now()
        if mark is None:
            return
        if self._by_the_minute:
            at -= at % STEP_S
            now, self._due["fuels"] = self.facts.ours(at), self._next("fuels")
        if at <= mark:  # a clock was set back
            counting.forget_minutes()
            self._unread, self._due["past"] = [], 0.0
            return
        tail = await counting.tail(mark, at)
        if tail is None:
            self._due["past"] = 0.0
            return
        for span in (OPEN_WINDOW, WEEK):
            after = at - span.total_seconds()
            if counting.minutes.reaches(after):
                if span not in self._windows:
                    self._due["own"] = 0.0
                tokens_since, usd = counting.minutes.since(after)
                usd_in_all = round(usd + tail.usd, 6) if counting.known.cost else None
                self._windows[span] = Window(tokens=round(tokens_since + tail.tokens), cost_usd=usd_in_all)
                self._observed_at = now
        if counting.minutes.reaches(week_ago := at - WEEK.total_seconds()):
            self._account = counted_since(counting, week_ago, mark, tail)
        self._cache = (now, tail.cache)

    async def _take_own(self, counting: Counting) -> None:
        if self._own is None:
            return
        window, now = self._windows.get(OPEN_WINDOW), self.facts.now()
        if not await self._own.look(self.facts, counting.known.tokens, now, window.tokens if window else None):
            self._due["own"] = asyncio.get_running_loop().time() + PERIODS["tach"]


def counted_since(counting: Counting, after: float, mark: int, tail: Tail) -> Account:
    """By the hour; what came after the mark is counted to the hour of the mark until its minutes are read."""
    tokens, usd = counting.minutes.hours(after, usd=False), counting.minutes.hours(after, usd=True)
    for hours, more in ((tokens, tail.tokens), (usd, tail.usd)):
        hours[mark // 3600] = hours.get(mark // 3600, 0.0) + more
    costs = {hour: usd.get(hour, 0.0) for hour in tokens.keys() | usd.keys()}
    return Account(since=after, tokens=tokens, cost_usd=costs if counting.known.cost else None)
