"""What the verb `insights` does: reads what is new, then shows a span of days."""

import csv
import io
import logging
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gauge_mqtt.app import places
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.insights import PERIODS, Insights, Period, Value
from gauge_mqtt.contract.messages import bare
from gauge_mqtt.sinks.report import flight_report
from gauge_mqtt.sinks.terminal import insights as terminal
from gauge_mqtt.sources.logs.insights import store
from gauge_mqtt.sources.logs.insights.feed import Feed
from gauge_mqtt.sources.logs.insights.phrases import look as look_for_phrases
from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.logs.place import INSIGHTS
from gauge_mqtt.sources.logs.roots import log_roots
from gauge_mqtt.sources.logs.source import JsonlSource

log = logging.getLogger(__name__)

CHART_DAYS = 30
SEPARATOR = ";"


def needed_directory(settings: Settings) -> Path:
    if settings.state_dir is None:
        raise SettingsError("state_dir is not set and there is no home directory: the insights need a place")
    return settings.state_dir


def make_feed(settings: Settings) -> Feed:
    """Of the session logs of this machine. Raises `SettingsError`."""
    phrases = settings.insights_phrases.split(SEPARATOR)
    return Feed(
        log_roots(os.environ, places.home()), needed_directory(settings), phrases,
        commits=settings.insights_git, series=settings.insights_series,
    )  # fmt: skip


def off(settings: Settings) -> str:
    """What to say to somebody who asks for insights and has not switched them on."""
    return (
        f"insights are off: set {variable('insights')}=1 to keep counts of how you work with Claude Code, by day, in "
        f"{needed_directory(settings)} (never a text, a path or a name)"
    )


def forget(settings: Settings) -> bool:
    """Delete all of it. False if there was nothing."""
    return store.remove(needed_directory(settings))


def live(settings: Settings, tail: JsonlSource | None) -> Feed | None:
    """What the publisher follows, fed by the tail of the session logs; `None` if that is not wanted or not possible."""
    if not settings.insights:
        if INSIGHTS.kept(settings.state_dir):
            log.info("insights are off, and some are kept: `gauge-mqtt insights` asks whether to delete them")
        return None
    if tail is None:
        log.warning("there are no insights: they are made of the session logs, which the source does not read")
        return None
    feed = make_feed(settings)
    tail.book.tail.on_lines = feed.take
    log.info("insights: counts by day, kept in %s", INSIGHTS.path_in(needed_directory(settings)))
    return feed


def phrases(period: Period, last: date | None) -> str:
    """The phrases that were used most in the span, for a terminal and nothing else."""
    end = datetime.combine(last or datetime.now().astimezone().date(), datetime.min.time()) + timedelta(days=1)
    start = end - timedelta(days=PERIODS[period])
    found = look_for_phrases(log_roots(os.environ, places.home()), start.timestamp(), end.timestamp())
    said = {"Claude": found.claude, "You": found.user}
    return "\n".join(
        f"{who}: {told[0]!r}, {told[1]} times" if told else f"{who}: nothing twice" for who, told in said.items()
    )


class ReportError(GaugeError):
    """The flight report cannot be written."""


class Look:
    """What is known after everything was read once."""

    def __init__(self, settings: Settings, progress: Progress | None) -> None:
        self._feed = make_feed(settings)
        try:
            self._feed.catch_up(progress)
        finally:
            self._feed.close()
        self._now = datetime.now(UTC)

    def insights(self, period: Period, last: date | None) -> Insights:
        return self._feed.insights(period, self._now, last.toordinal() if last else None)

    def page(self, period: Period, last: date | None) -> str:
        end = last.toordinal() if last else self._feed.today()
        days = self._feed.days
        chart = [
            (date.fromordinal(day).isoformat(), days[day].tokens if day in days else 0)
            for day in range(end - CHART_DAYS + 1, end + 1)
        ]
        return terminal.page(self.insights(period, last), chart)

    def report(self, last: date | None, directory: Path) -> list[Path]:
        """Write the flight report of the week that ends on that day. Raises `ReportError`."""
        end = last.toordinal() if last else self._feed.today()
        week = flight_report.Week(
            self._feed.insights("week", self._now, end),
            self._feed.insights("week", self._now, end - PERIODS["week"]),
            [self._feed.insights("day", self._now, day) for day in range(end - PERIODS["week"] + 1, end + 1)],
        )
        stem = f"flight-report-{week.week.last.isoformat()}"
        pictures = {name: f"{stem}-{name}.svg" for name in flight_report.PICTURES}
        pages = {f"{stem}.md": flight_report.markdown(week, pictures), f"{stem}.html": flight_report.html(week)}
        pages |= {pictures[name]: draw(week.days) for name, (_, draw) in flight_report.PICTURES.items()}
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for name, text in pages.items():
                (directory / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise ReportError(f"the flight report cannot be written: {directory}: {error.strerror}") from error
        return [directory / name for name in pages]

    def rows(self, period: Period, last: date | None) -> str:
        """CSV: a line for each day, key and name."""
        end = last.toordinal() if last else self._feed.today()
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("day", "key", "name", "value"))
        for day in range(end - PERIODS[period] + 1, end + 1):
            told = self._feed.insights("day", self._now, day)
            for key, value in told.values.items():
                writer.writerows((told.last.isoformat(), key, name, n) for name, n in _entries(value))
        return out.getvalue()


def _entries(value: Value) -> Iterator[tuple[str, str]]:
    """A map or a profile entry by entry; what is unknown has an empty value."""
    if isinstance(value, Mapping):
        yield from ((name, bare(n)) for name, n in value.items())
    elif isinstance(value, tuple):
        yield from ((str(number), bare(n)) for number, n in enumerate(value))
    else:
        yield "", "" if value is None else bare(value)
