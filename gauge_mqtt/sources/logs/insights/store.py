"""The counts by day in the state directory: a SQLite file that holds hashes and numbers, no text, path or name.

What was read and how far it was read are written in one transaction, so that a crash at any moment costs nothing and
counts nothing twice. A row that is there already changes nothing: its id is that of what happened, not of the line.
"""

import logging
import os
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.insights.calendar import Calendar
from gauge_mqtt.core.insights.rows import BillRow, FactRow, ResponseRow, Used, better
from gauge_mqtt.core.insights.tally import Tally, tally
from gauge_mqtt.sources.logs.insights.lines import Position, Rows
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.place import INSIGHTS

log = logging.getLogger(__name__)

VERSION = 1
ROWS_KEPT_DAYS = 45
"""How long rows are kept, by which a copy of a line is known: longer than Claude Code keeps its logs (30 days). After
that a day is sealed: its sums stand, and whatever comes for it is left out.
"""
DAYS_KEPT = 366
BUSY_MS = 5000
CACHE_KB = 16_000
"""Pages of the file in memory, at most: rows are added all over it, and in SQLite's own 2 MB few are met again."""
ASKED_AT_ONCE, FEW_ROWS = 500, 64
RESPONSE = ResponseRow._fields
FACT = FactRow._fields
BILL = BillRow._fields
SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;
CREATE TABLE response (day INTEGER, {", ".join(RESPONSE)}, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE INDEX response_day ON response (day);
CREATE INDEX response_message ON response (message);
CREATE TABLE fact (day INTEGER, {", ".join(FACT)}, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE INDEX fact_day ON fact (day);
CREATE TABLE bill (day INTEGER, {", ".join(BILL)}, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE INDEX bill_chain ON bill (chain);
CREATE TABLE position (device INTEGER, inode INTEGER, state BLOB, PRIMARY KEY (device, inode)) WITHOUT ROWID;
CREATE TABLE day (day INTEGER PRIMARY KEY, tally BLOB);
CREATE TABLE dirty (day INTEGER PRIMARY KEY);
PRAGMA user_version = {VERSION};
"""
_encode = msgspec.msgpack.Encoder().encode
_decode_used = msgspec.msgpack.Decoder(tuple[Used, ...]).decode
_decode_tally = msgspec.msgpack.Decoder(Tally).decode
_decode_position = msgspec.msgpack.Decoder(tuple[LogFile, Position]).decode


class StoreError(GaugeError):
    """The counts cannot be kept, in words."""


def remove(directory: Path) -> bool:
    """Delete everything that was kept. False if there was nothing. Raises `StoreError`."""
    found, path = False, INSIGHTS.path_in(directory)
    for suffix in ("", "-wal", "-shm", "-journal", ".broken"):
        try:
            Path(f"{path}{suffix}").unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"the insights were not deleted: {path}: {error.strerror}") from error
        found = True
    return found


class Store:
    """`calendar`: what the user's days are. `rest` is called now and then. To be used by one thread at a time."""

    def __init__(self, directory: Path, calendar: Calendar, rest: Callable[[], None] = lambda: None) -> None:
        self._rest = rest
        self._path, self._calendar = INSIGHTS.path_in(directory), calendar
        self._db = _opened(self._path)
        self.key = self._meta("key", lambda: secrets.token_bytes(32))
        self.sealed_before: int = self._meta("sealed_before", lambda: 0)

    def close(self) -> None:
        self._db.close()

    def _meta(self, name: str, default: Callable[[], Any]) -> Any:
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, default()))
            return self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing, whoever else writes. Raises `StoreError`."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(f"the insights cannot be kept: {self._path}: {error}") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the insights cannot be read: {self._path}: {error}") from error

    # --- what was read

    def positions(self) -> dict[tuple[int, int], tuple[LogFile, Position]]:
        """Device and inode of a file -> how far it was read."""
        found = {}
        with self._reading():
            rows = self._db.execute("SELECT * FROM position").fetchall()
        for device, inode, state in rows:
            with suppress(msgspec.DecodeError):  # of another version: then that file is read again
                found[_unsigned(device), _unsigned(inode)] = _decode_position(state)
        return found

    def commit(
        self, rows: Rows, read: Iterable[tuple[LogFile, Position]], gone: Iterable[tuple[int, int]] = ()
    ) -> None:
        """Keep what was read, and that it was. Raises `StoreError`; then nothing of it is kept."""
        with self._transaction():
            dirty = self._responses(rows.responses) | self._facts(rows.facts) | self._bills(rows.bills)
            self._db.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", ((day,) for day in dirty))
            self._db.executemany(
                "INSERT OR REPLACE INTO position VALUES (?, ?, ?)",
                ((_signed(file.device), _signed(file.inode), _state(file, position)) for file, position in read),
            )
            self._db.executemany(
                "DELETE FROM position WHERE device = ? AND inode = ?", ((_signed(a), _signed(b)) for a, b in gone)
            )

    def _day(self, at: float) -> int | None:
        """The day of a row; `None` if that is sealed."""
        day = self._calendar.day(at)
        return None if day < self.sealed_before else day

    def _responses(self, rows: Sequence[ResponseRow]) -> set[int]:
        """Take records of responses, the true one of each. Returns the days that changed."""
        new: dict[int, ResponseRow] = {}
        for row in rows:
            known = new.get(row.id)
            new[row.id] = row if known is None else better(row, known)
        before: dict[int, ResponseRow] = {}
        family: dict[int, set[int]] = {}
        messages = {row.message for row in new.values()}
        for day, *values in self._among("response", "message", messages):
            row = ResponseRow(*values)
            before[row.id] = row
            family.setdefault(row.message, set()).add(day)
        dirty: set[int] = set()
        written = []
        for number, row in enumerate(new.values()):
            if number % FEW_ROWS == 0:
                self._rest()
            known = before.get(row.id)
            best = row if known is None else better(row, known)
            day = self._day(best.at)
            if best == known or day is None:
                continue
            written.append((day, *best))
            dirty |= {day} | family.get(row.message, set())
        marks = ", ".join("?" * (1 + len(RESPONSE)))
        self._db.executemany(f"INSERT OR REPLACE INTO response VALUES ({marks})", written)  # noqa: S608
        return dirty

    def _facts(self, rows: Sequence[FactRow]) -> set[int]:
        days: dict[int, list[FactRow]] = defaultdict(list)
        for row in rows:
            if (day := self._day(row.at)) is not None:
                days[day].append(row)
        return {day for day, facts in days.items() if self._added(day, facts)}

    def _added(self, day: int, facts: Sequence[FactRow]) -> bool:
        """Whether any of these was new."""
        before = self._db.total_changes
        in_order = sorted(facts)  # by id, as they lie in the file: fewer pages are touched
        self._db.executemany(f"INSERT OR IGNORE INTO fact VALUES ({day}, ?, ?, ?, ?, ?)", in_order)  # noqa: S608
        return self._db.total_changes != before

    def _bills(self, rows: Sequence[BillRow]) -> set[int]:
        """A new bill may change what every other one of its chain says."""
        known = {id_ for _, id_, *_ in self._among("bill", "id", {row.id for row in rows})}
        new = [row for row in rows if row.id not in known]
        written = [
            (day, *row._replace(used=_encode(row.used)))  # type: ignore[arg-type]
            for row in new
            if (day := self._day(row.at)) is not None
        ]
        marks = ", ".join("?" * (1 + len(BILL)))
        self._db.executemany(f"INSERT OR IGNORE INTO bill VALUES ({marks})", written)  # noqa: S608
        days = {day for day, *_ in self._among("bill", "chain", {row.chain for row in new})}
        return {day for day in days if day >= self.sealed_before}

    def _among(self, table: str, column: str, values: Iterable[int]) -> Iterator[Sequence[Any]]:
        asked = iter(values)
        while some := tuple(islice(asked, ASKED_AT_ONCE)):
            marks = ", ".join("?" * len(some))
            yield from self._db.execute(f"SELECT * FROM {table} WHERE {column} IN ({marks})", some)  # noqa: S608

    # --- by day

    def settle(self) -> set[int]:
        """Add up the days that have changed. Returns them. Raises `StoreError`."""
        with self._transaction():
            days = {day for (day,) in self._db.execute("SELECT day FROM dirty")}
            for day in days:
                self._rest()
                self._db.execute("INSERT OR REPLACE INTO day VALUES (?, ?)", (day, _encode(self._tally(day))))
            self._db.execute("DELETE FROM dirty")
        return days

    def _tally(self, day: int) -> Tally:
        """From all records of every message of that day, and all bills of every chain: which of them count is told by
        the others.
        """
        responses = self._db.execute(
            "SELECT * FROM response WHERE message IN (SELECT message FROM response WHERE day = ?)", (day,)
        ).fetchall()
        bills = self._db.execute(
            "SELECT * FROM bill WHERE chain IN (SELECT chain FROM bill WHERE day = ?)", (day,)
        ).fetchall()
        return tally(
            [ResponseRow(*values) for _, *values in responses],
            [
                FactRow(0, 0.0, name, n, who)  # added up in here: a day has thousands
                for name, who, n in self._db.execute(
                    "SELECT name, who, SUM(n) FROM fact WHERE day = ? GROUP BY name, who", (day,)
                )
            ],
            [_bill(values) for _, *values in bills],
            {values[0] for that, *values in [*responses, *bills] if that == day},
            lambda at: self._calendar.day_and_hour(at)[1],
        )

    def days(self, only: Iterable[int] | None = None) -> dict[int, Tally]:
        """Day (ordinal) -> its tally; of all that are kept, or of some."""
        with self._reading():
            if only is None:
                found = self._db.execute("SELECT day, tally FROM day").fetchall()
            else:
                found = [(day, data) for day, data in self._among("day", "day", only)]
        return {day: self._decoded(data) for day, data in found}

    def _decoded(self, data: bytes) -> Tally:
        try:
            return _decode_tally(data)
        except msgspec.DecodeError as error:
            raise StoreError(f"the insights cannot be read: {self._path}: {error}") from error

    def seal(self, today: int) -> None:
        """Let go of old rows, whose days keep their sums, and of days older than a year. Raises `StoreError`."""
        before = max(self.sealed_before, today - ROWS_KEPT_DAYS)
        with self._transaction():
            for day, data in self._db.execute(
                "SELECT day, tally FROM day WHERE day >= ? AND day < ?", (self.sealed_before, before)
            ).fetchall():
                self._db.execute("UPDATE day SET tally = ? WHERE day = ?", (_encode(self._decoded(data).sealed()), day))
            for table in ("response", "fact"):
                self._db.execute(f"DELETE FROM {table} WHERE day < ?", (before,))  # noqa: S608
            for table in ("day", "bill"):
                self._db.execute(f"DELETE FROM {table} WHERE day < ?", (today - DAYS_KEPT,))  # noqa: S608
            self._db.execute("UPDATE meta SET value = ? WHERE name = 'sealed_before'", (before,))
        self.sealed_before = before


def _opened(path: Path) -> sqlite3.Connection:
    """Raises `StoreError`. A file that is none of ours is set aside."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600))
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = Path(f"{path}.broken")
            log.warning(
                "%s cannot be used (%s): it is set aside as %s, the insights begin anew", path, error, aside.name
            )
            path.replace(aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            return _connected(path)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(f"the insights cannot be kept: {path}: {why}") from error


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables of a new file. Raises `sqlite3.Error` for one that is newer or damaged."""
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in SCHEMA.split(";"):
            db.execute(statement)
    elif version != VERSION:
        raise sqlite3.OperationalError(f"it is of version {version}, which is newer than this program")
    db.execute("COMMIT")
    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("it is damaged")


def _bill(values: Sequence[Any]) -> BillRow:
    row = BillRow(*values)
    return row._replace(known=bool(row.known), used=_decode_used(values[-1]))


def _state(file: LogFile, position: Position) -> bytes:
    nameless = file.unnamed()
    nameless.turn = None
    return _encode((nameless, position))


def _signed(number: int) -> int:
    """As SQLite keeps it: inodes and devices have 64 bits without a sign."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _unsigned(number: int) -> int:
    return number + (1 << 64) if number < 0 else number
