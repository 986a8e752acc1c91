"""
A connection that may write: what of SQLite is set otherwise than it comes, and the folding back of the log that is
therefore ours to do.
"""

import sqlite3

from cclaunch.store import lineage
from cclaunch.store.schema import migrate, version_of

BUSY_MS = 250
"""How long SQLite itself waits for a lock; who wants to wait longer asks again, and can be ended meanwhile."""


def connect(path: str) -> sqlite3.Connection:
    """Return a connection that may write to the database at *path*, of the present schema. Raises StoreError, sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if version_of(connection, path) == 0:  # before anything is written: it may be somebody else's file
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # one that is made just now can give space back
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # done by us, who know then what has changed the file
        migrate(connection, path)
        connection.execute(lineage.CREATE)
    except BaseException:
        connection.close()
        raise
    return connection


def fold_back(connection: sqlite3.Connection) -> bool:
    """Bring the log into the database and empty it; return whether that is done. Waits for no reader: later is soon enough."""
    _, frames, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if done < frames:
        return False
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
