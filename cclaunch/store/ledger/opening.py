"""
The file of the ledger, opened: by the one who writes (under the lock), and by whoever reads.

The problem it owns: it is the precious file. It is known by a number in its header, a newer one is left alone, and what
is committed is on the disk.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from cclaunch.errors import StoreBroken, StoreMissing, StoreTooNew
from cclaunch.store.damage import UNREADABLE, is_damage, mark_suspect
from cclaunch.store.ledger.schema import (
    APPLICATION_ID,
    SINCE_2,
    SINCE_3,
    SINCE_4,
    TABLES,
    VERSION,
    WITH_DOINGS,
    WITH_LAUNCHED,
    WITH_TRANSCRIPTS,
)

BUSY_S = 5.0
MENDED = "ask again: it is put aside, and a new one is filled"


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """
    Return the version of an open ledger; 0 for an empty file.

    Raises:
        StoreBroken: It is no database, or not one of ours.
        StoreTooNew: A newer release wrote it.
    """
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.OperationalError:
        raise
    except UNREADABLE as error:
        raise StoreBroken(f"{path} is not a database: {error}", hint=MENDED) from error
    if application != APPLICATION_ID and tables:
        raise StoreBroken(f"{path} is a database of another program", hint=f"move it away: mv {path} {path}.other")
    if found > VERSION:
        newer = f"{path} was written by a newer cclaunch (version {found}, this one knows {VERSION})"
        raise StoreTooNew(newer, hint="upgrade cclaunch")
    return found if tables else 0


def open_to_write(path: str) -> sqlite3.Connection:
    """
    Return a connection that may write to the ledger at *path*; without one it is made, and an older one is brought up to date.

    Raises StoreError, sqlite3.Error.
    """
    made = not os.path.exists(path)
    if made:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(f"file:{quoted(path)}", uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
    try:
        version = version_of(connection, path)
        if version == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            make(connection)
        elif version < VERSION:
            from cclaunch.store.ledger.migrating import migrate  # once in a ledger's life

            migrate(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def make(connection: sqlite3.Connection) -> None:
    """Make the tables of a ledger in the empty database of *connection*."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*TABLES, *SINCE_2, *SINCE_3, *SINCE_4):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def has_transcripts(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger that is open has a place for transcripts: one that nobody has written to for long may have none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) >= WITH_TRANSCRIPTS


def has_launched(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger that is open knows what launches have spent, and pull requests: as `has_transcripts` says."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) >= WITH_LAUNCHED


def has_doings(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger that is open knows what was done beside requests: as `has_transcripts` says."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) >= WITH_DOINGS


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """
    Give a connection for one question to the ledger at *path*, which stays as it is for that question.

    Raises:
        StoreMissing: There is none yet.
        StoreTooNew, StoreBroken: It cannot be read, also when that shows only while reading.
    """
    if not os.path.exists(path):
        raise StoreMissing("nothing was recorded yet", cause=f"there is no {path}", hint="run `cclaunch`")
    if not os.path.isfile(path):
        raise StoreBroken(f"{path} is no regular file", hint=f"move it away: mv {path} {path}.other")
    connection = None
    try:
        connection = only(path)
        if version_of(connection, path) == 0:
            raise StoreMissing("nothing was recorded yet", cause=f"{path} is empty", hint="run `cclaunch`")
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        if is_damage(error):
            mark_suspect(path)
        hint = MENDED if is_damage(error) else f"ls -l {os.path.dirname(path)}"
        raise StoreBroken(f"cannot read {path}: {error}", hint=hint) from error
    except StoreBroken as error:
        if error.__cause__ is not None and is_damage(error.__cause__):
            mark_suspect(path)
        raise
    finally:
        if connection is not None:
            connection.close()


def only(path: str) -> sqlite3.Connection:
    """Return a connection that only reads the ledger at *path*, also where nothing can be written. Raises sqlite3.Error."""
    connection = _read_only(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        return _read_only(path, "immutable=1")  # the log's index cannot be made there, and nobody writes
    except UNREADABLE:
        pass  # it is said by whoever asks
    return connection


def _read_only(path: str, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quoted(path)}?{how}", uri=True, isolation_level=None, timeout=BUSY_S)


def quoted(path: str) -> str:
    """Return *path* as a URI of SQLite has it."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
