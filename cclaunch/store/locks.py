"""The lock of another program on the database: how it is told from other trouble, and how waiting for it is given up."""

import sqlite3


def give_up() -> None:
    """Raise the error of a lock, without waiting at all: for who can come back."""
    raise locked()


def locked() -> sqlite3.OperationalError:
    """Return the error that SQLite raises when it has waited long enough for another program."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def is_lock(error: BaseException) -> bool:
    """Say whether *error* means that another program holds the lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (5, 6)
