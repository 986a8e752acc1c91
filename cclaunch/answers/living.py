"""
Which sessions are live: whose launched process lives, or who was answered a moment ago.

The problem it owns: a process does not say which session it has. Its events do: they carry the instance that its launch gave it.
"""

import contextlib
import sqlite3
from collections.abc import Collection, Iterable

from cclaunch.collector.pids import living_instances
from cclaunch.errors import StoreError
from cclaunch.reports.dates import NS
from cclaunch.store import reader
from cclaunch.store.places import Places

LATELY_NS = 600 * NS
INSTANCE = """
SELECT coalesce(e.attributes ->> ?1, c.attributes ->> ?1) FROM events e LEFT JOIN shared c ON c.key = e.shared
WHERE e.session_id = ?2 ORDER BY e.time_ns DESC LIMIT 1
"""
KEY = '$."service.instance.id"'
LATELY = "SELECT DISTINCT s.name FROM requests r JOIN sessions s ON s.id = r.session WHERE r.time_ns >= ? AND r.time_ns <= ?"


def live_of(connection: sqlite3.Connection, places: Places, sessions: Iterable[str | None], now_ns: int) -> list[str]:
    """
    Return those of *sessions* that are live.

    Args:
        connection: The ledger's.
    """
    lately = {row[0] for row in connection.execute(LATELY, (now_ns - LATELY_NS, now_ns + LATELY_NS))}
    named = [name for name in sessions if name is not None]
    living = _launched(places, [name for name in named if name not in lately])
    return [name for name in named if name in lately or name in living]


def _launched(places: Places, sessions: Collection[str]) -> set[str]:
    """Return those of *sessions* whose newest event is of a launch that lives."""
    instances = living_instances(places.launched) if sessions and places.launched else set()
    if not instances:
        return set()
    with contextlib.suppress(StoreError), reader.reading(places.database) as events:
        return {name for name in sessions if (row := events.execute(INSTANCE, (KEY, name)).fetchone()) and row[0] in instances}
    return set()
