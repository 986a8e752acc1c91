"""
A transcript read from where it was left off, as long as it is still the same file.

The problem it owns: files grow while they are read, are copied, cut, written anew in place, and get the inode of another one. So
an offset is believed only where the bytes before it, at the beginning and right before the offset, are those of the last time.
"""

import os
import stat
from _blake2 import blake2b
from collections import Counter
from collections.abc import Iterator
from io import FileIO
from typing import NamedTuple

from cclaunch.transcripts.born import HEAD, born_ns
from cclaunch.transcripts.line import read_line
from cclaunch.transcripts.lines import Block, blocks
from cclaunch.transcripts.seen import Left, Seen

CHECKED = 1024
"""Bytes that are compared, at each of both places."""

TOGETHER = 2_000
"""Requests of one part, more or less."""


class Known(NamedTuple):
    """
    What is known of a file that was read.

    Attributes:
        inode: Its number, on whatever device.
        size, mtime_ns: As they were before it was read.
        offset: Up to which byte it was read.
        head, tail: Hashes of the bytes at its beginning and before the offset.
        born_ns: When its session began, in nanoseconds since the epoch; 0 where nothing says.
    """

    inode: int
    size: int
    mtime_ns: int
    offset: int
    head: bytes
    tail: bytes
    born_ns: int

    def is_current(self, status: os.stat_result) -> bool:
        """Say whether nothing has changed since."""
        return (self.size, self.mtime_ns, self.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)


class Part(NamedTuple):
    """
    A part of a file: what is stored together.

    Attributes:
        rows: The requests in it; one whose lines lie in two parts is in both.
        left: How many lines were left out, by reason.
        known: What is known of the file when this part is stored.
        anew: Whether the file was read from its beginning: what was counted of it before counts no more.
    """

    rows: list[Seen]
    left: Counter[Left]
    known: Known | None
    anew: bool


def read(path: str, known: Known | None = None, *, own_only: bool = True) -> Iterator[Part]:
    """
    Yield what is new in the file at *path*, part by part: one without rows when only its marks are new, none when nothing is.

    *own_only* leaves out what belongs to another user.

    Raises nothing for a file: one that cannot be read is a part with the reason and nothing known.
    """
    try:
        with open(path, "rb", buffering=0, opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return
            if own_only and status.st_uid != os.geteuid():
                yield _unread(Left.OTHERS)
            elif known is None or not known.is_current(status):
                yield from _parts(file, status, known)
    except IsADirectoryError:
        return
    except OSError:
        yield _unread(Left.UNREADABLE)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # whatever lies there, nobody waits for it


def _unread(reason: Left) -> Part:
    return Part([], Counter([reason]), None, anew=False)


def _parts(file: FileIO, status: os.stat_result, known: Known | None) -> Iterator[Part]:
    if known is not None and not _is_same(file, status, known):
        known = None
    anew, offset = known is None, known.offset if known else 0
    born = (known.born_ns if known else 0) or born_ns(_at(file, 0, HEAD))
    gathered = _Gathered(born)
    file.seek(offset)
    for block in blocks(file):
        offset += gathered.add(block)
        if len(gathered.rows) >= TOGETHER:
            yield gathered.part(_known(file, status, offset, born), anew=anew)
            anew, gathered = False, _Gathered(born)
    yield gathered.part(_known(file, status, offset, born), anew=anew)


def _at(file: FileIO, offset: int, size: int) -> bytes:
    return os.pread(file.fileno(), size, offset)


def _known(file: FileIO, status: os.stat_result, offset: int, born: int) -> Known:
    return Known(status.st_ino, status.st_size, status.st_mtime_ns, offset, *_marks(file, offset), born)


def _marks(file: FileIO, offset: int) -> tuple[bytes, bytes]:
    """Return the hashes of the bytes at the beginning of *file* and before *offset*."""
    size = min(CHECKED, offset)
    return _hash(_at(file, 0, size)), _hash(_at(file, offset - size, size))


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()


def _is_same(file: FileIO, status: os.stat_result, known: Known) -> bool:
    return status.st_size >= known.offset and _marks(file, known.offset) == (known.head, known.tail)


class _Gathered:
    """The requests of some blocks, the lines of one answer put together, and what was left out of them."""

    def __init__(self, born: int) -> None:
        self.rows: dict[tuple[str | None, str | None], Seen] = {}
        self._left: Counter[Left] = Counter()
        self._born = born

    def add(self, block: Block) -> int:
        """Take *block*; return how many bytes of it are done with: a last line that is none yet is left to the next time."""
        if block.last:
            seen = read_line(block.lines[0], self._born) if block.lines else None
            if not isinstance(seen, Seen):
                return 0
            self._take(seen)
            return block.size
        if block.too_long:
            self._left[Left.TOO_LONG] += block.too_long
        for line in block.lines:
            seen = read_line(line, self._born)
            if isinstance(seen, Seen):
                self._take(seen)
            elif seen is not None:
                self._left[seen] += 1
        return block.size

    def _take(self, seen: Seen) -> None:
        """Keep *seen*, or put it together with the lines before: their usage is the same, but where an answer was cut."""
        key = seen[:2]
        before = self.rows.get(key)
        if before is not None:
            latest = max(before.time_ns, seen.time_ns)
            seen = (seen if seen.output >= before.output else before)._replace(time_ns=latest)
        self.rows[key] = seen

    def part(self, known: Known, *, anew: bool) -> Part:
        """Return what was gathered."""
        return Part(list(self.rows.values()), self._left, known, anew)
