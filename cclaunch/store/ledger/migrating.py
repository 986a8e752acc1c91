"""
A ledger of an older version, brought up to date in one transaction.

The problem it owns: it is the precious file, and whoever does it may be killed. So the version changes with what it names, or not
at all; the lock of the ledger is held.
"""

import sqlite3
import time

from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.request import EVENT, LAUNCH
from cclaunch.store.ledger.schema import (
    DAY_NS,
    QUARTER_NS,
    SINCE_2,
    SINCE_3,
    SINCE_4,
    VERSION,
    WITH_DOINGS,
    WITH_LAUNCHED,
    WITH_TRANSCRIPTS,
)

COUNTED_NS = 32 * DAY_NS
"""What launches have spent is added up for so long: no budget's period is longer."""

PRICELESS = f"SELECT DISTINCT time_ns / {QUARTER_NS} FROM requests WHERE micros IS NULL"
OF_LAUNCHES = (
    f"SELECT DISTINCT time_ns / {QUARTER_NS} FROM requests WHERE time_ns >= ? AND sender = {LAUNCH} AND witnesses & {EVENT}"
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the ledger of *connection* to the present version. Raises sqlite3.Error."""
    with connection:  # it undoes what is open still: a full disk has made SQLite do that already
        connection.execute("BEGIN IMMEDIATE")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for since, statements in ((WITH_TRANSCRIPTS, SINCE_2), (WITH_LAUNCHED, SINCE_3), (WITH_DOINGS, SINCE_4)):
            for statement in statements if version < since else ():
                connection.execute(statement)
        changed = []
        if version < WITH_LAUNCHED:
            changed += connection.execute(OF_LAUNCHES, (time.time_ns() - COUNTED_NS,)).fetchall()
        if version < WITH_TRANSCRIPTS:
            changed += connection.execute(PRICELESS).fetchall()
        add_up(connection, {row[0] for row in changed})
        connection.execute(f"PRAGMA user_version = {VERSION}")
