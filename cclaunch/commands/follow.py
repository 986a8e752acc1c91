"""A log file shown from its end, and followed through rotation."""

import os
import time

from cclaunch import console
from cclaunch.errors import StackError

POLL_S = 0.3
LONGEST_TAIL = 1 << 20
"""Bytes from the end of the log in which the last lines are looked for."""


def show_log(path: str, count: int, *, follow: bool) -> None:
    """
    Write the last *count* lines of the log at *path* to stdout; with *follow*, go on for ever.

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
    _write(b"".join(tail.splitlines(keepends=True)[-count:]) if count else b"")
    while follow:
        time.sleep(POLL_S)
        position, identity = _more(path, position, identity)


def _more(path: str, position: int, identity: int) -> tuple[int, int]:
    """Write what was added to the log since *position*; begin anew when it is another file, or shorter than it was."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_ino != identity or found.st_size < position:
                position = 0
            file.seek(position)
            _write(file.read(LONGEST_TAIL))
            return file.tell(), found.st_ino
    except OSError:
        return position, identity


def _write(data: bytes) -> None:
    """Write whole lines, their control characters made visible: what others sent may stand in a log."""
    if not data:
        return
    for text in data.decode("utf-8", "replace").splitlines():
        console.line(console.printable(text))
    console.flush()
