"""
Writing a file whole or not at all.

A launch reads while a verb writes, and machines lose power. A file is therefore written beside its target, brought to the
disk and put in its place in one step; two of us that change one do so under a lock (`files/lock.py`).

Imported by the supervisor: no module here but C ones and ``os``.
"""

import os
import time

from cclaunch.errors import FileTrouble


def write_atomic(path: str, data: bytes, mode: int = 0o600) -> None:
    """
    Make *data* the content of *path*; a reader sees the old content or the new one. A link stays, its target changes.

    Raises:
        FileTrouble: It cannot be written; what was there is still there.
    """
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    make_directory(directory)
    try:
        replace_file(target, data, mode)
    except OSError as error:
        import errno

        look = "df" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "ls -ld"
        raise FileTrouble(f"cannot write {path}: {error.strerror}", hint=f"{look} {directory}") from error


def replace_file(path: str, data: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """
    Put a file with *data* in the place of what stands at *path*, a link included. Raises OSError; what was there is still there.

    *durable*: brought to the disk, which takes milliseconds. What can be made anew, as a cache, does without.
    """
    directory, name = os.path.split(path)
    temporary = f"{directory}/.{name[:100]}.{os.getpid()}.{time.monotonic_ns()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, mode)
            if durable:
                os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    if durable:
        _sync(directory)


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


def touch(path: str) -> None:
    """Make the empty file *path*, unless there is one. Raises OSError, also where a link is in its place."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


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
