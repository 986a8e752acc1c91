"""
Looking at a file that is not ours before it is written, and refusing with the reason.

A link is followed to what it names; what is not a plain, writable file of this person, alone under its name, is refused
before anything is touched. The mode counts for root too: a file that is read-only is so on purpose.
"""

import contextlib
import errno
import os
import stat
from typing import NamedTuple

from cclaunch.errors import FileTrouble

LIMIT = 1 << 20
"""Bytes: no rc file is larger."""

READ_ONLY = ("/nix/store/",)
"""What is below these was made by a package manager, and is made anew by it."""


class FileRefused(FileTrouble):
    """A file that must not be written; the message says why. Nothing was changed."""

    reference = "rc-refused"


class NeedsInPlace(FileRefused):
    """A file that can only be written in place, which has to be asked for."""

    reference = "needs-in-place"


class Snapshot(NamedTuple):
    """
    A file as it was when it was read.

    Attributes:
        path: What was asked for.
        target: The file itself: *path* with every link followed.
        data: Its bytes; None when it is missing.
        found: What the system says about it; None when it is missing.
    """

    path: str
    target: str
    data: bytes | None
    found: os.stat_result | None


def read_snapshot(path: str) -> Snapshot:
    """
    Return what *path* holds, as far as it is a plain file of at most 1 MiB, or missing.

    Raises:
        FileRefused: It is something else, a link to nowhere, or cannot be read.
    """
    target = _resolve(path)
    try:
        handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        return Snapshot(path, target, None, None)
    except OSError as error:
        kind = _kind(target)
        raise FileRefused(f"{path} {kind}" if kind else f"cannot read {path}: {error.strerror}", hint=f"ls -l {path}") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(f"{path} {_kind(target) or 'is no regular file'}", hint=f"ls -l {path}")
        if found.st_size > LIMIT:
            raise FileRefused(f"{path} has more than 1 MiB: no rc file does", hint=f"ls -l {path}")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise FileRefused(f"cannot read {path}: {error.strerror}", hint=f"ls -l {path}") from error
    finally:
        os.close(handle)
    return Snapshot(path, target, data, found)


def _resolve(path: str) -> str:
    """Return *path* with its links followed. What a link names must be there, or at least the directory for it."""
    try:
        return os.path.realpath(path, strict=True)
    except FileNotFoundError:
        target = os.path.realpath(path)
    except (OSError, ValueError) as error:
        told = "is a link that leads to itself" if getattr(error, "errno", 0) == errno.ELOOP else f"cannot be read: {error}"
        raise FileRefused(f"{path} {told}", hint=f"ls -l {path}") from error
    if os.path.islink(path) and not os.path.isdir(os.path.dirname(target)):
        raise FileRefused(f"{path} is a link to {target}, and there is no such directory", hint=f"ls -l {path}")
    return target


def _kind(path: str) -> str:
    """Say what *path* is when it is no regular file, or return an empty string."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return ""
    kinds = {
        stat.S_IFDIR: "is a directory",
        stat.S_IFIFO: "is a pipe",
        stat.S_IFSOCK: "is a socket",
        stat.S_IFCHR: "is a device",
        stat.S_IFBLK: "is a device",
    }
    return kinds.get(stat.S_IFMT(mode), "")


def examine(snapshot: Snapshot, home: str, *, in_place: bool = False) -> None:
    """
    Raise for a file that must not be written, before anything is.

    Raises:
        FileRefused: It is not this person's, not writable on purpose, or made by a package manager.
        NeedsInPlace: It has another name or is mounted, and *in_place* was not asked for.
    """
    path, target, found = snapshot.path, snapshot.target, snapshot.found
    here = os.geteuid()
    with contextlib.suppress(OSError):
        if (owner := os.stat(home).st_uid) != here:
            raise FileRefused(
                f"{home} belongs to user {owner}, and this is user {here}", hint="run it as the owner, without sudo"
            )
    if target.startswith(READ_ONLY):
        raise FileRefused(f"{path} is {target}, which a package manager makes", hint="add the block to what it is made from")
    if found is not None and found.st_uid != here:
        raise FileRefused(f"{path} belongs to user {found.st_uid}, and this is user {here}", hint=f"ls -l {target}")
    if found is not None and not (found.st_mode & 0o200 and os.access(target, os.W_OK)):
        raise FileRefused(f"{path} is read-only", hint=f"chmod u+w {target}")
    directory = _existing(os.path.dirname(target))
    if (owner := os.stat(directory).st_uid) != here and not os.access(directory, os.W_OK):
        raise FileRefused(f"{directory} belongs to user {owner}", hint=f"ls -ld {directory}")
    if not (os.access(directory, os.W_OK | os.X_OK) and os.stat(directory).st_mode & 0o200):
        raise FileRefused(f"{directory} is read-only, so {path} cannot be replaced", hint=f"chmod u+w {directory}")
    if found is not None and not in_place and (why := not_alone(target, found)):
        raise NeedsInPlace(f"{path} {why}: it cannot be replaced in one step", hint="--in-place writes into it, from a backup")


def _existing(directory: str) -> str:
    while not os.path.isdir(directory) and directory != os.path.dirname(directory):
        directory = os.path.dirname(directory)
    return directory


def not_alone(target: str, found: os.stat_result) -> str:
    """Say why another file would not be the same one, or return an empty string."""
    if found.st_nlink > 1:
        return f"has {found.st_nlink} names (hard links)"
    return "is a mount point" if target in _mount_points() else ""


def _mount_points() -> set[str]:
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            points = [line.split(" ")[4] for line in file]
    except (OSError, IndexError):
        return set()
    return {point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\") for point in points}
