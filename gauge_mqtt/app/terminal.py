"""What the command line shows a person: log lines, tables, and a bar while a large history is read."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from gauge_mqtt.app.report import TableRow

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

BIG_HISTORY = 20 << 20
"""Bytes of log from which a progress display is worth its place."""
WIDEST_VALUE = 60


class LogLines(logging.StreamHandler[TextIO]):
    """To standard error, as it is at that moment: a bar borrows it, so that lines appear above the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, its name in the library
        """A full disk or a terminal that is gone costs the line, not a traceback a line."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def table(rows: Sequence[TableRow]) -> None:
    label = max(len(row.label) for row in rows)
    value = min(max(len(row.value) for row in rows), WIDEST_VALUE)
    for row in rows:
        click.echo(f"{row.label:<{label}}  {row.value:<{value}}  {row.note}".rstrip())


@contextmanager
def complaints_at_the_end() -> Iterator[None]:
    """A single look tells what is wrong with a source when it prints; the log would say it a second time."""
    log = logging.getLogger("gauge_mqtt.sources")
    level = log.level
    if not log.isEnabledFor(logging.DEBUG):
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal while a large history is read; nothing elsewhere, and nothing before or after."""
    if not sys.stderr.isatty():
        yield None
        return
    bar: Bar | None = None

    def show(done: int, todo: int) -> None:
        nonlocal bar
        if bar is None and done < todo and todo > BIG_HISTORY:
            bar = _bar(todo)
            bar.start()  # hides the cursor: from here on `finally` knows of it
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)
            if done >= todo:
                bar.stop()
                bar = None

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


def _bar(todo: int) -> "Bar":
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("reading history"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("", total=todo)
    return bar
