"""
From the events of telemetry.db: which of them the ledger has not read yet, and how they become requests.

The problem it owns: a cursor may only be believed where it still means the same rows. The database has a name, and the
row at the cursor a key; where one of them is another, everything is read again, which changes nothing that is known.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.ledger import pull_requests
from cclaunch.store.ledger.arriving import add_up_events
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import COLUMNS, insert_requests, session_id, set_id
from cclaunch.store.ledger.request import BY_EVENT, EVENT, NO_COST, Request
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.senders import INSTANCE, Launches, sender_of
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.record_key import again, record_key, texts_of
from cclaunch.store.rows import integer, text, written

SOURCE = "telemetry"
TOGETHER = 20_000
"""Rowids of one slice at most, each in a transaction of its own."""

CACHE_KIB = 32 << 10
"""Of the database that is read: a slice is looked at twice, and has some 15 MB."""

NO_CHECK = "+e.check_nonce IS NULL"
COUNTED = f"+e.name = '{otel.REQUEST}' AND {NO_CHECK}"
TAKEN = f"(+e.name = '{otel.REQUEST}' OR +e.name = '{otel.PULL_REQUEST}') AND {NO_CHECK}"
"""The signs keep SQLite from an index: it would look at all requests there are, for each slice of rowids."""


def _bounded(column: str, most: int) -> str:
    """Return the column, NULL where it is no number from 0 to *most*: the first release's door had no bounds."""
    return f"iif(e.{column} BETWEEN 0 AND {most}, e.{column}, NULL)"


MICROS = _bounded("cost_usd_micros", limits.MOST_MICROS)
WRITTEN_ALL, SAID_1H = (_bounded(f"cache_{name}_tokens", limits.MOST_TOKENS) for name in ("creation", "1h"))
WRITTEN_5M, WRITTEN_1H = f"max({WRITTEN_ALL} - ifnull({SAID_1H}, 0), 0)", f"min({SAID_1H}, ifnull({WRITTEN_ALL}, {SAID_1H}))"
"""As `rows.written` has it: together no more than all."""

PROJECT = f"""
INSERT OR IGNORE INTO requests ({COLUMNS})
SELECT e.time_ns, e.key, k.session, k."set", e.request_id, {MICROS},
    {", ".join(_bounded(f"{name}_tokens", limits.MOST_TOKENS) for name in ("input", "output", "cache_read"))},
    {WRITTEN_5M}, {WRITTEN_1H}, iif({MICROS} IS NULL, {NO_COST}, {BY_EVENT}), {EVENT}, k.sender
FROM telemetry.events e JOIN temp.known k ON k.shared = e.shared
WHERE e.id > ? AND e.id <= ? AND {COUNTED}
"""
UNLESS_FORGOTTEN = """
AND NOT EXISTS (SELECT 1 FROM temp.away a WHERE a.shared = e.shared AND e.time_ns >= a.since_ns AND e.time_ns < a.until_ns)
AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.time_ns = e.time_ns AND f.key = e.key)
"""


class Cursor(NamedTuple):
    """How far a *database* (its name) was read: to the rowid *position*, at which the event has *key*."""

    database: str
    position: int
    key: Any


def attach(connection: sqlite3.Connection, path: str) -> None:
    """Attach telemetry.db at *path*, which is only read, to the ledger's *connection*. Raises sqlite3.Error."""
    uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
    connection.execute("ATTACH ? AS telemetry", (uri,))
    connection.execute(f"PRAGMA telemetry.cache_size = -{CACHE_KIB}")
    connection.execute('CREATE TEMP TABLE known (shared INTEGER PRIMARY KEY, session INTEGER, "set" INTEGER, sender INTEGER)')
    connection.execute("CREATE TEMP TABLE away (shared INTEGER, since_ns INTEGER, until_ns INTEGER)")
    connection.execute("CREATE INDEX temp.away_by_shared ON away (shared)")


def cursor_of(connection: sqlite3.Connection, source: str = SOURCE) -> Cursor:
    """Return the cursor from which to go on in the attached database: that of the last time for *source*, or its start."""
    database = str(connection.execute("SELECT name FROM telemetry.identity").fetchone()[0])
    row = connection.execute("SELECT database, position, key FROM cursors WHERE source = ?", (source,)).fetchone()
    if row is None or row[0] != database:
        return Cursor(database, 0, None)
    top = _top(connection)
    there = connection.execute("SELECT key FROM telemetry.events WHERE id = ?", (row[1],)).fetchone()
    if top < row[1] or (there is not None and there[0] != row[2]):
        return Cursor(database, 0, None)
    return Cursor(*row)


def _top(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(id), 0) FROM telemetry.events").fetchone()[0])


def left(connection: sqlite3.Connection, cursor: Cursor) -> int:
    """Return how many rowids the ledger has not read yet."""
    return _top(connection) - cursor.position


def take_slice(connection: sqlite3.Connection, cursor: Cursor, launches: Launches, rows: int = TOGETHER) -> Cursor:
    """
    Read *rows* rowids behind *cursor* into the ledger, in the transaction that is open; return the cursor behind them.

    Whose events these are, the *launches* say that have left their names by then.
    """
    last = min(cursor.position + rows, _top(connection))
    launches.register(connection)  # behind the look at what is there: each launch was named before claude started
    ends = (cursor.position, last)
    query = f"SELECT DISTINCT e.shared, e.time_ns / {QUARTER_NS}, e.name FROM telemetry.events e WHERE e.id > ? AND e.id <= ?"
    there = connection.execute(f"{query} AND {TAKEN}", ends).fetchall()
    found = [row for row in there if row[2] == otel.REQUEST]
    shared = {row[0]: row[1] for row in sorted(found, key=itemgetter(1), reverse=True)}
    forgotten = Tombstones(connection)
    _know(connection, {key: quarter * QUARTER_NS for key, quarter in shared.items() if key is not None}, ends, forgotten)
    changed = connection.execute(PROJECT + (UNLESS_FORGOTTEN if forgotten else ""), ends).rowcount
    if None in shared:
        changed += len(insert_requests(connection, _alone(connection, ends), forgotten))
    if changed or forgotten.late:
        add_up_events(connection, {row[1] for row in found} if changed else (), forgotten.late)
    if len(found) < len(there):
        pull_requests.take_slice(connection, ends, forgotten)
    return moved_to(connection, cursor.database, last)


def moved_to(connection: sqlite3.Connection, database: str, last: int, source: str = SOURCE) -> Cursor:
    """Remember for *source* that the attached *database* was read up to the rowid *last*, in the transaction that is open."""
    row = connection.execute("SELECT key FROM telemetry.events WHERE id = ?", (last,)).fetchone()
    moved = Cursor(database, last, row[0] if row else None)
    connection.execute(
        "INSERT INTO cursors (source, database, position, key) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (source) DO UPDATE SET database = excluded.database, position = excluded.position, key = excluded.key",
        (source, *moved),
    )
    return moved


def _know(connection: sqlite3.Connection, shared: Mapping[int, int], ends: tuple[int, int], forgotten: Tombstones) -> None:
    """Work out whatever of *shared*, attributes that events have in common -> when that was, was not met before."""
    times = _times(connection, ends) if forgotten else {}
    sessions: dict[str | None, int | None] = {None: None}
    sets: dict[str, int] = {}
    senders: dict[tuple[str, int], int] = {}
    away: list[tuple[int, int, int]] = []
    known = []
    for key, attributes in _unmet(connection, shared):
        session, attribute_set = text(attributes.get("session.id")), set_of(attributes)
        spans = forgotten.spans(attribute_set, session) if forgotten else []
        if any(since <= times[key][1] and times[key][0] < until for since, until in spans):
            forgotten.note(session, *times[key])
        if any(since <= times[key][0] and times[key][1] < until for since, until in spans):
            continue  # all of them were forgotten: no name of theirs comes back
        if session is not None and session not in sessions:
            sessions[session] = session_id(connection, session)
        sent = str(attributes.get(INSTANCE)) + str(attributes.get(otel.SENDER)), shared[key]
        if sent not in senders:
            senders[sent] = sender_of(connection, attributes, shared[key], checked=True)
        if attribute_set not in sets:
            sets[attribute_set] = set_id(connection, attribute_set)
        known.append((key, sessions[session], sets[attribute_set], senders[sent]))
        away += [(key, *one) for one in spans]
    connection.executemany("INSERT INTO temp.away (shared, since_ns, until_ns) VALUES (?, ?, ?)", away)
    connection.executemany('INSERT INTO temp.known (shared, session, "set", sender) VALUES (?, ?, ?, ?)', known)


def _unmet(connection: sqlite3.Connection, shared: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (key, attributes) of those of *shared* that were not met before."""
    numbers = ", ".join(map(str, shared))
    met = {row[0] for row in connection.execute(f"SELECT shared FROM temp.known WHERE shared IN ({numbers})")}
    query = f"SELECT key, attributes FROM telemetry.shared WHERE key IN ({numbers})"
    texts = dict(connection.execute(query).fetchall())
    for key in shared:
        if key not in met:
            yield key, json.loads(texts[key]) if key in texts else {}


def _times(connection: sqlite3.Connection, ends: tuple[int, int]) -> dict[int, tuple[int, int]]:
    """Return when the first and the last request of a slice was (ns), by what they share."""
    query = f"SELECT e.shared, min(e.time_ns), max(e.time_ns) FROM telemetry.events e WHERE e.id > ? AND e.id <= ? AND {COUNTED}"
    return {key: (first, last) for key, first, last in connection.execute(f"{query} GROUP BY 1", ends)}


def _alone(connection: sqlite3.Connection, ends: tuple[int, int]) -> Iterator[Request]:
    """Yield the requests of a slice that share nothing: those of the first schema, whose attributes are whole."""
    query = f"SELECT e.* FROM telemetry.events e WHERE e.id > ? AND e.id <= ? AND {COUNTED} AND e.shared IS NULL"
    rows = connection.execute(query, ends)
    names = [column[0] for column in rows.description]
    for values in rows.fetchall():
        yield _request(connection, dict(zip(names, values, strict=True)))


def _request(connection: sqlite3.Connection, row: dict[str, Any]) -> Request:
    attributes = json.loads(row["attributes"])
    hour = integer(attributes.get("cache_creation_1h_tokens"), limits.MOST_TOKENS)
    whole = integer(row["cache_creation_tokens"], limits.MOST_TOKENS)
    micros = integer(row["cost_usd_micros"], limits.MOST_MICROS)
    return Request(
        row["time_ns"],
        row["key"] if isinstance(row["key"], int) else _key(row, attributes),
        row["session_id"],
        set_of(attributes),
        row["request_id"],
        micros,
        integer(row["input_tokens"], limits.MOST_TOKENS),
        integer(row["output_tokens"], limits.MOST_TOKENS),
        integer(row["cache_read_tokens"], limits.MOST_TOKENS),
        *written(whole, hour),
        NO_COST if micros is None else BY_EVENT,
        EVENT,
        sender_of(connection, attributes, row["time_ns"], checked=True),
    )


def _key(row: dict[str, Any], attributes: dict[str, Any]) -> int:
    """Return the key of an event of the first schema; the end of its own key says which of equals it is."""
    key = record_key(row["time_ns"], row["name"], row["body"], texts_of(attributes))
    return again(key, int.from_bytes(row["key"][16:], "big"))
