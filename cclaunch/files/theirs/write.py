"""
Writing a file that is not ours: an rc file that a person has tended for years, or claude's own settings.

Nothing is written that could not be put back. A link is followed to what it names; what is not a plain, writable file of
this person is refused with the reason; a copy goes to our state directory first; the new content is made beside the file,
with its mode, owner and extended attributes, and takes its place in one step, unless the file changed in the meantime.
Where that step cannot be had (a hard link, a bind mount) the file is written in place only when that was asked for.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from cclaunch.errors import FileTrouble
from cclaunch.files.lock import locked
from cclaunch.files.theirs.copies import backup
from cclaunch.files.theirs.in_place import write_in_place
from cclaunch.files.theirs.look import FileRefused, NeedsInPlace, Snapshot, not_alone
from cclaunch.hot.paths import Paths

PATIENCE_S = 10.0
TEMPORARY = ".cclaunch-"


@contextlib.contextmanager
def writing(paths: Paths) -> Iterator[None]:
    """Hold the lock under which files of the person's are written. Raises Busy and FileTrouble as ``files.locked``."""
    with locked(f"{paths.copies}/lock", PATIENCE_S):
        yield


def write_file(snapshot: Snapshot, data: bytes, paths: Paths, *, in_place: bool = False, mode: int = 0o644) -> None:
    """
    Make *data* the content of the file, under ``writing`` and after ``examine``.

    Args:
        snapshot: The file as it was read; the write is given up when it is not that any more.
        data: All of the new content.
        paths: Our directories; the copy of the old content goes there.
        in_place: Write into the file where it cannot be replaced.
        mode: Of a file that is new; what the person's umask takes away is taken away.

    Raises:
        FileRefused: It changed in the meantime, or cannot be written. It holds what it held.
    """
    missing = missing_parents(snapshot.target)
    try:
        for one in missing:
            os.mkdir(one, 0o755)
        _sweep(snapshot.target)
        if snapshot.data is not None:
            backup(paths, snapshot.target, snapshot.data)
        if in_place and snapshot.found is not None and not_alone(snapshot.target, snapshot.found):
            _unchanged(snapshot)
            write_in_place(paths, snapshot.target, snapshot.data or b"", data)
        else:
            _replace(snapshot, data, mode)
        with open(snapshot.target, "rb") as file:
            if file.read() != data:
                raise FileRefused(f"{snapshot.path} does not hold what was written", hint=f"the copy is in {paths.copies}")
    except (OSError, FileTrouble) as error:
        with contextlib.suppress(OSError):
            for one in reversed(missing):
                os.rmdir(one)
        if isinstance(error, FileTrouble):
            raise
        if error.errno in (errno.EBUSY, errno.EXDEV) and snapshot.found is not None:
            raise NeedsInPlace(
                f"{snapshot.path} cannot be replaced: {error.strerror}", hint="--in-place writes into it"
            ) from error
        raise FileRefused(f"cannot write {snapshot.path}: {error.strerror}", hint=f"ls -ld {snapshot.target}") from error


def missing_parents(target: str) -> list[str]:
    """Return the directories above *target* that do not exist, the outermost first."""
    missing = []
    directory = os.path.dirname(target)
    while not os.path.isdir(directory) and directory != os.path.dirname(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    return missing[::-1]


def _replace(snapshot: Snapshot, data: bytes, mode: int) -> None:
    directory, name = os.path.split(snapshot.target)
    temporary = f"{directory}/.{name[:100]}{TEMPORARY}{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if snapshot.found else mode)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            if snapshot.found is not None:
                _alike(snapshot.target, snapshot.found, handle)
            os.fsync(handle)
        _unchanged(snapshot)
        if snapshot.found is not None or not _linked(temporary, snapshot.target):
            os.replace(temporary, snapshot.target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync(directory)


def _linked(temporary: str, target: str) -> bool:
    """Give the new file its name, never over one that somebody made meanwhile; False where there are no hard links."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        return False
    os.unlink(temporary)
    return True


def _alike(target: str, found: os.stat_result, handle: int) -> None:
    """Give the file open as *handle* the owner, the extended attributes (the ACL is one) and the mode of *target*."""
    os.fchown(handle, found.st_uid, found.st_gid)
    if hasattr(os, "listxattr"):
        for name in os.listxattr(target):
            with contextlib.suppress(PermissionError):  # a label of the system's own, which it sets by itself
                os.setxattr(handle, name, os.getxattr(target, name))
    os.fchmod(handle, stat.S_IMODE(found.st_mode))


def _unchanged(snapshot: Snapshot) -> None:
    """Raise FileRefused when the file is not what it was."""
    try:
        now: os.stat_result | None = os.stat(snapshot.target)
    except FileNotFoundError:
        now = None
    if _identity(now) != _identity(snapshot.found):
        raise FileRefused(f"{snapshot.path} was changed by somebody else at this moment", hint="look at it, then try again")


def _identity(found: os.stat_result | None) -> tuple[int, ...]:
    if found is None:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode)


def delete_file(snapshot: Snapshot, paths: Paths, parents: int = 0) -> None:
    """
    Delete the file, under ``writing`` and after ``examine``, and up to *parents* directories above it while they are empty.

    Raises:
        FileRefused: It changed in the meantime, or cannot be deleted.
    """
    directory = os.path.dirname(snapshot.target)
    try:
        _unchanged(snapshot)
        backup(paths, snapshot.target, snapshot.data or b"")
        os.unlink(snapshot.target)
        sync(directory)
    except OSError as error:
        raise FileRefused(f"cannot delete {snapshot.path}: {error.strerror}", hint=f"ls -ld {snapshot.target}") from error
    with contextlib.suppress(OSError):
        for _ in range(parents):
            os.rmdir(directory)
            directory = os.path.dirname(directory)


def _sweep(target: str) -> None:
    """Delete what a killed write of ours left beside *target*."""
    directory, name = os.path.split(target)
    prefix = f".{name[:100]}{TEMPORARY}"
    for one in os.listdir(directory):
        if one.startswith(prefix) and one.removeprefix(prefix).isdigit():
            with contextlib.suppress(OSError):
                os.unlink(f"{directory}/{one}")


def sync(directory: str) -> None:
    """Bring a new name in *directory* to the disk, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
