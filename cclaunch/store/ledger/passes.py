"""
When transcripts were read last, all of them.

The problem it owns: whoever asks on the first day waits for the first pass, and for no other; and what happened since the last
one is in no transcript that was read, so nobody may say that it is missing there.
"""

import contextlib
import sqlite3

from cclaunch.errors import StoreError
from cclaunch.store.ledger import cursors
from cclaunch.store.ledger.opening import reading

FINISHED = "transcripts"
"""Cursor: when the last pass that was finished began, in nanoseconds since the epoch."""

FRESH_NS = 240 * 1_000_000_000
"""A pass that has found nothing new is kept only when the last one that was is so old: keeping it costs the disk a moment."""


def finished(connection: sqlite3.Connection) -> int | None:
    """Return when the last pass that was finished began (ns), as the ledger of *connection* knows it; None without any."""
    return cursors.position(connection, FINISHED)


def was_finished(ledger: str) -> bool:
    """Say whether one was, as the ledger at that path knows it."""
    with contextlib.suppress(StoreError), reading(ledger) as connection:
        return finished(connection) is not None
    return False


def is_due(last_ns: int | None, began_ns: int) -> bool:
    """Say whether a pass that began at *began_ns* is kept though it has found nothing new; *last_ns*: the last one that was."""
    return last_ns is None or abs(began_ns - last_ns) >= FRESH_NS


def finish(connection: sqlite3.Connection, began_ns: int) -> None:
    """Keep that the pass is finished that began then, in the transaction that is open."""
    cursors.move(connection, FINISHED, began_ns)
