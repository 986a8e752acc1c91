"""
A large request in slices: each a small request of its own, so that no request is ever in memory as a whole tree.

Parsed, a message has many times its size: two bytes can be a record. So the bytes are walked first, a few levels deep and
with a bound on everything, and what comes out are requests of some hundred records with their resource and scope.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from cclaunch.store import limits

SLICE_BYTES = 128 << 10
SLICE_RECORDS = 500
COUNTED_FROM = 64 << 10
"""Bytes from which the parts of a record are counted: a smaller one cannot become large."""

LARGEST_SHELL = 1 << 20
MOST_FIELDS = 1_000_000
"""Fields of protobuf that are looked at for one request: an honest one has half as many."""

MOST_BRACKETS = 800_000
"""Opening brackets of one request in JSON."""

TURN = 10_000
"""Fields or brackets that are looked at before another request has its turn."""

MOST_COPIED = 2 * limits.LARGEST_BODY
"""Bytes of all slices together: each repeats its resource and scope."""


class NeverFits(Exception):
    """A request that is too much however often it is sent."""


class Leaf(NamedTuple):
    """One record, and the envelopes around it from the outermost: all of their bytes but their records."""

    envelopes: "tuple[Envelope, ...]"
    data: bytes


class Envelope(NamedTuple):
    """What a resource or scope says of itself; *field* is where it hangs in the envelope around it."""

    field: str
    data: bytes


class Tally:
    """What was counted of one request so far, and what of it is refused."""

    def __init__(self) -> None:
        self.records = 0
        self.refused: Counter[str] = Counter()
        self.looked = 0
        self._turn = TURN
        self._stored = 0
        self._copied = 0

    def look(self) -> None:
        """Count a field that is looked at. Raises NeverFits."""
        self.looked += 1
        if self.looked > MOST_FIELDS:
            raise NeverFits(f"the request has more than {MOST_FIELDS} fields")

    def turn(self, looks: int = 1) -> bool:
        """Say whether it is another request's turn."""
        self._turn -= looks
        if self._turn > 0:
            return False
        self._turn = TURN
        return True

    def envelope(self, size: int) -> None:
        """Look at the size of an envelope. Raises NeverFits."""
        if size > LARGEST_SHELL:
            raise NeverFits(f"a resource or scope of the request is larger than {LARGEST_SHELL} bytes")

    def expect(self, count: int) -> None:
        """Look at a number of records before any is read. Raises NeverFits."""
        if self.records + count > limits.MOST_RECORDS:
            raise NeverFits(f"the request has more than {limits.MOST_RECORDS} records")

    def record(self, size: int, shared: int) -> bool:
        """Count a record of *size* bytes below envelopes of *shared* bytes; say whether it can be taken. Raises NeverFits."""
        self.expect(1)
        self.records += 1
        if size > limits.LARGEST_RECORD:
            self.refused[f"larger than {limits.LARGEST_RECORD} bytes"] += 1
            return False
        self._stored += size + shared
        if self._stored > limits.MOST_REPEATED:
            raise NeverFits(f"the request is larger than {limits.MOST_REPEATED} bytes with a resource for each record")
        return True

    def parts(self) -> None:
        """Note that a record is refused for its many parts."""
        self.refused[f"more than {limits.MOST_PARTS} parts"] += 1

    def copied(self, size: int) -> None:
        """Count the bytes of a slice. Raises NeverFits."""
        self._copied += size
        if self._copied > MOST_COPIED:
            raise NeverFits(f"the request is larger than {MOST_COPIED} bytes with a resource for each scope")


class Run(NamedTuple):
    """Records that follow each other below the same envelopes."""

    envelopes: tuple[Envelope, ...]
    records: list[bytes]


def grouped(leaves: Iterator[Leaf | None], tally: Tally) -> Iterator[list[Run]]:
    """Yield the runs of each slice; none where None says that it is another request's turn. Raises NeverFits."""
    runs: list[Run] = []
    size = count = 0
    for leaf in leaves:
        if leaf is None:
            yield []
            continue
        new = not runs or runs[-1].envelopes is not leaf.envelopes
        more = len(leaf.data) + (sum(len(envelope.data) for envelope in leaf.envelopes) if new else 0)
        if runs and (size + more > SLICE_BYTES or count >= SLICE_RECORDS):
            tally.copied(size)
            yield runs
            runs, size, count, new = [], 0, 0, True
            more = len(leaf.data) + sum(len(envelope.data) for envelope in leaf.envelopes)
        if new:
            runs.append(Run(leaf.envelopes, []))
        runs[-1].records.append(leaf.data)
        size += more
        count += 1
    if runs:
        tally.copied(size)
        yield runs
