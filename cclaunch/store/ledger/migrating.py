"""
A ledger of an older version, brought up to date in one transaction.

The problem it owns: it is the precious file, and whoever does it may be killed. So the version changes with what it names, or not
at all; the lock of the ledger is held.
"""

import sqlite3

from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.schema import QUARTER_NS, SINCE_2, VERSION, WITH_TRANSCRIPTS


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the ledger of *connection* to the present version. Raises sqlite3.Error."""
    with connection:  # it undoes what is open still: a full disk has made SQLite do that already
        connection.execute("BEGIN IMMEDIATE")
        if int(connection.execute("PRAGMA user_version").fetchone()[0]) < WITH_TRANSCRIPTS:
            for statement in SINCE_2:
                connection.execute(statement)
            priceless = f"SELECT DISTINCT time_ns / {QUARTER_NS} FROM requests WHERE micros IS NULL"
            add_up(connection, [row[0] for row in connection.execute(priceless)])
        connection.execute(f"PRAGMA user_version = {VERSION}")
