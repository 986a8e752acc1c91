"""
The lines of a file that may tell of a request, found without looking at the others.

The problem it owns: of forty kilobytes that a request leaves, one tells of it; a line may have a hundred megabytes, a file many
more. So blocks are searched and not split, and no more than a block and the longest answer is ever held.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from cclaunch.transcripts.line import NEEDLE

BLOCK = 1 << 20
LONGEST = 16 << 20
"""Bytes of a line that is read: an answer has some 100,000 tokens at most."""


class Source(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes; none at the end."""


class Block(NamedTuple):
    """
    Whole lines, all that one reading has ended.

    Attributes:
        lines: Those with the needle, without their ends.
        too_long: How many with the needle were longer than what is held.
        size: Bytes of all lines, their ends included.
        last: Whether the file ends there: the bytes are of a line without an end.
    """

    lines: list[bytes]
    too_long: int
    size: int
    last: bool = False


def blocks(source: Source, longest: int = LONGEST, block: int = BLOCK) -> Iterator[Block]:
    """
    Yield what *source* has, block by block; what is left at its end, behind the last end of a line, comes as the last one.

    Args:
        longest: A line of more bytes is not held.
        block: Bytes that are read at once.
    """
    open_line = _OpenLine(longest)
    while data := source.read(block):
        end = data.rfind(b"\n") + 1
        if not end:
            open_line.add(data)
            continue
        first = data.find(b"\n") + 1
        open_line.add(data[:first])
        lines, too_long, size = open_line.close()
        if end > first:
            lines += _found(data, first, end)
        yield Block(lines, too_long, size + end - first)
        open_line.add(data[end:])
    lines, too_long, size = open_line.close()
    if size:
        yield Block(lines, too_long, size, last=True)


def _found(data: bytes, begin: int, end: int) -> list[bytes]:
    """Return the lines with the needle of *data*, from *begin* to *end*, where a line ends."""
    lines = []
    while (at := data.find(NEEDLE, begin, end)) >= 0:
        line_end = data.find(b"\n", at, end)
        lines.append(data[data.rfind(b"\n", begin, at) + 1 or begin : line_end])
        begin = line_end + 1
    return lines


class _OpenLine:
    """A line whose end was not met yet: its parts, or, when they are too many, whether the needle was among them."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0
        self._met = False

    def add(self, part: bytes) -> None:
        """Take the next *part* of the line."""
        self._size += len(part)
        self._parts.append(part)
        if self._size > self._longest:
            whole = b"".join(self._parts)
            self._met = self._met or NEEDLE in whole
            self._parts = [whole[1 - len(NEEDLE) :]]  # it may lie across two parts

    def close(self) -> tuple[list[bytes], int, int]:
        """Return the line, if it has the needle and is held; 1 if it has it and is too long; and its size. Begin anew."""
        size, met, whole = self._size, self._met, b"".join(self._parts)
        self._parts, self._size, self._met = [], 0, False
        if size > self._longest:
            return [], int(met), size
        return ([whole.removesuffix(b"\n")] if NEEDLE in whole else []), 0, size
