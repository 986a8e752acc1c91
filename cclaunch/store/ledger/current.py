"""
Whether the ledger has read all that is committed in our own database.

The problem it owns: whoever asks finds that nothing is new for next to nothing: without a lock, without writing, and without
what catching up needs.
"""

import os
import sqlite3

from cclaunch.errors import StoreError
from cclaunch.store import set_aside
from cclaunch.store.damage import is_suspected
from cclaunch.store.ledger import opening
from cclaunch.store.places import Places

ROWS = (
    "SELECT position >= (SELECT max(id) FROM telemetry.events) AND"
    " ifnull((SELECT e.key = c.key FROM telemetry.events e WHERE e.id = c.position), TRUE)"
    " FROM cursors c WHERE source = 'telemetry' AND database = (SELECT name FROM telemetry.identity)"
)
METERED = (
    "SELECT ifnull((SELECT position FROM cursors WHERE source = 'metered'), 0)"
    " >= ifnull((SELECT max(last_ns) FROM telemetry.series), 0)"
)


def is_current(places: Places) -> bool:
    """Say whether nothing in our own database is new to the ledger; what cannot be read is for the catch-up to tell."""
    if not os.path.exists(places.ledger) or is_suspected(places.ledger) or _is_taking_over(places.ledger):
        return False
    if not os.path.exists(places.database):
        return True
    try:
        with opening.reading(places.ledger) as connection:
            if not opening.has_doings(connection):
                return False  # catching up brings it to the present version
            connection.execute("ATTACH ? AS telemetry", (f"file:{opening.quoted(places.database)}?mode=ro",))
            return all(_is_true(connection, query) for query in (ROWS, METERED))
    except StoreError:
        return False


def _is_taking_over(ledger: str) -> bool:
    """Say whether one that was put aside has not been read to its end: whoever was at it was killed, or the disk is full."""
    return not all(one.over for one in set_aside.all_aside(os.path.realpath(ledger)))


def _is_true(connection: sqlite3.Connection, query: str) -> bool:
    row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])
