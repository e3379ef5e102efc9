"""Days of a thousand machines that export to one engine: what it holds, what recording rules make of it, the truth.

Sessions as `tests/support/prom_history.py` has them (one-shot runs, resumed ones whose counters start at 0 again,
closed lids), but machine by machine, so that a hundred million values need no memory. The truth is counted from the
increments before they become counters.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from gauge_mqtt.sources.prometheus.recorded import COUNTED, FINEST, LEVELS, LOOK_BACK_S, PRICED, RETURN_S
from tests.support.prom_history import HAIKU, KINDS, OPUS, SONNET, USD

TEAM, HOST = LEVELS
DAY_S, MINUTE_S, BLOCK_S = 86_400, 60, 7200
TEAMS = 20
RECORDED_LATE_S = 60
"""The rules look at the minute that ended this long before."""

Points = list[tuple[int, float]]
Series = tuple[str, dict[str, str], Points]
Key = tuple[str, str, str | None]
"""Model, source and type; of costs no type."""


class Grown(NamedTuple):
    """What one series of one session got in one minute (unix seconds of its end). `anew`: what the rules count there
    once more, as it came back after a longer pause than they look back.
    """

    minute: int
    model: str
    source: str
    kind: str | None
    anew: bool = False


@dataclass
class Truth:
    """Tokens and USD of the whole fleet, and of `watched` hosts, by the minute."""

    tokens: Counter[int] = field(default_factory=Counter)
    usd: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    samples: int = 0
    series: int = 0

    def since(self, after: float, upto: float) -> tuple[int, float]:
        return (
            sum(count for minute, count in self.tokens.items() if after < minute <= upto),
            sum(usd for minute, usd in self.usd.items() if after < minute <= upto),
        )


class Fleet:
    """`machines`, each with `sessions` a day for `days` that end at `end`; one that runs exports each `interval` s."""

    def __init__(
        self, machines: int, end: int, *, days: float = 8, sessions: int = 6, interval: int = 60, seed: int = 1
    ) -> None:
        self.machines, self.end, self.interval = machines, end, interval
        self.start, self.count, self.seed = int(end - days * DAY_S), int(days * sessions), seed
        self.truth = Truth()

    def series(self, upto: int) -> Iterator[Series]:
        """What Claude Code exports, as the collector passes it on, and what the rules have recorded by `upto` (unix s).
        Counts the truth on the way.
        """
        teams: Counter[tuple[str, Grown]] = Counter()
        for machine in range(self.machines):
            grown: Counter[Grown] = Counter()
            yield from self.of(machine, grown)
            team = f"team-{machine % TEAMS:02d}"
            yield from _recorded(team, grown, upto, host_name=f"machine-{machine:04d}")
            for one, amount in grown.items():
                teams[team, one] += amount  # type: ignore[assignment]
        for team in sorted({team for team, _ in teams}):
            mine = Counter({one: amount for (whose, one), amount in teams.items() if whose == team})
            yield from _recorded(team, mine, upto)
        times = [end + RECORDED_LATE_S for end in range(self.start // MINUTE_S * MINUTE_S, upto, MINUTE_S)]
        for counter in (COUNTED, PRICED):
            for level in LEVELS:
                yield (level.metric(counter), {}, [(at, 0.0) for at in times])
            yield (FINEST.metric(counter, "returned30m"), {}, [(at, 0.0) for at in times if at % RETURN_S == 0])

    def of(self, machine: int, recorded: "Counter[Grown]") -> Iterator[Series]:
        pick = random.Random(f"{self.seed}-{machine}")
        common = {
            "host_name": f"machine-{machine:04d}",
            "team": f"team-{machine % TEAMS:02d}",
            "job": "otel-collector",
            "exported_job": "claude-code",
            "instance": "otel-collector:8889",
            "terminal_type": "xterm-256color",
            "user_id": f"{machine:064x}",
        }
        for number in range(self.count):
            name = f"{machine:08x}-{number:04x}-4000-8000-{pick.getrandbits(48):012x}"
            at = self.start + pick.random() * (self.end - self.start)
            yield from self._session(pick, common | {"session_id": name}, at, recorded)

    def _session(
        self, pick: random.Random, labels: dict[str, str], at: float, recorded: "Counter[Grown]"
    ) -> Iterator[Series]:
        kind = pick.random()
        model = pick.choice((OPUS, OPUS, SONNET))
        points: dict[tuple[str, str, str | None], Points] = defaultdict(list)
        if kind < 0.35:
            runs = [self._exports(at, at + pick.uniform(5, 50))]
        elif kind < 0.8:
            runs = [self._exports(at, at + pick.uniform(300, 4000))]
        elif kind < 0.92:
            first = self._exports(at, at + pick.uniform(300, 2000))
            again = first[-1] + pick.uniform(20, 4000)
            runs = [first, self._exports(again, again + pick.uniform(60, 2000))]
        else:  # the lid is closed for up to 16 hours
            shut, opened = at + pick.uniform(300, 1200), pick.uniform(1200, 57_600)
            runs = [[t if t <= shut else round(t + opened) for t in self._exports(at, at + pick.uniform(2000, 6000))]]
        for exports in runs:
            self._run(pick, model, [t for t in exports if t <= self.end], points, recorded)
        for (said, source, kind_of), values in points.items():
            more = {"model": said, "query_source": source} | ({"type": kind_of} if kind_of else {})
            for minute, value in _counted_anew(values):
                recorded[Grown(minute, said, source, kind_of, anew=True)] += value
            self.truth.series += 1
            self.truth.samples += len(values)
            yield (COUNTED if kind_of else PRICED, labels | more, values)

    def _exports(self, at: float, ends: float) -> list[int]:
        """When a process exports: at each interval, and as it ends."""
        times = [round(at + self.interval * n) for n in range(1, int((ends - at) / self.interval) + 1)]
        return sorted({*times, round(ends)})  # two at one instant would be a sample that promtool refuses

    def _run(
        self,
        pick: random.Random,
        model: str,
        exports: list[int],
        points: dict[tuple[str, str, str | None], Points],
        recorded: "Counter[Grown]",
    ) -> None:
        values: dict[tuple[str, str], list[float]] = {}
        for at in exports:
            minute = -(-at // MINUTE_S) * MINUTE_S
            for said, source, share in ((model, "main", 0.8), (HAIKU, "subagent", 0.15), (HAIKU, "auxiliary", 0.05)):
                if pick.random() < share:
                    output = int(pick.lognormvariate(6.3, 0.8))
                    grown = (pick.randint(2, 80), output, pick.randint(10_000, 300_000), pick.randint(400, 18_000))
                    usd = sum(count * price for count, price in zip(grown, USD[said], strict=True))
                    value = values.setdefault((said, source), [0.0] * 5)
                    for index, amount in enumerate((*grown, usd)):
                        value[index] += amount
                    for kind, amount in zip((*KINDS, None), (*grown, usd), strict=True):
                        recorded[Grown(minute, said, source, kind)] += amount
                    self.truth.tokens[minute] += sum(grown)
                    self.truth.usd[minute] += usd
            for (said, source), value in values.items():
                for kind, count in zip((*KINDS, None), value, strict=True):
                    points[said, source, kind].append((at, round(count, 9)))


def _counted_anew(points: Points) -> Iterator[tuple[int, float]]:
    """In which minutes the rules count a series anew, and how much: it came back with no less than it had."""
    for (before, known), (at, value) in pairwise(points):
        minute = -(-at // MINUTE_S) * MINUTE_S
        if before <= minute - MINUTE_S - LOOK_BACK_S and known <= value:
            yield minute, known


def _recorded(team: str, grown: Counter[Grown], upto: int, **more: str) -> Iterator[Series]:
    """By the minute, as the rules record it a minute later; what they counted anew, at the end of its half an hour."""
    level = HOST if more else TEAM
    increase: dict[Key, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    returned: dict[Key, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for one, amount in grown.items():
        key = one.model, one.source, one.kind
        increase[key][one.minute + RECORDED_LATE_S] += amount
        if one.anew and level is FINEST:
            returned[key][-(-(one.minute + RECORDED_LATE_S) // RETURN_S) * RETURN_S] += amount
    for what, found in (("increase1m", increase), ("returned30m", returned)):
        for (model, source, kind), values in found.items():
            labels = {"exported_job": "claude-code", "job": "otel-collector", "team": team, "model": model} | more
            labels |= {"query_source": source} | ({"type": kind} if kind else {})
            points = [(at, value) for at, value in sorted(values.items()) if at <= upto]
            if points:
                yield (level.metric(COUNTED if kind else PRICED, what), labels, points)


def with_doings(series: Iterable[Series]) -> Iterator[Series]:
    """And what Claude Code counts beside tokens and costs, export by export, as the Grafana page asks for it."""
    for name, labels, points in series:
        yield name, labels, points
        if name == COUNTED and (labels["type"], labels["query_source"]) == ("output", "main"):
            common = {key: value for key, value in labels.items() if key not in {"type", "query_source", "model"}}
            yield "claude_code_session_count_total", common | {"start_type": "fresh"}, [(at, 1.0) for at, _ in points]
            for metric, more, each in DOINGS:
                grown = [(at, each * (number + 1)) for number, (at, _) in enumerate(points)]
                yield f"claude_code_{metric}_total", common | more, grown


DOINGS: list[tuple[str, dict[str, str], float]] = [
    ("active_time_seconds", {"type": "cli"}, 7.5),
    ("active_time_seconds", {"type": "user"}, 2.5),
    ("lines_of_code_count", {"type": "added", "model": OPUS}, 12),
    ("lines_of_code_count", {"type": "removed", "model": OPUS}, 3),
    ("code_edit_tool_decision", {"tool_name": "Edit", "decision": "accept", "language": "Python"}, 1),
    ("code_edit_tool_decision", {"tool_name": "Write", "decision": "reject"}, 0.5),
    ("commit_count", {}, 0.25),
    ("pull_request_count", {}, 0.125),
]
"""Metric, labels, and how much an export adds."""


class Blocks:
    """OpenMetrics, a file per block of two hours and per metric, as promtool reads them best."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._rows: dict[tuple[int, str], list[str]] = defaultdict(list)
        self._held = 0

    def add(self, series: Series) -> None:
        name, labels, points = series
        text = name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} "
        for at, value in points:
            self._rows[at // BLOCK_S, name].append(f"{text}{value:.10g} {at}\n")
        self._held += len(points)
        if self._held > 1_000_000:
            self._flush()

    def _flush(self) -> None:
        for (block, name), rows in self._rows.items():
            with (self.directory / f"{block}-{name.replace(':', '_')}.part").open("a") as file:
                if file.tell() == 0:
                    counter = name.endswith("_total")
                    file.write(f"# TYPE {name.removesuffix('_total')} {'counter' if counter else 'unknown'}\n")
                file.writelines(rows)
        self._rows.clear()
        self._held = 0

    def close(self) -> list[Path]:
        self._flush()
        files = []
        for block in sorted({part.name.partition("-")[0] for part in self.directory.glob("*.part")}):
            path = self.directory / f"{block}.om"
            with path.open("wb") as out:
                for part in sorted(self.directory.glob(f"{block}-*.part")):
                    out.write(part.read_bytes())
                    part.unlink()
                out.write(b"# EOF\n")
            files.append(path)
        return files


def json_lines(series: Iterable[Series]) -> Iterator[bytes]:
    """As VictoriaMetrics imports them."""
    for name, labels, points in series:
        values, times = [value for _, value in points], [at * 1000 for at, _ in points]
        line = {"metric": {"__name__": name} | labels, "values": values, "timestamps": times}
        yield json.dumps(line).encode() + b"\n"
