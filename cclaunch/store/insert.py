"""
Rows on their way into the database: made once from what was decoded, stored once however often that is tried.

What waits for a database that cannot be written waits in this form: attributes are JSON already, so what it takes of
memory can be reckoned.
"""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from cclaunch.store.rows import Batch, EventRow, PointRow
from cclaunch.store.schema import dump

EVENT_COLUMNS = tuple("attributes" if name == "own" else name for name in EventRow._fields)
"""In the order in which the table has them."""

ATTRIBUTES = EVENT_COLUMNS.index("attributes")
INSERT_SHARED = (
    "INSERT INTO shared (key, last_ns, attributes) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET last_ns = excluded.last_ns WHERE excluded.last_ns > last_ns + 86400000000000"
)
"""How new it is, is known to a day: each commit would write two pages more for it."""

INSERT_EVENT = f"INSERT OR IGNORE INTO events ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"
INSERT_SERIES = (
    "INSERT INTO series (key, name, unit, temporality, monotonic, session_id, check_nonce, last_ns, attributes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET last_ns = max(last_ns, excluded.last_ns)"
    " RETURNING id"
)
INSERT_POINT = "INSERT OR IGNORE INTO points (series, start_ns, time_ns, value) VALUES (?, ?, ?, ?)"

ROW_BYTES = 1000
"""What a row takes of memory beside its texts, roughly."""


class PointValues(NamedTuple):
    """One point: the values of its *series*, in the order of the statement, and its own."""

    series: tuple[object, ...]
    start_ns: int
    time_ns: int
    value: float


class Rows(NamedTuple):
    """
    What one request holds.

    Attributes:
        events: The values of each, in the order of the columns.
        points: The data points.
        shared: What the events share: key, newest time (ns), text.
    """

    events: list[tuple[object, ...]]
    points: list[PointValues]
    shared: list[tuple[int, int, str]]

    @property
    def number(self) -> int:
        """Return how many rows there are."""
        return len(self.events) + len(self.points)

    @property
    def size(self) -> int:
        """Return about how many bytes of memory they take."""
        texts = sum(len(str(row[ATTRIBUTES])) + len(str(row[3])) for row in self.events) + sum(len(one[2]) for one in self.shared)
        return texts + sum(len(str(point.series[-1])) for point in self.points) + ROW_BYTES * self.number


def rows_of(batch: Batch) -> Rows:
    """Return the rows of *batch*. Raises whatever JSON cannot hold."""
    shared: dict[int, tuple[int, int, str]] = {}
    for row in batch.events:
        if row.shared is not None:
            key, before = row.shared.key, shared.get(row.shared.key)
            shared[key] = key, row.time_ns if before is None else max(before[1], row.time_ns), row.shared.text
    events = [_event(row) for row in batch.events]
    return Rows(events, [_values(point) for point in batch.points], list(shared.values()))


def _event(row: EventRow) -> tuple[object, ...]:
    return (*row[:ATTRIBUTES], dump(row.own), row.cache_1h_tokens, row.shared.key if row.shared else None)


def _values(row: PointRow) -> PointValues:
    session = row.attributes.get("session.id")
    series = (
        row.series_key,
        row.name,
        row.unit,
        row.temporality,
        int(row.monotonic),
        session if isinstance(session, str) else None,
        row.check_nonce,
        row.time_ns,
        dump(row.attributes),
    )
    return PointValues(series, row.start_ns, row.time_ns, row.value)


def insert_rows(connection: sqlite3.Connection, rows: Iterable[Rows]) -> None:
    """Insert *rows*; what is stored already stays as it is. A point's series is made when it is the first of its kind."""
    for one in rows:
        connection.executemany(INSERT_SHARED, one.shared)
        connection.executemany(INSERT_EVENT, one.events)
        for point in one.points:
            series = connection.execute(INSERT_SERIES, point.series).fetchone()[0]
            connection.execute(INSERT_POINT, (series, point.start_ns, point.time_ns, point.value))
