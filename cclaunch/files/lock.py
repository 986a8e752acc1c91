"""
Locks: where two of us may meet, one waits.

The problem it owns: a lock has a deadline, and one whose holder is gone is free. What stands in the place of its file must
neither hang us nor be written to: who holds a lock may sign it, and behind a link there is a file of somebody's.
"""

import errno
import fcntl
import os
import stat
import time

from cclaunch.errors import Busy, FileTrouble
from cclaunch.files.atomic import make_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

POLL_S = 0.01
CAREFULLY = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


class locked:
    """
    Holds the lock at *path* for the length of a ``with`` block.

    Entering waits up to *seconds* for others. Raises Busy when they still hold it, FileTrouble when there can be no lock.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._handle = -1

    def __enter__(self) -> None:
        """Take the lock."""
        make_directory(os.path.dirname(self._path))
        try:
            handle = take(self._path, self._seconds)
        except OSError as error:
            raise FileTrouble(f"cannot open {self._path}: {error.strerror}", hint=f"ls -l {self._path}") from error
        if handle is None:
            raise Busy(f"another cclaunch has held {self._path} for {self._seconds:g} s", hint="let it finish, then try again")
        self._handle = handle

    def __exit__(self, kind: "type[BaseException] | None", error: "BaseException | None", where: "TracebackType | None") -> None:
        """Give it back."""
        os.close(self._handle)


def take(path: str, seconds: float) -> int | None:
    """
    Return a descriptor that holds the lock at *path*, or None when others still held it after *seconds*.

    Raises OSError where there can be none: also where a link or a pipe is in its place.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | CAREFULLY, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", path)
    if take_open(handle, seconds):
        return handle
    os.close(handle)
    return None


def take_open(handle: int, seconds: float) -> bool:
    """Say whether the file open as *handle* is locked by us now; one who merely looks has it for a moment."""
    deadline = time.monotonic() + seconds
    while not _try(handle, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def held(path: str) -> bool:
    """Say whether somebody holds the lock at *path*."""
    try:
        handle = os.open(path, os.O_RDONLY | CAREFULLY)
    except OSError:
        return False
    try:
        return not _try(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _try(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
