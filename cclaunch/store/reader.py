"""
Reading: what happened, from a database that somebody else may be writing.

Opened read-only and never migrated. What it cost is in the ledger.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from cclaunch.errors import StoreBroken, StoreMissing
from cclaunch.store.damage import is_damage, mark_suspect
from cclaunch.store.filters import EVENTS, NUMBERS, Where, conditions, register, within
from cclaunch.store.rows import CUMULATIVE
from cclaunch.store.schema import SCHEMA_VERSION, version_of

TOTALS = f"""
SELECT s.id AS id, CASE WHEN s.temporality = {CUMULATIVE} THEN
    (SELECT sum(top) FROM (SELECT max(value) AS top FROM points WHERE series = s.id GROUP BY start_ns))
ELSE (SELECT sum(value) FROM points WHERE series = s.id) END AS value
FROM series s
"""
"""The value of a series: the sum of a delta one's points; of a cumulative one, its highest since each start."""

MENDED = "`cclaunch stack up`: the collector puts it aside, and takes over what can be read; then ask again"


class Event(NamedTuple):
    """One event as it is shown: *rowid* to go on from, and all of its attributes."""

    rowid: int
    time_ns: int
    name: str
    session_id: str | None
    model: str | None
    attributes: dict[str, Any]


class Extent(NamedTuple):
    """How much the database holds: bytes on disk, and the range and number of what is in it."""

    size_bytes: int
    first_ns: int | None
    last_ns: int | None
    events: int
    points: int


class Series(NamedTuple):
    """One series of a metric, added up. *value* is its total since *start_ns*."""

    name: str
    unit: str
    monotonic: bool
    attributes: dict[str, Any]
    value: float
    time_ns: int


def open_reader(path: str) -> sqlite3.Connection:
    """
    Return a read-only connection to the database at *path*.

    Raises:
        StoreMissing: Nothing was recorded yet.
        StoreTooNew, StoreBroken: It cannot be read by this release, or not at all.
    """
    if not os.path.exists(path):
        raise StoreMissing("nothing was recorded yet", cause=f"there is no {path}", hint="run `cclaunch`")
    try:
        uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        register(connection)
        version = version_of(connection, path)
    except sqlite3.OperationalError as error:
        raise StoreBroken(f"cannot read {path}: {error}", hint=f"ls -l {path}") from error
    if version == 0:
        connection.close()
        raise StoreMissing("nothing was recorded yet", cause=f"{path} is empty", hint="run `cclaunch`")
    if version < SCHEMA_VERSION:
        connection.close()
        raise StoreBroken(f"{path} has an older schema ({version})", hint="`cclaunch stack restart` brings it up to date")
    return connection


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """
    Give a read-only connection to the store at *path* for one question.

    Raises:
        StoreMissing: Nothing was recorded yet.
        StoreTooNew, StoreBroken: It cannot be read, also when that shows only while reading.
    """
    connection = open_reader(path)
    try:
        yield connection
    except sqlite3.Error as error:
        if is_damage(error):
            mark_suspect(path)
            raise StoreBroken(f"cannot read {path}: {error}", hint=MENDED) from error
        raise StoreBroken(f"cannot read {path}: {error}", hint=f"ls -l {os.path.dirname(path)}") from error
    finally:
        connection.close()


def events(
    connection: sqlite3.Connection,
    *,
    limit: int | None = None,
    after: int | None = None,
    since: int | None = None,
    until: int | None = None,
    newest: bool = True,
    where: Where | None = None,
    without: Sequence[str] = (),
) -> list[Event]:
    """
    Return events, the oldest first: the last *limit* of them, or those stored *after* a rowid.

    Args:
        limit: At most so many; None for all.
        newest: Which of them, when there are more than *limit*: the newest, or the oldest.
        after: Only rows stored later than this rowid, in the order they were stored.
        since, until: Nanoseconds since the epoch.
        where: Attribute -> the value it has, or several of which it has one; ``event.name`` and ``session.id`` are
            attributes like others.
        without: Names of events that are left out.
    """
    time, ends = within(since, until)
    condition, wanted = conditions(where or {})
    condition, values = f"check_nonce IS NULL AND {time} AND {condition}", [*ends, *wanted, *without]
    if without:
        condition += f" AND +name NOT IN ({', '.join('?' * len(without))})"
    if after is not None:
        query = f"SELECT * FROM {EVENTS} WHERE {condition} AND id > ? ORDER BY id LIMIT ?"
        found = connection.execute(query, [*values, after, -1 if limit is None else limit]).fetchall()
    else:
        way = "DESC" if newest else "ASC"
        query = f"SELECT * FROM {EVENTS} WHERE {condition} ORDER BY time_ns {way}, sequence {way}, id {way} LIMIT ?"
        found = connection.execute(query, [*values, -1 if limit is None else limit]).fetchall()
        found = found[::-1] if newest else found
    return [Event(row["id"], row["time_ns"], row["name"], row["session_id"], row["model"], _attributes(row)) for row in found]


def _attributes(row: sqlite3.Row) -> dict[str, Any]:
    """Return what was sent, with the columns' numbers in the place of those that came as text."""
    attributes: dict[str, Any] = {**(json.loads(row["common"]) if row["common"] else {}), **json.loads(row["attributes"])}
    for name in NUMBERS:
        if name in attributes and row[name] is not None:
            attributes[name] = row[name]
    return attributes


def newest_rowid(connection: sqlite3.Connection) -> int:
    """Return the rowid of the event that was stored last; 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def last_event(connection: sqlite3.Connection) -> Event | None:
    """Return the newest event, or None."""
    found = events(connection, limit=1)
    return found[0] if found else None


def extent(path: str) -> Extent:
    """Return how much the database at *path* holds. Raises what ``open_reader`` raises."""
    connection = open_reader(path)
    try:
        first, last, count = connection.execute("SELECT min(time_ns), max(time_ns), count(*) FROM events").fetchone()
        points = connection.execute("SELECT count(*) FROM points").fetchone()[0]
    finally:
        connection.close()
    size = sum(os.path.getsize(path + suffix) for suffix in ("", "-wal", "-shm") if os.path.exists(path + suffix))
    return Extent(size, first, last, count, points)


def series(connection: sqlite3.Connection, since_ns: int) -> Iterator[Series]:
    """Yield every series that had a point since *since_ns*, added up."""
    query = (
        f"SELECT s.*, t.value FROM series s JOIN ({TOTALS}) t ON t.id = s.id"
        " WHERE s.last_ns >= ? AND s.check_nonce IS NULL ORDER BY s.name, s.id"
    )
    for row in connection.execute(query, (since_ns,)):
        yield Series(
            row["name"], row["unit"], bool(row["monotonic"]), json.loads(row["attributes"]), row["value"] or 0.0, row["last_ns"]
        )


def find_check(connection: sqlite3.Connection, nonce: str) -> tuple[bool, bool]:
    """Say whether the (event, metric) that ``cclaunch check`` sent with *nonce* arrived."""
    event = connection.execute("SELECT 1 FROM events WHERE check_nonce = ?", (nonce,)).fetchone()
    metric = connection.execute("SELECT 1 FROM series WHERE check_nonce = ?", (nonce,)).fetchone()
    return event is not None, metric is not None
