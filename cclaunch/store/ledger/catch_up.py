"""
Catch-up: the one function that brings the ledger up to what is committed, under a lock.

The problem it owns: whoever asks, the collector after its commits, and the next one after an upgrade all call it, and it
may be killed at any step. So it goes on from a cursor, in slices, each of them whole or not at all.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import NamedTuple

from cclaunch.errors import StoreMissing
from cclaunch.files.lock import locked
from cclaunch.store.ledger import from_events
from cclaunch.store.ledger.metered import take_metered
from cclaunch.store.ledger.refill import opened
from cclaunch.store.ledger.scrub import sweep_new
from cclaunch.store.places import Places
from cclaunch.store.reader import open_reader

LOCK_S = 5.0
Tell = Callable[[int, int], None]


class Caught(NamedTuple):
    """What catch-up did: *read* rowids of our own database, and how many are *left* because its time was over."""

    read: int
    left: int


def catch_up(places: Places, seconds: float | None = None, tell: Tell = lambda done, whole: None) -> Caught:
    """
    Bring the ledger up to what is committed at all *places*.

    Args:
        seconds: At most so long, a slice more or less; None: until all is read.
        tell: Called after each slice with how much was read, and how much there was.

    Raises:
        Busy: Another one has been at it for long.
        StoreTooNew, StoreBroken: The ledger is not one that this release can write.
        StoreUnreachable: VictoriaLogs does not answer; our own database was read.
        sqlite3.Error: A file cannot be read or written.
    """
    until = None if seconds is None else time.monotonic() + seconds
    with locked(places.ledger_lock, LOCK_S):
        connection = opened(places)
        try:
            caught = _take_events(connection, places.database, until, tell)
            if places.vlogs:
                from cclaunch.store.ledger.from_vlogs import take_vlogs  # it asks over HTTP

                take_vlogs(connection, places.vlogs)
            return caught
        finally:
            connection.close()


def _take_events(connection: sqlite3.Connection, database: str, until: float | None, tell: Tell) -> Caught:
    try:
        open_reader(database).close()  # it says what is wrong with it
    except StoreMissing:
        return Caught(0, 0)
    from_events.attach(connection, database)
    cursor = from_events.cursor_of(connection)
    whole, done = from_events.left(connection, cursor), 0
    while done < whole and (until is None or time.monotonic() < until):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            moved = from_events.take_slice(connection, cursor)
        done += moved.position - cursor.position
        cursor = moved
        tell(done, whole)
    take_metered(connection)
    sweep_new(connection, database)
    return Caught(done, whole - done)
