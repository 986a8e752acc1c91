"""
How long raw rows are kept: 90 days. What they cost is in the ledger, for ever.

The problem it owns: a large deletion would keep the writer waiting, so it is done in slices; and a clock that is wrong by
months must not delete everything, so the newest event has a say in what is old.

What was freed is given back to the disk, but for some that the next rows take. A database that an older release made has no
map for that: there the freed pages are used again by what comes, and the file grows no more. `VACUUM` would give them back,
and keep everybody waiting meanwhile, so that it is left to who deletes for good.
"""

import sqlite3
import time
from collections.abc import Callable

from cclaunch.store.locks import is_lock

DAY_NS = 24 * 3600 * 1_000_000_000
RETENTION_NS = 90 * DAY_NS
AHEAD_NS = DAY_NS
"""The border lies at most so far behind the newest event as if now were a day after it."""

SLICE_S = 0.04
PAUSE_S = 0.04
FIRST_ROWS = 100
FIRST_PAGES = 50
LEAST = 25
"""Rows or pages of a slice, at least: it takes a few milliseconds, and else it is the disk that is slow."""

LOCKED_AT_MOST = 200
"""So often in a row another program may have the lock; then it is tried again at the next time."""

KEPT_PAGES, KEPT_PART = 256, 20
"""Free pages that are kept: so many, or this part of all."""

INCREMENTAL = 2

OLD_EVENTS = (
    "SELECT id FROM events WHERE time_ns < ?1 AND id <= ?2 AND id < (SELECT max(id) FROM events) ORDER BY time_ns LIMIT ?3"
)
"""The newest row stays: rowids are to grow, for the ledger reads by them."""

EVENT = "DELETE FROM events WHERE id = ?"
OLD_POINTS = (
    "SELECT p.series, p.start_ns, p.time_ns, ?1 FROM series s JOIN points p ON p.series = s.id WHERE s.last_ns < ?1 LIMIT ?2"
)
POINT = (
    "DELETE FROM points WHERE series = ?1 AND start_ns = ?2 AND time_ns = ?3 AND (SELECT last_ns FROM series WHERE id = ?1) < ?4"
)
OLD_SERIES = (
    "SELECT id, ?1 FROM series WHERE last_ns < ?1 AND NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id) LIMIT ?2"
)
SERIES = "DELETE FROM series WHERE id = ? AND last_ns < ? AND NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id)"
OLDEST = "ifnull((SELECT min(time_ns) FROM events), ?2)"
OLD_SHARED = f"SELECT key, ?1 FROM shared WHERE last_ns < min(?1, {OLDEST.replace('?2', '?1')}) - {DAY_NS} LIMIT ?2"
SHARED = f"DELETE FROM shared WHERE key = ?1 AND last_ns < min(?2, {OLDEST}) - {DAY_NS}"
"""
What no event can have: its newest time is known to a day. What comes between the look and the deletion has its say in each.
"""

Pause = Callable[[float], None]
"""Waits so many seconds between two slices, for others to write; may raise what ends it all."""


def retain(
    connection: sqlite3.Connection, now_ns: int, read_to: int, keep_ns: int = RETENTION_NS, pause: Pause = time.sleep
) -> int:
    """
    Delete what is older than *keep_ns*, a slice a transaction, and give the space back.

    Args:
        read_to: The highest rowid that the ledger has read: nothing behind it goes.

    Returns:
        The number of events that were deleted.
    """
    border = border_of(connection, now_ns, keep_ns)
    gone = _in_slices(connection, OLD_EVENTS, EVENT, (border, read_to), pause)
    _in_slices(connection, OLD_POINTS, POINT, (border,), pause)
    _in_slices(connection, OLD_SERIES, SERIES, (border,), pause)
    _in_slices(connection, OLD_SHARED, SHARED, (border,), pause)
    give_back(connection, pause)
    return gone


def border_of(connection: sqlite3.Connection, now_ns: int, keep_ns: int = RETENTION_NS) -> int:
    """Return before what moment (ns) rows go: by our clock, unless that is far ahead of everything that was received."""
    newest = connection.execute("SELECT max(time_ns) FROM events").fetchone()[0]
    return min(now_ns, now_ns if newest is None else newest + AHEAD_NS) - keep_ns


def give_back(connection: sqlite3.Connection, pause: Pause = time.sleep) -> None:
    """Give free pages back to the disk, a slice a transaction, but for those that are kept."""
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:
        return
    pages, before = FIRST_PAGES, -1
    while True:
        free, all_pages = (int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("freelist_count", "page_count"))
        spare = free - max(KEPT_PAGES, all_pages // KEPT_PART)
        if spare <= 0 or free == before:
            return
        before = free
        words = f"PRAGMA incremental_vacuum({min(pages, spare)})"
        pages = _next_size(pages, _timed(lambda words=words: connection.executescript(words), pause))  # type: ignore[misc]
        pause(PAUSE_S)


def _in_slices(connection: sqlite3.Connection, old: str, deletion: str, values: tuple[int, ...], pause: Pause) -> int:
    """Delete what *old* finds, as many rows at a time as take `SLICE_S`; return how many went. Looking keeps nobody waiting."""
    size, gone = FIRST_ROWS, 0
    while rows := connection.execute(old, (*values, size)).fetchall():
        before = connection.total_changes
        took = _timed(lambda rows=rows: _delete(connection, deletion, rows), pause)  # type: ignore[misc]
        went = connection.total_changes - before
        gone += went
        if len(rows) < size or not went:
            break
        size = _next_size(size, took)
        pause(PAUSE_S)
    return gone


def _delete(connection: sqlite3.Connection, deletion: str, rows: list[tuple[int, ...]]) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(deletion, rows)


def _timed(work: Callable[[], object], pause: Pause) -> float:
    """Do *work* once nobody else has the lock; return the seconds that it took."""
    for left in range(LOCKED_AT_MOST, 0, -1):
        began = time.monotonic()
        try:
            work()
        except sqlite3.OperationalError as error:
            if left == 1 or not is_lock(error):
                raise
            pause(PAUSE_S)
        else:
            break
    return time.monotonic() - began


def _next_size(size: int, took: float) -> int:
    """Return the size of the next slice, after one of *size* that took so many seconds."""
    return max(LEAST, size // 2) if took > SLICE_S else size * 3 // 2 if took < SLICE_S / 2 else size
