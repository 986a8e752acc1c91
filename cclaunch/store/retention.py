"""
How long raw rows are kept: 90 days. What they cost is in the ledger, for ever.

The problem it owns: a large deletion would keep the writer waiting, so it is done in slices; and a clock that is wrong by
months must not delete everything, so the newest event has a say in what is old.
"""

import sqlite3
import time
from collections.abc import Callable

RETENTION_NS = 90 * 24 * 3600 * 1_000_000_000
AHEAD_NS = 24 * 3600 * 1_000_000_000
"""The border lies at most so far behind the newest event as if now were a day after it."""

SLICE_S = 0.05
PAUSE_S = 0.05
FIRST_ROWS = 200

EVENTS = (
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time_ns < ?1 AND id <= ?2"
    " AND id < (SELECT max(id) FROM events) LIMIT ?3)"
)
"""The newest row stays: rowids are to grow, for the ledger reads by them."""

POINTS = (
    "DELETE FROM points WHERE (series, start_ns, time_ns) IN (SELECT p.series, p.start_ns, p.time_ns FROM series s"
    " JOIN points p ON p.series = s.id WHERE s.last_ns < ?1 LIMIT ?2)"
)
SERIES = (
    "DELETE FROM series WHERE id IN (SELECT id FROM series WHERE last_ns < ?1"
    " AND NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id) LIMIT ?2)"
)
SHARED = (
    "DELETE FROM shared WHERE key IN (SELECT key FROM shared"
    " WHERE last_ns < min(?1, ifnull((SELECT min(time_ns) FROM events), ?1)) LIMIT ?2)"
)
"""What no event can have: also none that was old when it came, a moment ago."""


def retain(
    connection: sqlite3.Connection,
    now_ns: int,
    read_to: int,
    keep_ns: int = RETENTION_NS,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """
    Delete what is older than *keep_ns*, a slice a transaction, and give the space back.

    Args:
        read_to: The highest rowid that the ledger has read: nothing behind it goes.
        pause: Waits so many seconds between two slices, for others to write.

    Returns:
        The number of events that were deleted.
    """
    border = border_of(connection, now_ns, keep_ns)
    gone = _in_slices(connection, EVENTS, (border, read_to), pause)
    _in_slices(connection, POINTS, (border,), pause)
    _in_slices(connection, SERIES, (border,), pause)
    _in_slices(connection, SHARED, (border,), pause)
    return gone


def border_of(connection: sqlite3.Connection, now_ns: int, keep_ns: int = RETENTION_NS) -> int:
    """Return before what moment (ns) rows go: by our clock, unless that is far ahead of everything that was received."""
    newest = connection.execute("SELECT max(time_ns) FROM events").fetchone()[0]
    return min(now_ns, now_ns if newest is None else newest + AHEAD_NS) - keep_ns


def _in_slices(connection: sqlite3.Connection, deletion: str, values: tuple[int, ...], pause: Callable[[float], None]) -> int:
    """Do *deletion* until nothing is left to delete, as many rows at a time as take `SLICE_S`; return how many went."""
    rows, gone = FIRST_ROWS, 0
    while True:
        began = time.monotonic()
        count = connection.execute(deletion, (*values, rows)).rowcount
        took = time.monotonic() - began
        gone += count
        if count < rows:
            return gone
        rows = max(1, rows // 2 if took > SLICE_S else rows * 2 if took < SLICE_S / 2 else rows)
        pause(PAUSE_S)
