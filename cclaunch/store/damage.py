"""
Damage to the database's file: how it is known and looked for, and how a reader tells the writer, who alone may do
something about it.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator

from cclaunch.errors import StoreBroken
from cclaunch.store.file_identity import file_state

SUSPECT = "-suspect"
"""Behind the database's name: a file by which a reader says that it has met damage."""

LARGEST_CHECKED = 256 << 20
"""Bytes of a database that is looked through at once when somebody else has written it; a larger one in its turn."""


UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading raises. SQLite cites a damaged schema as it is; where that is no UTF-8, Python raises the latter instead."""


class Damaged(Exception):
    """The database is damaged; the text says what SQLite says."""


def is_damage(error: BaseException) -> bool:
    """Say whether *error* means that the file itself is broken."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.DatabaseError) and code is not None and code & 0xFF in (11, 26)  # CORRUPT, NOTADB


def mark_suspect(path: str) -> None:
    """Have the writer look the database at *path* through. Never raises."""
    with contextlib.suppress(OSError):
        os.close(os.open(path + SUSPECT, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def is_suspected(path: str) -> bool:
    """Say whether a reader has met damage in the database at *path*."""
    return os.path.exists(path + SUSPECT)


@contextlib.contextmanager
def damage_named() -> Iterator[None]:
    """Raise Damaged for what says that the file itself is broken."""
    try:
        yield
    except (*UNREADABLE, StoreBroken) as error:
        if is_damage(error) or (error.__cause__ is not None and is_damage(error.__cause__)):
            raise Damaged(str(error.__cause__ or error)) from error
        raise


def look_through(connection: sqlite3.Connection, path: str) -> None:
    """Look for damage where a reader has met some. Raises Damaged."""
    if not os.path.exists(path + SUSPECT):
        return
    found = file_state(path)
    if found is not None and found.size <= LARGEST_CHECKED:
        check_pages(connection)
        with contextlib.suppress(OSError):
            os.unlink(path + SUSPECT)


def check_pages(connection: sqlite3.Connection) -> None:
    """Look the whole database through. Raises Damaged, sqlite3.Error."""
    with damage_named():
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if said != "ok":
        raise Damaged(" ".join(said.split()))
