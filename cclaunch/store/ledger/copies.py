"""
Weekly copies of the ledger: what is older than the raw events stands nowhere else.

The problem it owns: a copy must be worth more than what it takes the place of. So it is made whole under another name,
only of a ledger that is sound and holds no less than the copy before, and the last two are kept.
"""

import contextlib
import os
import sqlite3
import time
from typing import NamedTuple

from cclaunch.files.atomic import make_directory
from cclaunch.store.damage import UNREADABLE, check_pages
from cclaunch.store.ledger.opening import has_transcripts, only

WEEK_S = 7 * 86_400
DAY_S = 86_400
KEPT = 2
FIRST, LAST = "ledger-", ".db"
NEW = ".new"
COUNT = "SELECT ifnull(sum(requests), 0) FROM quarters"
TOLD = "SELECT ifnull(sum(requests - unseen), 0), (SELECT count(*) FROM seen) FROM quarters"
"""How much events told, and how much transcripts did: both grow, though requests that are joined become fewer."""


class Copy(NamedTuple):
    """A copy of the ledger at *path*, made at *time_s* (seconds since the epoch)."""

    path: str
    time_s: float


def copies(directory: str) -> list[Copy]:
    """Return the copies in *directory*, the newest first."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if entry.name.startswith(FIRST) and entry.name.endswith(LAST) and entry.is_file(follow_symlinks=False):
                found.append(Copy(entry.path, entry.stat().st_mtime))
    return sorted(found, key=lambda one: (one.time_s, one.path), reverse=True)


def is_due(directory: str, now_s: float) -> bool:
    """Say whether it is time for a copy; one that a wrong clock has made in the future does not count."""
    found = copies(directory)
    return not found or not now_s - WEEK_S < found[0].time_s < now_s + DAY_S


def size_of(path: str) -> int | None:
    """Return the bytes of the ledger at *path* with its log, or None without one."""
    with contextlib.suppress(OSError):
        return sum(os.path.getsize(path + suffix) for suffix in ("", "-wal") if not suffix or os.path.exists(path + suffix))
    return None


def requests_in(path: str) -> int:
    """Return how many requests the copy at *path* holds; 0 when it cannot be read."""
    with contextlib.suppress(sqlite3.Error, *UNREADABLE), contextlib.closing(only(path)) as connection:
        return int(connection.execute(COUNT).fetchone()[0])
    return 0


def has_more(path: str, connection: sqlite3.Connection) -> bool:
    """Say whether more was told to the copy at *path* than to the ledger of *connection*; what cannot be read has nothing."""
    with contextlib.suppress(sqlite3.Error, *UNREADABLE), contextlib.closing(only(path)) as copy:
        return any(there > here for there, here in zip(_told(copy), _told(connection), strict=True))
    return False


def _told(connection: sqlite3.Connection) -> tuple[int, int]:
    if not has_transcripts(connection):
        return int(connection.execute(COUNT).fetchone()[0]), 0
    events, transcripts = connection.execute(TOLD).fetchone()
    return events, transcripts


def make(connection: sqlite3.Connection, directory: str, now_s: float, *, alone: bool = False) -> str:
    """
    Copy the ledger of *connection* into *directory* and return the copy's path; older ones go, but for one.

    Args:
        alone: They go all: what they hold was forgotten.

    Raises:
        Damaged: The ledger is; the copies stay as they are.
        FileTrouble, OSError, sqlite3.Error: It cannot be written; the copies stay as they are.
    """
    check_pages(connection)
    make_directory(directory)
    _sweep(directory)
    before = copies(directory)
    temporary = f"{directory}/{NEW}.{os.getpid()}"
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        connection.execute("VACUUM INTO ?", (temporary,))
        sync(temporary)
        path = _name(directory, now_s)
        os.utime(temporary, (now_s, now_s))
        os.rename(temporary, path)
        sync(directory)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    for old in before[0 if alone else KEPT - 1 :]:
        os.unlink(old.path)
    return path


def looked_at(directory: str) -> None:
    """Note by the time of *directory* that it was looked whether a copy is due."""
    with contextlib.suppress(OSError):
        os.utime(directory)


def look_soon(directory: str) -> None:
    """Have it looked at soon, whoever asks next: something is left to do."""
    with contextlib.suppress(OSError):
        os.utime(directory, (0, 0))


def _name(directory: str, now_s: float) -> str:
    stem, number = f"{directory}/{FIRST}{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now_s))}", 1
    path = stem + LAST
    while os.path.lexists(path):
        number += 1
        path = f"{stem}-{number}{LAST}"
    return path


def _sweep(directory: str) -> None:
    """Delete what one who was killed has left half-made."""
    for entry in os.scandir(directory):
        if entry.name.startswith(NEW):
            with contextlib.suppress(OSError):
                os.unlink(entry.path)


def sync(path: str) -> None:
    """Have what was written to the file at *path* be on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
