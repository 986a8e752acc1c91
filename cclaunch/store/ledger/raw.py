"""
Raw rows of telemetry.db that were forgotten: found by the rules, and deleted beside a collector that may be writing.

The problem it owns: what was forgotten may be sent again, and then it is a raw event before the ledger is asked. So each
catch-up looks through what is new, from a cursor of its own, which a new rule sets back to the start. The newest row is
never deleted: the next one would get its rowid, and the ledger reads by them. It is made empty instead.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cclaunch.store import lineage
from cclaunch.store.ledger.tombstones import FOREVER, SESSION, Facts, Rule, facts_of, hashed
from cclaunch.store.record_key import number_of

TOGETHER = 5_000
"""Rowids that are looked through at a time; what goes of them goes in one transaction."""

EMPTY = "forgotten"
"""The nonce of a row that was made empty: as those of a check it is shown nowhere."""

ROWS = (
    "SELECT id, time_ns, session_id, shared, attributes, check_nonce FROM events WHERE id > ? AND id <= ?"
    f" AND (time_ns < ? OR check_nonce = '{EMPTY}')"
)
MAKE_EMPTY = f"""
UPDATE events SET name = '', body = '', service = NULL, session_id = NULL, sequence = NULL, prompt_id = NULL,
    request_id = NULL, model = NULL, profile = NULL, cost_usd_micros = NULL, input_tokens = NULL, output_tokens = NULL,
    cache_read_tokens = NULL, cache_creation_tokens = NULL, cache_1h_tokens = NULL, duration_ms = NULL,
    check_nonce = '{EMPTY}', attributes = '{{}}', shared = NULL
WHERE id = ?
"""
POINTS = "FROM points WHERE series = ? AND time_ns >= ? AND time_ns < ?"
UNUSED_BY_SESSION = "DELETE FROM shared WHERE key = ? AND NOT EXISTS (SELECT 1 FROM events WHERE session_id = ?)"
UNUSED = "DELETE FROM shared WHERE key NOT IN (SELECT shared FROM events WHERE shared IS NOT NULL)"


def forgotten_ids(connection: sqlite3.Connection, rules: Sequence[Rule], low: int, high: int) -> list[int]:
    """Return the rowids behind *low* up to *high* of the telemetry.db of *connection* that one of *rules* forgets."""
    until = max((rule.until for rule in rules), default=0)
    commons: dict[int | None, dict[str, Any]] = {None: {}}
    found = []
    for row in connection.execute(ROWS, (low, high, until)):
        if row[5] == EMPTY or _is_forgotten(connection, rules, row, commons):
            found.append(row[0])
    return found


def _is_forgotten(
    connection: sqlite3.Connection, rules: Sequence[Rule], row: Sequence[Any], commons: dict[int | None, dict[str, Any]]
) -> bool:
    facts: Facts | None = None
    for rule in rules:
        if not rule.covers(row[1]):
            continue
        if rule.asks.keys() <= {SESSION}:
            if rule.holds({SESSION: hashed(row[2] or "")}):
                return True
            continue
        if facts is None:
            facts = facts_of(
                {**_common(connection, row[3], commons), **json.loads(row[4])}, row[2], {key for one in rules for key in one.asks}
            )
        if rule.holds(facts):
            return True
    return False


def _common(connection: sqlite3.Connection, key: int | None, known: dict[int | None, dict[str, Any]]) -> dict[str, Any]:
    """Return what the events with the shared row *key* have in common."""
    if key not in known:
        row = connection.execute("SELECT attributes FROM shared WHERE key = ?", (key,)).fetchone()
        known[key] = json.loads(row[0]) if row else {}
    return known[key]


def count(connection: sqlite3.Connection, rules: Sequence[Rule]) -> int:
    """Return how many events of a telemetry.db the *rules* forget; a row that was made empty is none."""
    found = sum(len(forgotten_ids(connection, rules, low, high)) for low, high in slices(0, newest(connection)))
    return found - int(connection.execute("SELECT count(*) FROM events WHERE check_nonce = ?", (EMPTY,)).fetchone()[0])


def newest(connection: sqlite3.Connection) -> int:
    """Return the highest rowid of an event; 0 without any."""
    return int(connection.execute("SELECT ifnull(max(id), 0) FROM events").fetchone()[0])


def slices(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the ends of the parts of the rowids behind *low* up to *high*."""
    for begin in range(low, high, TOGETHER):
        yield begin, min(begin + TOGETHER, high)


def sweep(connection: sqlite3.Connection, rules: Sequence[Rule], low: int, moved: Callable[[int, int], None]) -> int:
    """
    Delete the events behind the rowid *low* that one of *rules* forgets; return how many went.

    Args:
        connection: One that may write to telemetry.db.
        moved: Called after each part with the rowid up to which all is done, and the highest there is.
    """
    connection.execute("PRAGMA secure_delete = ON")
    top, gone = newest(connection), 0
    for begin, end in slices(low, top):
        ids = forgotten_ids(connection, rules, begin, end)
        if ids:
            _in_one(connection, lambda ids=ids: _delete(connection, ids))  # type: ignore[misc]
            gone += len(ids)
        moved(end, top)
    return gone


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    top = newest(connection)
    connection.executemany("DELETE FROM events WHERE id = ?", [(one,) for one in ids if one != top])
    if top in ids:
        connection.execute(MAKE_EMPTY, (top,))


def sweep_series(connection: sqlite3.Connection, rules: Sequence[Rule], since_ns: int) -> int:
    """Delete the points that one of *rules* forgets, of the series with news since *since_ns*; return how many went."""
    rows = connection.execute("SELECT id, session_id, attributes FROM series WHERE last_ns >= ?", (since_ns,)).fetchall()
    gone = []
    for series, session, attributes in rows:
        facts = facts_of(json.loads(attributes), session)
        meant = [(series, rule.since, rule.until) for rule in rules if rule.holds(facts)]
        gone += [one for one in meant if connection.execute(f"SELECT 1 {POINTS} LIMIT 1", one).fetchone()]
    return _in_one(connection, lambda: _delete_points(connection, gone)) if gone else 0


def _delete_points(connection: sqlite3.Connection, gone: Sequence[tuple[int, int, int]]) -> int:
    points = connection.executemany(f"DELETE {POINTS}", gone).rowcount
    empty = "DELETE FROM series WHERE id = ? AND NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id)"
    connection.executemany(empty, [(series,) for series, _, _ in gone])
    return points


def forget_shared(connection: sqlite3.Connection, rules: Sequence[Rule]) -> None:
    """
    Delete what the events of sessions that are forgotten for ever had in common: without a look at all events.

    A session of which more has come meanwhile keeps it: without it, those would be known as nobody's.
    """
    sessions = [rule for rule in rules if rule.asks.keys() == {SESSION} and rule.since <= 0 and rule.until == FOREVER]
    if sessions:
        rows = connection.execute("SELECT key, json_extract(attributes, '$.\"session.id\"') FROM shared").fetchall()
        gone = [(key, name) for key, name in rows if any(rule.holds({SESSION: number_of(str(name or ""))}) for rule in sessions)]
        _in_one(connection, lambda: connection.executemany(UNUSED_BY_SESSION, gone))


def drop_unused(connection: sqlite3.Connection) -> None:
    """Delete what no event has in common any more; it looks at all events."""
    _in_one(connection, lambda: connection.execute(UNUSED))


def _in_one(connection: sqlite3.Connection, work: Callable[[], Any]) -> Any:
    """Do *work* in one transaction, which is marked as following the one before. Raises sqlite3.Error."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        result = work()
        lineage.advance(connection)
    return result
