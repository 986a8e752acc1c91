"""
Which file is it? What tells the database that is open from the one that stands at its path now.

People move, delete, restore and overwrite files under a running collector; an open file goes on as if nothing had
happened. Device and inode name a file, size and time of change its content. Only looked at from outside: opening and
closing a database by hand would drop every lock that SQLite holds on it in this process.
"""

import os
from typing import NamedTuple


class FileState(NamedTuple):
    """A file as it was at one moment: *device* and *inode* name it, *size* (bytes) and *changed* (ns) its content."""

    device: int
    inode: int
    size: int
    changed: int

    def is_file(self, other: "FileState | None") -> bool:
        """Say whether *other* is the same file, whatever is in it."""
        return other is not None and (self.device, self.inode) == (other.device, other.inode)


def file_state(path: str) -> FileState | None:
    """Return what stands at *path*, through links; None when nothing does."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class Files(NamedTuple):
    """The files of one database: itself, its write-ahead log and the log's index."""

    database: FileState | None
    log: FileState | None
    wal_index: FileState | None


def file_states(path: str) -> Files:
    """Return what stands at *path* and beside it; *path* has no links (SQLite puts the log beside the real file)."""
    return Files(file_state(path), file_state(path + "-wal"), file_state(path + "-shm"))


SAME, CONTENT, LOG, FILE = "same", "content", "log", "file"


def difference(known: Files, now: Files) -> str:
    """
    Return what of the database is not what it was.

    Returns:
        FILE: Another file stands at the path, or none. CONTENT: It is the same file, and was written by somebody else.
        LOG: The log or its index was deleted or replaced. SAME: none of it.
    """
    if known.database is None or not known.database.is_file(now.database):
        return FILE
    if known.database != now.database:
        return CONTENT
    for before, after in ((known.log, now.log), (known.wal_index, now.wal_index)):
        if before is not None and not before.is_file(after):
            return LOG
    return SAME
