"""A log file read from its end, and followed through rotation."""

import os
import time
from collections.abc import Iterator

from cclaunch.errors import StackError

POLL_S = 0.3
LONGEST_TAIL = 1 << 20
"""Bytes from the end of the log in which the last lines are looked for."""


def lines(path: str, count: int, *, follow: bool) -> Iterator[str]:
    """
    Yield the last *count* lines of the log at *path*; with *follow*, go on for ever.

    Raises:
        StackError: There is no log yet, and nobody asked to wait for one.
    """
    position, identity = 0, 0
    try:
        with open(path, "rb") as file:
            identity = os.fstat(file.fileno()).st_ino
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LONGEST_TAIL))
            tail = file.read(LONGEST_TAIL)
            position = file.tell()
    except OSError as error:
        if not follow:
            raise StackError(f"there is no log: {path}: {error.strerror}", hint="cclaunch stack up") from error
        tail = b""
    yield from _texts(tail)[-count:] if count else ()
    while follow:
        time.sleep(POLL_S)
        added, position, identity = _more(path, position, identity)
        yield from _texts(added)


def _more(path: str, position: int, identity: int) -> tuple[bytes, int, int]:
    """Return what was added to the log since *position*, from its beginning when it is another file or shorter than it was."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_ino != identity or found.st_size < position:
                position = 0
            file.seek(position)
            added = file.read(LONGEST_TAIL)
            return added, file.tell(), found.st_ino
    except OSError:
        return b"", position, identity


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()
