"""
Writing a file whole or not at all, and keeping two of us from writing it at once.

A launch reads while a verb writes, machines lose power, and two terminals do things at once. A file is
therefore written beside its target, brought to the disk and put in its place in one step, under a lock.
The lock is a ``flock``, which the system takes back whatever way its holder dies.

Imported by the supervisor: no module here but C ones and ``os``.
"""

import fcntl
import os
import time

from cclaunch.errors import Busy, FileTrouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

POLL_S = 0.01


def write_atomic(path: str, data: bytes, mode: int = 0o600) -> None:
    """
    Make *data* the content of *path*; a reader sees the old content or the new one. A link stays, its target changes.

    Raises:
        FileTrouble: It cannot be written; what was there is still there.
    """
    target = os.path.realpath(path)
    directory, name = os.path.split(target)
    make_directory(directory)
    temporary = f"{directory}/.{name[:100]}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(handle, mode)
                os.fsync(handle)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync(directory)
    except OSError as error:
        raise FileTrouble(f"cannot write {path}: {error.strerror}", hint=f"ls -ld {directory}") from error


def _sync(directory: str) -> None:
    """Bring the new name to the disk too, where the file system can."""
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def remove(path: str) -> bool:
    """Delete *path* and say whether it was there. Raises FileTrouble when it cannot be deleted."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileTrouble(f"cannot delete {path}: {error.strerror}", hint=f"ls -ld {os.path.dirname(path)}") from error
    return True


def make_directory(path: str) -> None:
    """
    Make the directory *path* and those above it that are missing, for their owner alone.

    Raises:
        FileTrouble: It cannot be made; or we are root in somebody else's home (``sudo -E``), where what we made
            would be in that person's way.
    """
    path = os.path.abspath(path)
    made = []
    try:
        while not os.path.isdir(path):
            made.append(path)
            path = os.path.dirname(path)
        if os.geteuid() == 0 and (owner := os.stat(path).st_uid) != 0:
            raise FileTrouble(f"{path} belongs to user {owner}, and this is root: nothing is written", hint="run it without sudo")
        for one in reversed(made):
            try:
                os.mkdir(one, 0o700)
            except FileExistsError:
                if not os.path.isdir(one):
                    raise
    except OSError as error:
        raise FileTrouble(f"cannot make {error.filename}: {error.strerror}", hint=f"ls -ld {path}") from error


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
    """Return a descriptor that holds the lock at *path*, or None when others still held it after *seconds*."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
