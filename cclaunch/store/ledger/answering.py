"""
The ledger for one question, whatever state its file is in: brought up to date, else as it is, else a stand-in.

The problem it owns: a person who asks what it cost gets all that can be known, and one sentence on what is in the way. What
cannot be read is answered from the last copy and from the raw events, in memory.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cclaunch.errors import CclaunchError, StoreError, StoreMissing, StoreUnreachable
from cclaunch.store import trouble
from cclaunch.store.damage import is_damage, mark_suspect
from cclaunch.store.ledger import from_events
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.copies import copies
from cclaunch.store.ledger.metered import take_metered
from cclaunch.store.ledger.opening import make, only, reading
from cclaunch.store.places import Places

Tell = Callable[[int, int], None]


@contextmanager
def answering(places: Places, troubles: list[str], tell: Tell = lambda done, whole: None) -> Iterator[sqlite3.Connection]:
    """
    Give a connection to the ledger at *places* for one question; what keeps it from being whole goes into *troubles*.

    Raises:
        StoreMissing: Nothing was ever recorded.
        StoreTooNew, StoreBroken, StoreError: The ledger cannot be read, and there is nothing else.
        StoreUnreachable: VictoriaLogs does not answer, and there is nothing else.
    """
    behind = _caught_up(places, tell)
    if behind is not None:
        troubles.append(behind.left_out() if isinstance(behind, StoreUnreachable) else _beside(behind))
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(reading(places.ledger))
        except StoreError as error:
            if isinstance(error, StoreMissing) and behind is None:
                raise
            stand_in = _stand_in(places)
            if stand_in is None:
                raise behind or error from error
            connection = stack.enter_context(contextlib.closing(stand_in))
            troubles += [_beside(error)] if behind is None else []
        elsewhere = isinstance(behind, StoreUnreachable) and os.path.exists(places.database)
        if behind is not None and not elsewhere and not _holds_any(connection):
            raise behind
        yield connection


def _holds_any(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT EXISTS (SELECT 1 FROM requests)").fetchone()[0] == 1


def _caught_up(places: Places, tell: Tell) -> CclaunchError | None:
    """Bring the ledger up to date; return what is in the way."""
    for again in (False, True):
        try:
            catch_up(places, None, tell)
        except CclaunchError as error:
            return error
        except (sqlite3.Error, OSError) as error:
            if is_damage(error) and not again:
                mark_suspect(places.ledger)  # it is looked through at the second time
                continue
            return StoreError(trouble.describe(places.ledger, error))
        break
    return None


def _beside(error: CclaunchError) -> str:
    """Return the sentence on an answer that is given in spite of *error*."""
    return f"{error.message}{f' ({error.hint})' if error.hint else ''}: what is newest may be missing here"


def _stand_in(places: Places) -> sqlite3.Connection | None:
    """Return a ledger in memory, filled from the newest copy that can be read and from the raw events; None without any."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    found = False
    try:
        for copy in copies(places.copies) if places.copies else ():
            with contextlib.suppress(sqlite3.Error), contextlib.closing(only(copy.path)) as source:
                source.backup(connection)
                found = True
                break
        if not found:
            make(connection)
        if os.path.exists(places.database):
            from_events.attach(connection, places.database)
            cursor = from_events.cursor_of(connection)
            while from_events.left(connection, cursor):
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    cursor = from_events.take_slice(connection, cursor)
            take_metered(connection)
            found = True
    except sqlite3.Error:
        found = False
    if found:
        return connection
    connection.close()
    return None
