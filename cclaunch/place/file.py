"""
``.cclaunch.toml``: which one counts in a directory, and whether it may be believed.

Whoever clones a repository runs claude in it, so its file is a stranger's. What it says is inert
(``cclaunch.place.text``) and needs no question of trust, only limits: a regular file of the person's own or of
root's, which nobody else can write or replace, and which does not point out of the repository.

The search goes from the directory upwards and ends with the git root, with HOME or with ``/``, each included: the
file in HOME counts in HOME and below it outside any repository. The nearest file wins; it is merged with none.

Cold: runs when a source of the place has changed.
"""

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from cclaunch import console
from cclaunch.files.ownership import others_may_write
from cclaunch.files.toml import line_of
from cclaunch.place.repository import upwards
from cclaunch.place.text import PlaceRefused, decode_place, parse_place

NAME = ".cclaunch.toml"
SIZE_LIMIT = 16 << 10
LONGEST_SHOWN = 60

READ = os.O_RDONLY
for flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    READ |= getattr(os, flag, 0)


class PlaceFile(NamedTuple):
    """
    What the file of a directory says.

    Attributes:
        path: The file that was found, or an empty string.
        profile: The profile that it names (it may not exist), or an empty string.
        attributes: Key -> plain value.
        trouble: One sentence that names file, line and key when the file is refused; nothing of it counts then.
        sources: Every path whose change can change this answer, existing or not.
    """

    path: str
    profile: str
    attributes: dict[str, str]
    trouble: str
    sources: list[str]


def read_place_file(directory: str, home: str, uid: int) -> PlaceFile:
    """
    Return what *directory* (absolute) says to the person whose home is *home* and whose number is *uid*.

    Never raises: whatever is wrong with the file is its ``trouble``.
    """
    levels = list(_levels(directory, home))
    sources = [_git_source(level) for level in levels]
    for level in levels:
        path = os.path.join(level, NAME)
        sources.append(path)
        if not os.path.exists(path):  # a link that points nowhere is no file either
            continue
        text = ""
        try:
            text = decode_place(_read(path, levels[-1] if _is_git_root(levels[-1]) else level, uid))
            profile, attributes = parse_place(text)
        except PlaceRefused as refused:
            # A directory is a source only while it is to blame: its times move with every file that is made in it.
            sources += [refused.directory] if isinstance(refused, _UnsafeDirectory) else []
            return PlaceFile(path, "", {}, _sentence(path, text, refused), sources)
        return PlaceFile(path, profile, attributes, "", sources)
    return PlaceFile("", "", {}, "", sources)


def _levels(directory: str, home: str) -> Iterator[str]:
    """Yield *directory* and its parents, the last being the git root, HOME or the root of the file system (or too far up)."""
    if not os.path.isabs(directory):
        return
    end = _identity(home)
    for current in upwards(os.path.normpath(directory)):
        yield current
        if _is_git_root(current) or (end and _identity(current) == end):
            return


def _is_git_root(directory: str) -> bool:
    return os.path.exists(os.path.join(directory, ".git"))


def _git_source(directory: str) -> str:
    """
    Return the path whose stamp tells whether *directory* is a git root.

    That is ``.git``, but where it is a directory, its ``config``, which goes with it: the directory's own times
    move with every commit.
    """
    marker = os.path.join(directory, ".git")
    config = os.path.join(marker, "config")
    return config if os.path.exists(config) else marker


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


class _UnsafeDirectory(PlaceRefused):
    """Others may replace the file, because of the mode of *directory*."""

    def __init__(self, directory: str) -> None:
        super().__init__("its directory can be written by others: chmod go-w")
        self.directory = directory


def _read(path: str, tree: str, uid: int) -> bytes:
    """Return the bytes of the file at *path*: regular, small, safe from others and below *tree*. Raises PlaceRefused."""
    try:
        real = os.path.realpath(path)
        if os.path.islink(path):
            _refuse_link(path, real, tree, uid)
        for parent in dict.fromkeys((os.path.dirname(path), os.path.dirname(real))):
            _refuse_directory(parent, uid)
        _refuse_kind(os.stat(real).st_mode)  # before it is opened: a device may act on that
        handle = os.open(real, READ)
        try:
            found = os.fstat(handle)
            _refuse_kind(found.st_mode)  # again: it may be another one by now
            _refuse_owner(found, uid, "it")
            if others_may_write(found, uid):
                raise PlaceRefused("it can be written by others: chmod go-w")
            return _bytes(handle)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise PlaceRefused(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _bytes(handle: int) -> bytes:
    data = b""
    while part := os.read(handle, SIZE_LIMIT + 1):
        data += part
        if len(data) > SIZE_LIMIT:
            raise PlaceRefused(f"it is larger than {SIZE_LIMIT >> 10} KiB")
    return data


def _refuse_kind(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "directory" if stat.S_ISDIR(mode) else "FIFO" if stat.S_ISFIFO(mode) else "device or socket"
        raise PlaceRefused(f"it is a {kind}, not a regular file")


def _refuse_link(path: str, real: str, tree: str, uid: int) -> None:
    root = os.path.realpath(tree)
    if os.path.commonpath([root, real]) != root:
        raise PlaceRefused(f"it is a link that leads out of {tree}")
    _refuse_owner(os.lstat(path), uid, "the link")


def _refuse_owner(found: os.stat_result, uid: int, what: str) -> None:
    if os.name == "posix" and found.st_uid not in (uid, 0):
        raise PlaceRefused(f"{what} belongs to user {found.st_uid}, neither to you nor to root")


def _refuse_directory(directory: str, uid: int) -> None:
    """Refuse a directory in which others may replace the file; the sticky bit keeps them from that."""
    found = os.stat(directory)
    if not found.st_mode & stat.S_ISVTX and others_may_write(found, uid):
        raise _UnsafeDirectory(directory)


def _sentence(path: str, text: str, refused: PlaceRefused) -> str:
    """Return the one line to say; nothing that the file holds can drive the terminal that shows it."""
    key = refused.key if len(refused.key) <= LONGEST_SHOWN else refused.key[:LONGEST_SHOWN] + "…"
    where = f", line {line_of(text, (refused.key,))}: `{key}`" if key else ":"
    return console.printable(f"{path}{where} {refused.trouble}; the whole file is left out").replace("\t", "\\t")
