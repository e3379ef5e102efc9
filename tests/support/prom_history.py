"""Days of Claude Code's counters, generated from a seed, and the true sums to compare with.

Sessions on several machines, resumed ones (the counters of the same session start at 0 again), one-shot runs that
export once, closed lids, killed processes, model switches, subagents and auxiliary calls of smaller models.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

DAY, BLOCK_S = 86_400.0, 7200
KINDS = ("input", "output", "cacheRead", "cacheCreation")
MACHINES = ("desk", "laptop", "server")
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5"
USD = {OPUS: (5e-6, 25e-6, 0.5e-6, 6.25e-6), SONNET: (3e-6, 15e-6, 0.3e-6, 3.75e-6), HAIKU: (1e-6, 5e-6, 1e-7, 1.25e-6)}

Way = Literal["collector", "builtin", "plain"]
NAMES: dict[Way, tuple[str, str]] = {
    "collector": ("claude_code_token_usage_tokens_total", "claude_code_cost_usage_USD_total"),
    "builtin": ("claude_code_token_usage_total", "claude_code_cost_usage_total"),
    "plain": ("claude_code_token_usage", "claude_code_cost_usage"),
}


class Turn(NamedTuple):
    """One response. `kinds`: tokens in the order of `KINDS`."""

    at: float
    machine: str
    session: str
    model: str
    source: str
    kinds: tuple[int, int, int, int]

    @property
    def tokens(self) -> int:
        return sum(self.kinds)

    @property
    def usd(self) -> float:
        return sum(count * price for count, price in zip(self.kinds, USD[self.model], strict=True))


class Run(NamedTuple):
    """One process: its turns, and when it exported."""

    turns: list[Turn]
    exports: list[float]


@dataclass
class Truth:
    """What was really used, as far as it was ever exported."""

    turns: list[Turn] = field(default_factory=list)

    def tokens(self, after: float, upto: float, machine: str | None = None) -> int:
        return sum(turn.tokens for turn in self._between(after, upto, machine))

    def usd(self, after: float, upto: float, machine: str | None = None) -> float:
        return sum(turn.usd for turn in self._between(after, upto, machine))

    def last_main(self, upto: float) -> Turn:
        return max(turn for turn in self.turns if turn.at <= upto and turn.source == "main")

    def _between(self, after: float, upto: float, machine: str | None) -> Iterator[Turn]:
        return (t for t in self.turns if after < t.at <= upto and machine in {None, t.machine})


class History:
    """`days` of work that end at `end` (unix seconds), exported each `interval` seconds."""

    def __init__(self, seed: int, end: float, *, days: int = 8, sessions: int = 24, interval: float = 15) -> None:
        self.end, self.start, self.interval = end, end - days * DAY, interval
        self._random = random.Random(seed)
        self.runs: list[Run] = []
        for number in range(days * sessions):
            day, machine = number // sessions, MACHINES[number % len(MACHINES)]
            self._session(f"{seed:04x}-{number:04d}", machine, self.start + day * DAY + self._random.uniform(0, DAY))
        self.truth = Truth(sorted(turn for run in self.runs for turn in run.turns))

    def _session(self, name: str, machine: str, at: float) -> None:
        kind, uniform = self._random.random(), self._random.uniform
        if kind < 0.35:
            self._run(name, machine, at, uniform(5, 50))
        elif kind < 0.75:
            self._run(name, machine, at, uniform(300, 4000), killed=kind < 0.4)
        elif kind < 0.88:
            ended = self._run(name, machine, at, uniform(300, 2000))
            self._run(name, machine, ended + uniform(20, 4000), uniform(60, 2000))
        else:
            shut = at + uniform(300, 1200)
            self._run(name, machine, at, uniform(4000, 9000), lid=(shut, shut + uniform(400, 2400)))

    def _run(
        self,
        name: str,
        machine: str,
        at: float,
        lasts: float,
        *,
        lid: tuple[float, float] = (0, 0),
        killed: bool = False,
    ) -> float:
        ends = at + lasts
        exports = [at + self.interval * n for n in range(1, int(lasts / self.interval) + 1)]
        exports = [when for when in exports if not lid[0] < when < lid[1]]
        if not killed:
            exports.append(ends)
        exports = [when for when in exports if when <= self.end]
        last = exports[-1] if exports else 0.0
        turns = [t for t in self._turns(name, machine, at, ends) if t.at <= last and not lid[0] < t.at < lid[1]]
        if turns:
            self.runs.append(Run(turns, exports))
        return ends

    def _turns(self, name: str, machine: str, at: float, ends: float) -> Iterator[Turn]:
        model, pick = self._random.choice((OPUS, OPUS, SONNET)), self._random
        at += pick.uniform(1, 4)
        while at < ends:
            if pick.random() < 0.03:
                model = pick.choice((OPUS, SONNET))
            said, source = pick.choices(((model, "main"), (HAIKU, "subagent"), (HAIKU, "auxiliary")), (7, 2, 1))[0]
            output = int(pick.lognormvariate(5.5, 1))
            cached = (pick.randint(5000, 150_000), pick.randint(200, 9000))
            yield Turn(at, machine, name, said, source, (pick.randint(2, 40), output, *cached))
            at += pick.expovariate(1 / 40) + 3


Series = tuple[str, str]
"""Metric name and labels, as text."""


def labelled(turn: Turn, way: Way) -> Iterator[tuple[Series, float]]:
    """What one response adds to which series."""
    tokens, cost = NAMES[way]
    common = f'host_name="{turn.machine}",job="claude-code",model="{turn.model}",query_source="{turn.source}",'
    common += f'session_id="{turn.session}",terminal_type="xterm-256color",user_id="{"0" * 63}1"'
    for kind, count in zip(KINDS, turn.kinds, strict=True):
        yield (tokens, f'{common},type="{kind}"'), count
    yield (cost, common), turn.usd


Samples = dict[Series, list[tuple[float, float]]]


def pushed(history: History, way: Way = "collector", *, delta: bool = False) -> Samples:
    """A sample per export: cumulative series are repeated by each, increments are not."""
    samples: Samples = defaultdict(list)
    for run in history.runs:
        turns, values = iter(run.turns), Counter[Series]()
        turn = next(turns, None)
        for at in run.exports:
            while turn and turn.at <= at:
                for series, amount in labelled(turn, way):
                    values[series] += amount  # type: ignore[assignment]
                turn = next(turns, None)
            for series, value in values.items():
                samples[series].append((at, value))
            if delta:
                values.clear()
    return samples


def scraped(history: History, every: float, kept: float, way: Way = "collector") -> Samples:
    """What Prometheus finds at a collector that is scraped, and goes on showing a series for `kept` seconds."""
    samples: Samples = defaultdict(list)
    for series, points in pushed(history, way).items():
        for (at, value), following in zip(points, [*points[1:], (history.end, 0.0)], strict=True):
            until = min(following[0], at + kept)
            tick = int(at // every + 1)
            while tick * every <= until:
                samples[series].append((tick * every, value))
                tick += 1
    return samples


def write(samples: Samples, directory: Path) -> list[Path]:
    """OpenMetrics, a file per block of two hours: promtool reads a file once for each block in it."""
    blocks: dict[int, dict[Series, list[str]]] = defaultdict(lambda: defaultdict(list))
    for series, points in samples.items():
        for at, value in points:
            blocks[int(at // BLOCK_S)][series].append(f"{value!r} {at:.3f}" if value % 1 else f"{value:.0f} {at:.3f}")
    files = []
    for block, content in sorted(blocks.items()):
        by_name: dict[str, list[str]] = defaultdict(list)
        for (name, labels), values in content.items():
            by_name[name] += [f"{name}{{{labels}}} {value}" for value in values]
        lines = []
        for name, rows in by_name.items():
            family, kind = (name.removesuffix("_total"), "counter") if name.endswith("_total") else (name, "unknown")
            lines += [f"# TYPE {family} {kind}", *rows]
        path = directory / f"{block}.om"
        path.write_text("\n".join((*lines, "# EOF\n")))
        files.append(path)
    return files
