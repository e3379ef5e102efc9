"""Generates a Claude Code session history whose truth is known.

python benchmarks/history.py OUT --size-mb 100 --seed 1 --shape A
"""

import random
from bisect import bisect
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
from rich.progress import track

from sessions import Span, Spec, Writer
from truth import DAY, HOUR, MINUTE, Shape, Truth, truth_of


def working_hours(rng: random.Random, end: int, days: int, *, pauses: bool) -> list[Span]:
    """With pauses: a working day of 7..11 h that ends by the clock when `end` does, two of seven days free."""
    if not pauses:
        return [(end - days * DAY, end)]
    spans = [(end - 7 * HOUR - rng.randrange(20 * MINUTE), end)]
    for day in range(1, days):
        if day % 7 not in {2, 3}:
            stop = end - day * DAY - rng.randrange(40 * MINUTE, 90 * MINUTE)
            spans.insert(0, (stop - rng.randrange(7 * HOUR, 11 * HOUR), stop))
    return spans


def plan(rng: random.Random, spans: list[Span], files: int, *, pauses: bool) -> list[Spec]:
    """Of ten files six are sessions, one is a fork, three are subagents; every tenth file is resumed days later.
    The last session lives until the end. Without pauses one more says something every 50 minutes (1 MB in 30 days), so
    that the active block depends on the whole history: the last 7 days alone give another one.
    """
    kinds: list[Literal["main", "fork", "agent"]] = ["main", "main", "main", "agent", "main", "main", "agent", "main"]
    kinds += ["fork", "agent"]
    specs = [Spec(i, kinds[i % 10], rng.lognormvariate(0, 0.6)) for i in range(files - 1)]
    ends = [0]
    for start, stop in spans:
        ends.append(ends[-1] + stop - start)

    def place(share: float) -> Span:
        at = int(share * ends[-1])
        index = min(bisect(ends, at), len(spans)) - 1
        start, stop = spans[index]
        return (max(start, min(start + at - ends[index], stop - 30 * MINUTE)), stop)

    for spec in specs:
        share = (spec.index + rng.random()) / files
        if spec.kind == "agent":
            spec.weight *= 0.35
        spec.spans = [place(share)]
        if spec.index % 10 == 1 and (later := place(min(0.999, share + 0.1 + 0.2 * rng.random()))) > spec.spans[0]:
            spec.spans.append(later)
    end = spans[-1][1]
    specs.append(Spec(files, "fork", 1.0, [(max(spans[-1][0], end - 7 * HOUR), end), (end - HOUR, end)], live=True))
    if not pauses:
        specs.append(Spec(files + 1, "pulse", 0.0, [spans[0]]))
    return specs


def generate(
    root: Path,
    *,
    seed: int,
    size_mb: float,
    days: int = 30,
    end: datetime,
    shape: Shape,
    pauses: bool = True,
    files: int | None = None,
    progress: Callable[[list[Spec]], Iterable[Spec]] = iter,
) -> Truth:
    """Writes `<root>/projects/**` and `<root>/truth.json`: two files per MB unless said, 12 at least. The same
    arguments always make the same bytes. The last session lives until `end`; nothing is later than `end`.
    """
    rng, stop = random.Random(seed), int(end.timestamp() * 1000)
    specs = plan(
        rng, working_hours(rng, stop, days, pauses=pauses), max(12, files or round(size_mb * 2)), pauses=pauses
    )
    writer = Writer(root, rng, shape, stop)
    left = sum(spec.weight for spec in specs)
    for spec in progress(specs):
        writer.write(spec, (size_mb * 1e6 - writer.bytes) * spec.weight / left if left else 0)
        left -= spec.weight
    truth = truth_of(
        writer.messages,
        seed=seed,
        shape=shape,
        end=stop,
        files=len(specs),
        size=writer.bytes,
        usage=(writer.usage_lines, writer.usage_bytes),
    )
    truth.save(root / "truth.json")
    return truth


@click.command(help=__doc__)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--size-mb", type=float, default=100.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--days", type=int, default=30, show_default=True)
@click.option("--shape", type=click.Choice(["A", "B"]), default="A", show_default=True, help="B: long tool results.")
@click.option("--end", type=click.DateTime(), default=None, help="UTC; now unless given.")
@click.option("--files", type=int, default=None, help="How many; 2 per MB unless given, each 40 kB or more.")
@click.option("--pauses/--no-pauses", default=True, help="Nights longer than 5 h.")
def main(out: Path, end: datetime | None, **options: Any) -> None:
    if (out / "projects").exists():
        raise click.UsageError(f"{out} already holds a history")
    until = end.replace(tzinfo=UTC) if end else datetime.now(UTC)
    print(generate(out, end=until, progress=track, **options))


if __name__ == "__main__":
    main()
