"""
What is known of a file, as the ledger keeps it: some bytes that only we look into.

The problem it owns: thousands of files are compared every few minutes, and all but a few are as they were. So what tells that
stands first, and the rest is looked at only where it is needed.
"""

import struct
from collections.abc import Iterable

from cclaunch.store.record_key import number_of
from cclaunch.transcripts.finding import LARGEST
from cclaunch.transcripts.reading import Known

STATE = struct.Struct("<QQQ")
WHOLE = struct.Struct("<QQQQ8s8sq")

UNREAD = b""
"""Kept of a file that could not be read: it is tried again each time."""

ELSEWHERE = number_of("\0")
"""Stands for what has no line of its own: directories that could not be looked at, and files of others."""


def number_of_file(path: str, host: str | None) -> int:
    """Return what the file at *path* is known by, of the machine *host* where that is another one."""
    return number_of(f"{host or ''}\0{path}")


def states(packed: Iterable[bytes]) -> set[tuple[int, ...]]:
    """Return the states (`finding.state_of`) of files that are known by so many *packed* bytes, whatever their names by now."""
    state = STATE.unpack_from
    return {state(one) for one in packed if len(one) == WHOLE.size}


def packed(known: Known) -> bytes:
    """Return *known* as bytes."""
    state = known.size, known.mtime_ns & LARGEST, known.inode & LARGEST
    return WHOLE.pack(*state, known.offset, known.head, known.tail, known.born_ns)


def unpacked(data: bytes) -> Known | None:
    """Return what *data* says; None where it says nothing, or was written by another release."""
    if len(data) != WHOLE.size:
        return None
    size, mtime_ns, inode, offset, head, tail, born_ns = WHOLE.unpack(data)
    return Known(inode, size, mtime_ns, offset, head, tail, born_ns)
