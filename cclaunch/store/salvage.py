"""
Taking over what can be read of a damaged database.

Read row by row: up to a damaged page, down to it from the other end, and around it by halves; last, from pages that
nothing leads to. The damaged file is only read.
"""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cclaunch.store.damaged_file import opened, put_first_page
from cclaunch.store.insert import EVENT_COLUMNS
from cclaunch.store.leaves import ADDED, rows_of_events, rows_of_shared
from cclaunch.store.salvaged_rows import insert_events, insert_series, insert_shared, is_event, is_series, is_shared
from cclaunch.store.schema import name_anew
from cclaunch.store.set_aside import READING

Portion = Callable[[sqlite3.Connection], None]
"""What is done in one transaction of the new database; it may be done twice."""

TOGETHER = 500
MOST_PROBES = 20_000
LONGEST_S = 60.0
"""So long, and with so many questions that fail, rows are looked for between damaged pages."""

EVENTS = "SELECT id, {0} FROM events WHERE id BETWEEN ? AND ? ORDER BY id"
FIRST_COLUMNS = [name if number < len(EVENT_COLUMNS) - ADDED else "NULL" for number, name in enumerate(EVENT_COLUMNS)]
"""What can be asked of a database of the first schema."""

SERIES_COLUMNS = "key, name, unit, temporality, monotonic, session_id, check_nonce, last_ns, attributes"
SERIES = f"SELECT id, {SERIES_COLUMNS} FROM series WHERE id BETWEEN ? AND ? ORDER BY id"
POINTS = "SELECT start_ns, time_ns, value FROM points WHERE series = ? ORDER BY start_ns {0}, time_ns {0}"
SHARED = "SELECT key, last_ns, attributes FROM shared"


class Salvage:
    """
    The taking over of one damaged database at *path*.

    Attributes:
        events: How many events were found.
        lost: At least so many rows could not be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.events = 0
        self.lost = 0
        self._until = time.monotonic() + LONGEST_S
        self._probes = 0
        self._read = path
        self._holes: list[tuple[int, int]] = []

    def portions(self) -> Iterator[Portion]:
        """
        Yield what is to be done in the new database, a transaction each.

        First what events share and the newest event: new rows are then numbered behind the old ones. At the end the new
        database gets another name: who reads it by rowids has passed those that came later.
        """
        connection = None
        try:
            with contextlib.suppress(OSError, sqlite3.Error):
                connection = self._source()
            if connection is None:
                yield lambda _: None
            else:
                yield from self._all(connection)
        finally:
            if connection is not None:
                connection.close()
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    os.unlink(self.path + READING + suffix)

    def _all(self, connection: sqlite3.Connection) -> Iterator[Portion]:
        shared = self._shared(connection)
        columns = EVENT_COLUMNS if _has(connection, "shared") else FIRST_COLUMNS
        events = EVENTS.format(", ".join(columns))
        top = _top(connection, "events", "events_by_time")
        newest = [row for row in self._walk(connection, events, top, top) if is_event(row)] if top else []

        def first(target: sqlite3.Connection) -> None:
            insert_shared(target, shared)
            insert_events(target, newest)

        yield first
        for rows in _together(self._walk(connection, events, 1, top)):
            good = [row for row in rows if is_event(row)]
            self.events += len(good)
            self.lost += len(rows) - len(good)
            yield lambda target, good=good: insert_events(target, good)  # type: ignore[misc]
        if self._holes:
            for rows in _together(self._in_holes()):
                yield lambda target, rows=rows: insert_events(target, rows)  # type: ignore[misc]
        for rows in _together(self._walk(connection, SERIES, 1, _top(connection, "series", "series_by_time"))):
            for row in rows:
                if is_series(row):
                    points = _both_ends(connection, POINTS, (row[0],))
                    yield lambda target, row=row, points=points: insert_series(target, row, points)  # type: ignore[misc]
                else:
                    self.lost += 1
        yield name_anew

    def _shared(self, connection: sqlite3.Connection) -> list[Sequence[Any]]:
        """Return what events share; from pages that nothing leads to as well, unless the whole table can be read."""
        found: list[Sequence[Any]] = []
        whole = False
        with contextlib.suppress(sqlite3.Error):
            found += connection.execute(SHARED)
            whole = self._read == self.path
        if not whole:
            with contextlib.suppress(OSError):
                found += rows_of_shared(self._read)
        return [row for row in found if is_shared(row)]

    def _in_holes(self) -> Iterator[Sequence[Any]]:
        """Yield the events that lie between those that were read, from pages that nothing leads to."""
        with contextlib.suppress(OSError):
            for row in rows_of_events(self._read, len(EVENT_COLUMNS)):
                if any(low <= row[0] <= high for low, high in self._holes) and is_event(row):
                    self.events += 1
                    self.lost = max(0, self.lost - 1)
                    yield row

    def _source(self) -> sqlite3.Connection:
        """Return a connection that can read the tables. Raises OSError, sqlite3.Error."""
        try:
            return opened(self.path)
        except sqlite3.Error:
            copy = self.path + READING
            shutil.copyfile(self.path, copy)
            os.chmod(copy, 0o600)
            if os.path.exists(self.path + "-wal"):
                shutil.copyfile(self.path + "-wal", copy + "-wal")
            put_first_page(copy)
            self._read = copy
            return opened(copy)

    def _walk(self, connection: sqlite3.Connection, query: str, first: int, last: int) -> Iterator[Sequence[Any]]:
        """Yield the rows of a table from the id *first* to *last*, around what is damaged."""
        todo = [(first, last)]
        while todo:
            low, high = todo.pop()
            if low > high:
                continue
            try:
                for row in connection.execute(query, (low, high)):
                    yield row
                    low = row[0] + 1
                continue
            except sqlite3.Error:
                self._probes += 1
            try:
                for row in connection.execute(f"{query} DESC", (low, high)):
                    yield row
                    high = row[0] - 1
                continue
            except sqlite3.Error:
                self._probes += 1
            if high <= low or self._probes > MOST_PROBES or time.monotonic() > self._until:
                self.lost += max(0, high - low + 1)
                if query is not SERIES:
                    self._add_hole(low, high)
                continue
            middle = (low + high) // 2
            todo += [(middle + 1, high), (low, middle)]

    def _add_hole(self, low: int, high: int) -> None:
        """Note that events may be missing there; holes side by side are one."""
        if self._holes and self._holes[-1][1] == low - 1:
            self._holes[-1] = (self._holes[-1][0], high)
        else:
            self._holes.append((low, high))


def _top(connection: sqlite3.Connection, table: str, index: str) -> int:
    """Return the highest id of *table*, asked of an index where the table does not tell; 0 when neither does."""
    for source in (table, f"{table} INDEXED BY {index}"):
        with contextlib.suppress(sqlite3.Error):
            return int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {source}").fetchone()[0])
    with contextlib.suppress(sqlite3.Error):
        return int(connection.execute("PRAGMA page_count").fetchone()[0]) * 20
    return 0


def _has(connection: sqlite3.Connection, column: str) -> bool:
    """Say whether events have *column*; where that cannot be told, it is taken for granted."""
    try:
        connection.execute(f"SELECT {column} FROM events LIMIT 0")
    except sqlite3.OperationalError as error:
        return "no such column" not in str(error)
    except sqlite3.Error:
        pass
    return True


def _both_ends(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> list[Sequence[Any]]:
    """Return the rows of *query*, from either end up to what is damaged, each once."""
    found: dict[Sequence[Any], None] = {}
    for way in ("ASC", "DESC"):
        try:
            for row in connection.execute(query.format(way), values):
                found[row] = None
            break
        except sqlite3.Error:
            continue
    return list(found)


def _together(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    found: list[Sequence[Any]] = []
    for row in rows:
        found.append(row)
        if len(found) == TOGETHER:
            yield found
            found = []
    if found:
        yield found
