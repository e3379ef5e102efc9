"""A number a day of the user's own, from a JSON or CSV file: hours in the budget, kilometres run, cups of tea."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

from gauge_mqtt.contract.errors import GaugeError

SIZE_MAX = 1 << 20
DAY_NAMES, VALUE_NAMES = ("day", "date"), ("value", "count", "n")


class SeriesError(GaugeError):
    """A series cannot be read, in words."""


def load(path: Path) -> dict[int, float]:
    """Day (ordinal) -> number. Several of one day add up. Raises `SeriesError`.

    JSON: `{"2026-11-28": 3}`, or a list of pairs or of objects with `day` and `value`. CSV: two columns, the day first,
    or columns that are called `day` (`date`) and `value` (`count`, `n`).
    """
    try:
        with path.open("rb") as file:
            return _read(file.read(SIZE_MAX + 1))
    except OSError as error:
        raise SeriesError(f"the series {path} cannot be read: {error.strerror}", setting="insights_series") from error
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        why = str(error) or "it is not as it should be"
        raise SeriesError(f"the series {path} cannot be used: {why}", setting="insights_series") from error


def _read(data: bytes) -> dict[int, float]:
    """Raises one of what a file can be wrong by."""
    if len(data) > SIZE_MAX:
        raise ValueError("larger than 1 MB")
    text = data.decode("utf-8-sig")
    pairs = _of_json(json.loads(text)) if text.lstrip()[:1] in {"{", "["} else _of_csv(text)
    found: dict[int, float] = {}
    for day, value in pairs:
        number = float(value)
        if not isfinite(number):
            raise ValueError(f"{value!r} is no number")
        ordinal = date.fromisoformat(str(day).strip()[:10]).toordinal()
        found[ordinal] = found.get(ordinal, 0.0) + number
    return found


def _of_json(told: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(told, Mapping):
        return told.items()
    return [_pair(item) if isinstance(item, Mapping) else (item[0], item[1]) for item in told]


def _pair(item: Mapping[str, Any]) -> tuple[Any, Any]:
    return _named(item, DAY_NAMES), _named(item, VALUE_NAMES)


def _named(item: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in item:
            return item[name]
    raise ValueError(f"one of {', '.join(names)} is missing")


def _of_csv(text: str) -> Iterable[tuple[str, str]]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row and any(cell.strip() for cell in row)]
    if rows and not rows[0][0][:1].isdigit():
        head = [cell.strip().lower() for cell in rows[0]]
        return [_pair(dict(zip(head, row, strict=False))) for row in rows[1:]]
    return [(row[0], row[1]) for row in rows if len(row) > 1]
