"""
The end of a connection whose file is no longer what stands at the path: neither that file nor the one that stands there
now may come to harm.

At the last close SQLite brings the log into the database and deletes it, by name. After a move those are a stranger's;
after another program has written over the file, the log's pages belong to what is gone.
"""

import contextlib
import os
import sqlite3

from cclaunch.store import set_aside
from cclaunch.store.file_identity import Files, file_state

AWAY = ".away"
"""Behind the database's name: where it is for the moment of such a close."""


def log_is_empty(path: str, known: Files) -> bool:
    """Say whether the log of the database at *path* holds nothing that a close could bring into it; *known*: our files."""
    log = file_state(path + "-wal")
    return log is None or log.size == 0 or not log.is_file(known.log)


def abandon(connection: sqlite3.Connection, path: str, *, clean: bool) -> None:
    """
    Close a connection whose file was written over, so that nothing of its log gets into the new content.

    SQLite brings the log into the file at the last close, unless the file is not at its path.
    """
    away = path + AWAY
    moved = False
    if not clean:
        with contextlib.suppress(OSError):
            os.rename(path, away)
            moved = True
    try:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
    finally:
        if moved:
            os.rename(away, path)


def leave(connection: sqlite3.Connection, path: str, known: Files, *, replaced: bool) -> None:
    """
    Close a connection whose file or log was taken away from *path*, and take from there what was the gone one's.

    Args:
        connection: Of our own; closed afterwards.
        path: Where its database was.
        known: The files that it has open.
        replaced: Whether the database itself is another one, or none; else its log or the log's index is.
    """
    with contextlib.suppress(sqlite3.Error):  # the file that was taken away shall be whole
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with contextlib.suppress(sqlite3.Error):
        connection.close()
    if replaced and known.log is not None and known.log.is_file(file_state(path + "-wal")):
        _forget_log(path)
    if replaced and known.wal_index is not None and known.wal_index.is_file(file_state(path + "-shm")):
        set_aside.forget_index(path)


def _forget_log(path: str) -> None:
    """Take the log of a database that is gone from the path; what is left in it was not brought into the database."""
    log = file_state(path + "-wal")
    with contextlib.suppress(OSError):
        if log is not None and log.size == 0:
            os.unlink(path + "-wal")
