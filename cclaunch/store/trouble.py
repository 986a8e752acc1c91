"""Why the database cannot be written just now, in words: what is in the way, who, and what mends it."""

import contextlib
import errno
import os
import sqlite3

from cclaunch.errors import CclaunchError

LITTLE = 4 << 20
"""Bytes: a file system with less is asked with a real write, because it may take nothing more."""

PROBE_BYTES = 256 << 10


def describe(path: str, error: BaseException) -> str:
    """Return the sentence on *error*, which kept us from writing the database at *path*."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (5, 6):
        return f"{path} is locked by another program{_holder(path)}: close it there"
    directory = os.path.dirname(path)
    if code == 13 or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return full(directory)
    if code in (10, 14) and no_room(directory):  # IOERR, CANTOPEN: SQLite says no more
        return full(directory)
    if isinstance(error, CclaunchError):
        return f"cannot write {path}: {error.message}" + (f" ({error.hint})" if error.hint else "")
    return f"cannot write {path}: {str(error) or type(error).__name__}"


def full(directory: str) -> str:
    """Return the sentence on a disk that takes no more."""
    found = free(directory)
    left = "" if found is None else f", {found >> 10:,} kB free"
    return f"cannot write in {directory}: no space left on its file system ({mount_of(directory)}{left}): free space there"


def free(directory: str) -> int | None:
    """Return how many bytes an ordinary user may still write on the file system of *directory*, or None when that is not told."""
    try:
        found = os.statvfs(directory)
    except (OSError, AttributeError):
        return None
    return found.f_bavail * found.f_frsize


def mount_of(directory: str) -> str:
    """Return where the file system of *directory* is mounted."""
    at = os.path.realpath(directory)
    while not os.path.ismount(at) and at != os.path.dirname(at):
        at = os.path.dirname(at)
    return at


def no_room(directory: str) -> bool:
    """
    Say whether the disk of *directory* takes no more.

    Asked with a file: the database may still take a page in the place of an old one, and nothing after that.
    """
    path = f"{directory}/probe.{os.getpid()}"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    try:
        return os.write(handle, bytes(PROBE_BYTES)) < PROBE_BYTES
    except OSError:
        return True
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(path)


def short_of_room(directory: str) -> str:
    """Return the sentence on a disk that takes no more, or an empty text; cheap while there is plenty of room."""
    found = free(directory)
    return full(directory) if found is not None and found < LITTLE and no_room(directory) else ""


def _holder(path: str) -> str:
    """Return who holds the lock for writing, as far as the system tells: `` (NAME, pid N)``."""
    import psutil

    inodes = set()
    for suffix in ("", "-shm"):
        try:
            inodes.add(os.stat(path + suffix).st_ino)
        except OSError:
            continue
    for pid, inode in _locks():
        if inode in inodes and pid != os.getpid():
            try:
                return f" ({psutil.Process(pid).name()}, pid {pid})"
            except (psutil.Error, OSError):
                return f" (pid {pid})"
    return ""


def _locks() -> list[tuple[int, int]]:
    """Return (pid, inode) of each lock for writing that the system knows of."""
    found = []
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            for line in file.read().splitlines():
                words = line.split()
                if len(words) >= 6 and words[1] == "POSIX" and words[3] == "WRITE" and words[4].isdigit():
                    found.append((int(words[4]), int(words[5].rpartition(":")[2])))
    except (OSError, ValueError):
        return []
    return found


def is_passing(error: BaseException) -> bool:
    """Say whether what went wrong says nothing about the rows: they can be stored once it is mended."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.InterfaceError | sqlite3.DataError | sqlite3.ProgrammingError):
        return False
    return isinstance(error, sqlite3.Error | OSError | CclaunchError | MemoryError)
