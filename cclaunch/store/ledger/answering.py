"""
The ledger for one question, whatever state its file is in: as it is, else a stand-in.

The problem it owns: a person who asks what it cost gets all that can be known, and one sentence on what is in the way. What
cannot be read is answered from the last copy and from the raw events, in memory.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from cclaunch.errors import StoreError, StoreMissing, StoreTooNew
from cclaunch.store.damage import UNREADABLE, is_suspected
from cclaunch.store.ledger.opening import only, reading
from cclaunch.store.places import Places


@contextmanager
def answering(
    places: Places, trouble: StoreError | None, *, stand_in: bool = True
) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
    """
    Give a connection to the ledger at *places* for one question, and the sentences that go with the answer.

    Args:
        trouble: What kept the ledger from being brought up to date, if anything did.
        stand_in: Give a stand-in where the ledger cannot be read: it takes long, and as much memory as there are requests.

    Raises:
        StoreMissing: Nothing was ever recorded.
        StoreTooNew, StoreBroken, StoreError: The ledger cannot be read, and there is nothing else; or it is damaged, and the
            next catch-up mends it.
    """
    with contextlib.ExitStack() as stack:
        told = [] if trouble is None else [trouble.left_out()]
        try:
            connection = stack.enter_context(reading(places.ledger))
        except StoreError as error:
            if trouble is None and (isinstance(error, StoreMissing) or is_suspected(places.ledger)):
                raise
            filled = _stand_in(places) if stand_in else None
            if filled is None:
                raise _worse(trouble, error) from error
            connection = stack.enter_context(contextlib.closing(filled))
            why = trouble if trouble is not None and isinstance(error, StoreMissing) else error
            told = [f"{_said(why)}: this is answered from the raw events and the last copy of the ledger"]
        yield connection, told


def _worse(trouble: StoreError | None, error: StoreError) -> StoreError:
    """Return what is to be said where nothing can be answered: that the ledger is newer, before anything else."""
    return error if trouble is None or isinstance(error, StoreTooNew) else trouble


def _said(error: StoreError) -> str:
    """Return all of *error* in a line."""
    return f"{error.message}{f' ({error.cause})' if error.cause else ''}{f'; {error.hint}' if error.hint else ''}"


def _stand_in(places: Places) -> sqlite3.Connection | None:
    """Return a ledger in memory, filled from the newest copy that can be read and from the raw events; None without any."""
    from cclaunch.store.ledger.copies import copies
    from cclaunch.store.ledger.migrating import migrate
    from cclaunch.store.ledger.opening import make

    connection = sqlite3.connect(":memory:", isolation_level=None)
    found = False
    try:
        for copy in copies(places.copies) if places.copies else ():
            with contextlib.suppress(sqlite3.Error, *UNREADABLE), contextlib.closing(only(copy.path)) as source:
                source.backup(connection)
                found = True
                break
        if found:
            migrate(connection)
        else:
            make(connection)
        if os.path.exists(places.database):
            _take_all(connection, places.database)
            found = True
    except sqlite3.Error:
        found = False
    if found:
        return connection
    connection.close()
    return None


def _take_all(connection: sqlite3.Connection, database: str) -> None:
    from cclaunch.store.ledger import from_events
    from cclaunch.store.ledger.metered import take_metered
    from cclaunch.store.ledger.senders import Launches

    launches = Launches("")  # their names are for the ledger itself
    from_events.attach(connection, database)
    cursor = from_events.cursor_of(connection)
    while from_events.left(connection, cursor):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = from_events.take_slice(connection, cursor, launches)
    take_metered(connection)
