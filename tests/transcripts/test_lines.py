"""
Blocks of a file are searched for lines, whatever their length, and the bytes add up.

The problem it owns: a line may begin in one block and end in a later one, and so may the needle.
"""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cclaunch.transcripts.line import NEEDLE
from cclaunch.transcripts.lines import Block, blocks

PARTS = some.sampled_from([b"\n", b"\n\n", b"abc", NEEDLE, NEEDLE[:5], NEEDLE[5:], b"x" * 40, b'"'])


@given(some.lists(PARTS, max_size=40).map(b"".join), some.integers(1, 50))
def test_each_line_with_the_needle_is_found_whatever_a_block_has(data: bytes, block: int) -> None:
    """The same as a split would find, and all bytes are accounted for."""
    found = list(blocks(io.BytesIO(data), block=block))
    whole, last = data.split(b"\n")[:-1], data.split(b"\n")[-1]
    assert [line for one in found if not one.last for line in one.lines] == [line for line in whole if NEEDLE in line]
    assert [one for one in found if one.last] == ([Block([last] if NEEDLE in last else [], 0, len(last), True)] if last else [])
    assert sum(one.size for one in found) == len(data)


@given(some.integers(0, 200), some.integers(1, 64), some.booleans())
def test_a_long_line_is_counted_wherever_its_needle_is(before: int, block: int, there: bool) -> None:
    """Also across two blocks; and the lines beside it are found."""
    long = b"x" * before + (NEEDLE if there else b"") + b"x" * 300
    found = list(blocks(io.BytesIO(b"\n".join([NEEDLE, long, NEEDLE, b""])), longest=100, block=block))
    assert sum(one.too_long for one in found) == there
    assert [line for one in found for line in one.lines] == [NEEDLE, NEEDLE]


class Endless:
    """A file of one line: *size* bytes, and then the needle and an end."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes."""
        if self._left <= 0:
            self._left, last = self._left - 1, self._left
            return NEEDLE + b"\n" if last == 0 else b""
        taken = min(size, self._left)
        self._left -= taken
        return b"x" * taken


@pytest.mark.parametrize("megabytes", [100, 1000])
def test_a_line_takes_no_more_memory_the_longer_it_is(megabytes: int) -> None:
    """A hundred megabytes, a thousand: the longest answer and some blocks at most, and it is counted."""
    source = Endless(megabytes << 20)
    tracemalloc.start()
    try:
        found = list(blocks(source))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(one.lines, one.too_long) for one in found] == [([], 1)]
    assert peak < 48 << 20
