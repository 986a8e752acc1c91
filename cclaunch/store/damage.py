"""
Damage to the database's file: how it is known, and how a reader tells the writer, who alone may do something about it.
"""

import contextlib
import os
import sqlite3

SUSPECT = "-suspect"
"""Behind the database's name: a file by which a reader says that it has met damage."""


def is_damage(error: BaseException) -> bool:
    """Say whether *error* means that the file itself is broken."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.DatabaseError) and code is not None and code & 0xFF in (11, 26)  # CORRUPT, NOTADB


def mark_suspect(path: str) -> None:
    """Have the writer look the database at *path* through. Never raises."""
    with contextlib.suppress(OSError):
        os.close(os.open(path + SUSPECT, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
