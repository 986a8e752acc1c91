"""The end of the database: what would be lost, and deleting it while nobody can write to it."""

import contextlib
import os

from cclaunch import layout
from cclaunch.errors import CclaunchError, StackError, StoreError
from cclaunch.files import lock
from cclaunch.hot.paths import Paths
from cclaunch.reports.dates import local
from cclaunch.store.set_aside import everything_aside

SUFFIXES = ("", "-wal", "-shm", "-journal", "-log", "-unsaved", "-suspect", "-refused", ".away")
"""The database itself goes first: a write-ahead log without it is nothing, it without its log is a database that lies."""

PATIENCE_S = 5.0


def describe(paths: Paths) -> str:
    """Return what the database holds, its size and date range, in one sentence; an empty string when there is none."""
    from cclaunch.store.reader import extent

    path = paths.database
    sizes = [os.path.getsize(one) for one in _files(path) if os.path.exists(one)]
    if not sizes:
        return ""
    size = layout.size(sum(sizes))
    try:
        found = extent(path)
    except CclaunchError as error:
        return f"{path}: {size} ({error.message})"
    if found.first_ns is None or found.last_ns is None:
        return f"{path}: {size}, no events"
    count = "1 event" if found.events == 1 else f"{found.events:,} events"
    return f"{path}: {size}, {count} from {local(found.first_ns)} to {local(found.last_ns)}"


def _files(path: str) -> list[str]:
    """Return all files of ours that hold what was recorded: the database, what is beside it, what was put aside."""
    return [*(path + suffix for suffix in SUFFIXES), *everything_aside(path)]


def erase(paths: Paths) -> None:
    """
    Delete the database, holding the collector's lock: one started meanwhile must not write into a deleted file.

    Raises:
        StackError: A collector is running again, or a file cannot be deleted.
    """
    handle = lock.take(paths.collector_lock, PATIENCE_S)
    if handle is None:
        raise StackError("the database was not deleted: a collector is running again", hint="cclaunch stack down --volumes")
    try:
        for path in _files(paths.database):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    except OSError as error:
        raise StoreError(f"cannot delete {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data}") from error
    finally:
        os.close(handle)
