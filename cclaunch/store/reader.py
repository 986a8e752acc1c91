"""
Reading: what happened and what it cost, from a database that somebody else may be writing.

Opened read-only and never migrated. Money and tokens come from ``api_request`` events, once per request,
in integer micro-dollars; metrics are only asked how much of that never arrived.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch.collector.otlp import CUMULATIVE
from cclaunch.errors import StoreBroken, StoreMissing
from cclaunch.store.retention import COUNTED, DAY
from cclaunch.store.schema import SCHEMA_VERSION, version_of

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
SUMS = ("requests", "cost_usd_micros", *TOKENS)

COLUMNS = {
    "day": DAY,
    "model": "model",
    "profile": "profile",
    "session": "session_id",
    "session.id": "session_id",
    "service.name": "service",
    "request_id": "request_id",
    "prompt.id": "prompt_id",
    "event.name": "name",
    "cclaunch.profile": "profile",
}
"""What can be asked for and has a column of its own."""

ALIASES = {"repository": "vcs.repository.name"}
LABELLED = {"cclaunch.profile": "profile", "vcs.repository.name": "repository"}
"""Attribute -> its name among the labels of a daily total."""


class Usage(NamedTuple):
    """
    What was used.

    Attributes:
        since, until: Nanoseconds since the epoch, or None for an open end.
        by: What the rows are grouped by.
        rows: One dictionary a group: the keys of *by*, ``cost_usd`` (USD), ``requests`` and the four token counts.
        total: The same over everything, without the keys.
        lost_usd_micros: What the cost metric counted beyond the events: lost on the way. 0 when nothing was.
    """

    since: int | None
    until: int | None
    by: list[str]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    lost_usd_micros: int


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


def expression(key: str) -> tuple[str, list[str]]:
    """Return the SQL expression of attribute *key* of an event, and its parameters."""
    key = ALIASES.get(key, key)
    if key in COLUMNS:
        return COLUMNS[key], []
    return "json_extract(attributes, ?)", ['$."' + key.replace('"', "") + '"']


def conditions(since: int | None, until: int | None, where: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Return the SQL condition of a time range (since <= time < until) and attribute values, and its parameters."""
    parts, values = ["check_nonce IS NULL"], list[Any]()
    if since is not None:
        parts.append("time_ns >= ?")
        values.append(since)
    if until is not None:
        parts.append("time_ns < ?")
        values.append(until)
    for key, wanted in where.items():
        sql, parameters = expression(key)
        parts.append(f"CAST({sql} AS TEXT) = ?")
        values += [*parameters, wanted]
    return " AND ".join(parts), values


def usage(
    connection: sqlite3.Connection,
    since: int | None = None,
    until: int | None = None,
    by: Sequence[str] = ("day", "model"),
    where: Mapping[str, str] | None = None,
) -> Usage:
    """Return what was used between *since* and *until* (ns), grouped by *by*; a row without the attribute has None."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in [*_raw(connection, since, until, by, where or {}), *_daily(connection, since, until, by, where or {})]:
        key = tuple(row[: len(by)])
        sums = groups.setdefault(key, [0] * len(SUMS))
        for position, value in enumerate(row[len(by) :]):
            sums[position] += int(value or 0)
    ordered = sorted(groups.items(), key=lambda item: [(value is None, str(value)) for value in item[0]])
    rows = [{**dict(zip(by, key, strict=True)), **_shown(sums)} for key, sums in ordered]
    total = _shown([sum(column) for column in zip(*groups.values(), strict=True)] if groups else [0] * len(SUMS))
    return Usage(since, until, list(by), rows, total, 0 if where else lost_usd_micros(connection, since, until))


def _shown(sums: Sequence[int]) -> dict[str, Any]:
    named = dict(zip(SUMS, sums, strict=True))
    micros = named.pop("cost_usd_micros")
    return {"cost_usd": micros / 1_000_000, **named}


def _raw(
    connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    condition, values = conditions(since, until, where)
    found = [expression(key) for key in by]
    keys = "".join(f"{sql}, " for sql, _ in found)
    parameters = [value for _, several in found for value in several]
    grouping = f"GROUP BY {', '.join(str(number + 1) for number in range(len(by)))}" if by else ""
    query = (
        f"SELECT {keys} count(*), {', '.join(f'sum({name})' for name in SUMS[1:])}"
        f" FROM (SELECT *, min(id) FROM events WHERE {COUNTED} AND {condition} GROUP BY coalesce(request_id, hex(key)))"
        f" {grouping}"
    )
    return [tuple(row) for row in connection.execute(query, [*parameters, *values])]


def _daily(
    connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    """Return the totals of the days whose rows are gone; a day counts when it begins within the range."""
    parts, values = ["1"], list[Any]()
    start = "unixepoch(day, 'utc') * 1000000000"
    if since is not None:
        parts.append(f"{start} >= ?")
        values.append(since)
    if until is not None:
        parts.append(f"{start} < ?")
        values.append(until)

    def label(key: str) -> str:
        name = ALIASES.get(key, key)
        return LABELLED.get(name, name).replace('"', "")

    for key, wanted in where.items():
        parts.append("CAST(day AS TEXT) = ?" if key == "day" else "CAST(json_extract(labels, ?) AS TEXT) = ?")
        values += [wanted] if key == "day" else [f'$."{label(key)}"', wanted]
    keys = "".join("day, " if key == "day" else "json_extract(labels, ?), " for key in by)
    parameters = [f'$."{label(key)}"' for key in by if key != "day"]
    query = f"SELECT {keys} {', '.join(SUMS)} FROM daily WHERE {' AND '.join(parts)}"
    return [tuple(row) for row in connection.execute(query, [*parameters, *values])]


TOTALS = f"""
SELECT s.id AS id, CASE WHEN s.temporality = {CUMULATIVE} THEN
    (SELECT sum(top) FROM (SELECT max(value) AS top FROM points WHERE series = s.id GROUP BY start_ns))
ELSE (SELECT sum(value) FROM points WHERE series = s.id) END AS value
FROM series s
"""
"""The value of a series: the sum of a delta one's points; of a cumulative one, its highest since each start."""


def lost_usd_micros(connection: sqlite3.Connection, since: int | None, until: int | None) -> int:
    """
    Return how many micro-dollars the cost metric counted beyond the events, session by session.

    Only whole sessions are compared: those whose last point lies in the range, and none of whose days is folded. Events
    arrive before metrics, so a session that is still running shows nothing; half a micro-dollar a request is rounding.
    """
    rows = connection.execute(
        f"""
        WITH spent AS (
            SELECT s.session_id AS session, sum(t.value) * 1000000 AS micros, max(s.last_ns) AS last_ns,
                min((SELECT min(start_ns) FROM points WHERE series = s.id)) AS first_ns
            FROM ({TOTALS}) t JOIN series s ON s.id = t.id
            WHERE s.name = 'claude_code.cost.usage' AND s.check_nonce IS NULL AND s.session_id IS NOT NULL
            GROUP BY s.session_id),
        seen AS (
            SELECT session_id AS session, count(*) AS requests, sum(cost_usd_micros) AS micros
            FROM (SELECT *, min(id) FROM events WHERE {COUNTED} GROUP BY coalesce(request_id, hex(key))) GROUP BY session_id)
        SELECT spent.micros - coalesce(seen.micros, 0) AS missing, coalesce(seen.requests, 0) AS requests
        FROM spent LEFT JOIN seen ON seen.session = spent.session
        WHERE spent.last_ns >= ? AND spent.last_ns < ?
            AND first_ns >= coalesce((SELECT unixepoch(max(day), '+1 day', 'utc') * 1000000000 FROM daily), 0)
        """,
        (since if since is not None else 0, until if until is not None else (1 << 63) - 1),
    )
    return sum(round(row["missing"]) for row in rows if row["missing"] > 1 + row["requests"])


def events(
    connection: sqlite3.Connection,
    *,
    limit: int | None = None,
    after: int | None = None,
    since: int | None = None,
    until: int | None = None,
    newest: bool = True,
    where: Mapping[str, str] | None = None,
) -> list[Event]:
    """
    Return events, the oldest first: the last *limit* of them, or those stored *after* a rowid.

    Args:
        limit: At most so many; None for all.
        newest: Which of them, when there are more than *limit*: the newest, or the oldest.
        after: Only rows stored later than this rowid, in the order they were stored.
        since, until: Nanoseconds since the epoch.
        where: Attribute -> value; ``event.name`` and ``session.id`` are attributes like others.
    """
    condition, values = conditions(since, until, where or {})
    if after is not None:
        query = f"SELECT * FROM events WHERE {condition} AND id > ? ORDER BY id LIMIT ?"
        found = connection.execute(query, [*values, after, -1 if limit is None else limit]).fetchall()
    else:
        way = "DESC" if newest else "ASC"
        query = f"SELECT * FROM events WHERE {condition} ORDER BY time_ns {way}, sequence {way}, id {way} LIMIT ?"
        found = connection.execute(query, [*values, -1 if limit is None else limit]).fetchall()
        found = found[::-1] if newest else found
    return [Event(row["id"], row["time_ns"], row["name"], row["session_id"], row["model"], _attributes(row)) for row in found]


def _attributes(row: sqlite3.Row) -> dict[str, Any]:
    """Return what was sent, with the columns' numbers in the place of those that came as text."""
    attributes: dict[str, Any] = json.loads(row["attributes"])
    for name in ("duration_ms", "cost_usd_micros", *TOKENS):
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
