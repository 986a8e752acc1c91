"""
The ledger for one who writes: under the lock, opened for this one turn.

The problem it owns: between two turns the file may be set aside, filled anew or made smaller by another one, so nobody keeps it
open; and nobody holds the lock while he waits for anything else.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from cclaunch.files.lock import locked
from cclaunch.store.ledger.refill import opened
from cclaunch.store.places import Places

LOCK_S = 5.0


@contextmanager
def writing(places: Places, seconds: float = LOCK_S) -> Iterator[sqlite3.Connection]:
    """
    Give a connection to the ledger, for as long as nobody else writes to it; a missing or damaged one is mended first.

    Raises:
        Busy: Another one has been at it for so many *seconds*.
        StoreTooNew, StoreBroken: The ledger is not one that this release can write.
        StoreError: Something else lies in its place.
        OSError, sqlite3.Error: The file cannot be read or written.
    """
    with locked(places.ledger_lock, seconds):
        connection = opened(places)
        try:
            yield connection
        finally:
            connection.close()
