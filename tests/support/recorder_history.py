"""Writes an invented day and week into the recorder of a stopped Home Assistant, for screenshots with graphs."""

import math
import os
import random
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from tests.support.desk import IDS

HOUR, DAY = 3600, 24 * 3600
STEP_S = 150
SESSIONS = (
    (23.5, 21.2, 5200, "sonnet"),
    (20.5, 19.6, 3100, "haiku"),
    (8.4, 6.9, 6100, "opus"),
    (6.3, 4.8, 7400, "opus"),
    (3.6, 2.4, 3900, "sonnet"),
    (1.6, 0, 7300, "opus"),
)
"""From and to in hours ago, mean tokens a minute, model."""

Series = Iterable[tuple[float, object]]


def write_history(config: Path, fuel_5h: float, fuel_7d: float) -> None:
    """Up to the last full hour; the fuels end at what is given, in percent."""
    dice, now = random.Random(7), time.time()
    with sqlite3.connect(config / "home-assistant_v2.db") as recorder:
        for key, series in _day(dice, now).items():
            _put(recorder, IDS[key], series)
        for key, values in _week(dice, now, fuel_5h, fuel_7d).items():
            _remember(recorder, IDS[key], now, values)
    recorder.close()


def _day(dice: random.Random, now: float) -> dict[str, Series]:
    rate, model, hot = list[tuple[float, float]](), [(now - DAY, "sonnet")], [(now - DAY, "off")]
    for step in range(DAY // STEP_S):
        at = now - DAY + step * STEP_S
        tokens = 0.0
        for start, end, mean, name in SESSIONS:
            if end <= (now - at) / HOUR <= start:
                tokens = max(0.0, dice.gauss(mean, mean * 0.22)) * (0.35 if dice.random() < 0.12 else 1)
                model += [(at, name)] if model[-1][1] != name else []
        rate.append((at, round(tokens)))
        lamp = "on" if tokens > 8000 else "off"
        hot += [(at, lamp)] if hot[-1][1] != lamp else []
    warn = [(now - 24 * HOUR, "off"), (now - 21.9 * HOUR, "on"), (now - 20.1 * HOUR, "off")]
    stall = [(now - 24 * HOUR, "off"), (now - 7.2 * HOUR, "on"), (now - 7.05 * HOUR, "off")]
    return {"rate_1m": rate, "last_model": model, "hot": hot, "warn": warn, "stall": stall}


def _week(dice: random.Random, now: float, fuel_5h: float, fuel_7d: float) -> dict[str, list[float]]:
    """A value an hour."""
    short, long, block, week = list[float](), list[float](), 0.0, 22.0
    for hours in range(7 * 24, 0, -1):
        clock = int(now / HOUR - hours)
        used = dice.uniform(9, 27) if 8 <= clock % 24 <= 19 and dice.random() < 0.8 else 0.0
        block = min(97.0, used + (0.0 if clock % 5 == 0 else block))
        week = max(8.0, week + used * 0.045 - 0.28)
        short.append(block)
        long.append(week)
    slope = (long[-1] - fuel_7d) / len(long)
    return {
        "window_5h_pct": [*short[:-2], fuel_5h / 3, fuel_5h * 0.85],
        "window_7d_pct": [value - slope * index for index, value in enumerate(long)],
    }


def _put(recorder: sqlite3.Connection, entity: str, series: Series) -> None:
    (number,) = recorder.execute("SELECT metadata_id FROM states_meta WHERE entity_id = ?", (entity,)).fetchone()
    newest = "SELECT attributes_id FROM states WHERE metadata_id = ? AND attributes_id NOT NULL ORDER BY state_id DESC"
    (attributes,) = recorder.execute(newest, (number,)).fetchone()
    recorder.execute("DELETE FROM states WHERE metadata_id = ?", (number,))
    recorder.executemany(
        "INSERT INTO states (state, last_updated_ts, attributes_id, origin_idx, context_id_bin, metadata_id)"
        " VALUES (?, ?, ?, 0, ?, ?)",
        [(str(state), at, attributes, os.urandom(16), number) for at, state in series],
    )


def _remember(recorder: sqlite3.Connection, entity: str, now: float, values: list[float]) -> None:
    about = (entity, "recorder", "%", 1, 0, 1)
    names = "statistic_id, source, unit_of_measurement, has_mean, has_sum, mean_type"
    recorder.execute(f"INSERT INTO statistics_meta ({names}) VALUES (?, ?, ?, ?, ?, ?)", about)  # noqa: S608 (constants)
    (number,) = recorder.execute("SELECT id FROM statistics_meta WHERE statistic_id = ?", (entity,)).fetchone()
    first = (math.floor(now / HOUR) - len(values)) * HOUR
    recorder.executemany(
        "INSERT INTO statistics (created_ts, metadata_id, start_ts, mean, min, max) VALUES (?, ?, ?, ?, ?, ?)",
        [(first, number, first + n * HOUR, value, value, value) for n, value in enumerate(values)],
    )
