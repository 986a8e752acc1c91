"""
Slices of a request in protobuf, cut from its bytes without parsing it.

Only length-delimited fields of the known path are descended into; every other field of a resource or scope is copied
as it is. Requests that are written one after the other are one request: that is how slices are put together.
"""

from collections.abc import Generator, Iterator
from typing import Any

from cclaunch.otlp.encoding import Malformed
from cclaunch.otlp.slices import COUNTED_FROM, Envelope, Leaf, NeverFits, Run, Tally, grouped
from cclaunch.store import limits

PATHS: dict[str, tuple[frozenset[int], ...]] = {
    "logs": (frozenset({1}), frozenset({2}), frozenset({2})),
    "metrics": (frozenset({1}), frozenset({2}), frozenset({2}), frozenset({5, 7, 9, 10, 11}), frozenset({1})),
    "traces": (frozenset({1}), frozenset({2}), frozenset({2})),
}
"""Signal -> the numbers of the fields that lead from the request to its records, data points or spans."""

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
DEEPEST = 100


def slices(body: bytes | bytearray, signal: str, descriptor: Any, tally: Tally) -> Iterator[bytes]:
    """
    Yield small requests that together are the request *body* of *signal*; an empty one is another request's turn.

    Raises:
        Malformed: It is no protobuf.
        NeverFits: It holds too much.
    """
    for runs in grouped(_Walk(body, PATHS[signal], tally).leaves(descriptor), tally):
        yield b"".join(map(_whole, runs))


def _whole(run: Run) -> bytes:
    """Return a request that holds one run."""
    inner = b"".join(_field(int(run.envelopes[-1].field), record) for record in run.records)
    for outer, envelope in zip(reversed(run.envelopes[:-1]), reversed(run.envelopes[1:]), strict=True):
        inner = _field(int(outer.field), envelope.data + inner)
    return run.envelopes[0].data + inner


def _field(number: int, data: bytes) -> bytes:
    made = bytearray((number << 3 | DELIMITED,))
    size = len(data)
    while size > 0x7F:
        made.append(size & 0x7F | 0x80)
        size >>= 7
    made.append(size)
    return bytes(made) + data


class _Walk:
    """The walk over one request."""

    def __init__(self, body: bytes | bytearray, path: tuple[frozenset[int], ...], tally: Tally) -> None:
        self._body = body
        self._path = path
        self._tally = tally

    def leaves(self, descriptor: Any) -> Iterator[Leaf | None]:
        """Yield the records with their envelopes; *descriptor* is the request's."""
        yield from self._below(0, len(self._body), 0, (), 0, descriptor)

    def _below(
        self, start: int, end: int, depth: int, outer: tuple[Envelope, ...], shared: int, descriptor: Any
    ) -> Iterator[Leaf | None]:
        """Yield the records between *start* and *end*, a message of *descriptor* below the envelopes *outer*."""
        own = yield from self._shell(start, end, depth, descriptor)
        shared += len(own)
        known: dict[int, tuple[Envelope, ...]] = {}
        for number, kind, _, begin, until in self._fields(start, end):
            if self._tally.turn():
                yield None
            if number not in self._path[depth] or kind != DELIMITED:
                continue
            below = descriptor.fields_by_number[number].message_type
            envelopes = known.setdefault(number, (*outer, Envelope(str(number), own)))
            if depth + 1 < len(self._path):
                yield from self._below(begin, until, depth + 1, envelopes, shared, below)
            elif self._tally.record(until - begin, shared):
                if until - begin > COUNTED_FROM and self._parts(begin, until, below) > limits.MOST_PARTS:
                    self._tally.parts()
                    continue
                yield Leaf(envelopes, bytes(self._body[begin:until]))

    def _shell(self, start: int, end: int, depth: int, descriptor: Any) -> Generator[None, None, bytes]:
        """Return the fields of a message that do not lead to records. Raises NeverFits."""
        own = bytearray()
        records = 0
        for number, kind, field, begin, until in self._fields(start, end):
            if self._tally.turn():
                yield None
            if number in self._path[depth] and kind == DELIMITED:
                records += depth == len(self._path) - 1
                self._tally.expect(records)
                continue
            self._tally.envelope(len(own) + until - field)
            below = descriptor.fields_by_number.get(number)
            is_message = kind == DELIMITED and below is not None and below.message_type is not None
            if is_message and until - begin > COUNTED_FROM and self._parts(begin, until, below.message_type) > limits.MOST_PARTS:
                raise NeverFits(f"a resource or scope of the request has more than {limits.MOST_PARTS} parts")
            own += self._body[field:until]
        return bytes(own)

    def _parts(self, start: int, end: int, descriptor: Any, depth: int = 0) -> int:
        """Return how many messages there are within one, or some number beyond MOST_PARTS."""
        found = 0
        if depth > DEEPEST:
            raise Malformed("it is nested too deeply")
        for number, kind, _, begin, until in self._fields(start, end):
            field = descriptor.fields_by_number.get(number)
            if kind == DELIMITED and field is not None and field.message_type:
                found += 1 + self._parts(begin, until, field.message_type, depth + 1)
            if found > limits.MOST_PARTS:
                break
        return found

    def _fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield (number, wire type, where the field, its value and what follows begin). Raises Malformed, NeverFits."""
        at = start
        while at < end:
            self._tally.look()
            field = at
            tag, at = self._varint(at, end)
            kind, value = tag & 7, at
            if kind == DELIMITED:
                size, value = self._varint(at, end)
                at = value + size
            elif kind == VARINT:
                _, at = self._varint(at, end)
            elif kind == FIXED64:
                at += 8
            elif kind == FIXED32:
                at += 4
            else:
                raise Malformed(f"no field has the wire type {kind}")
            if at > end or tag >> 3 == 0:
                raise Malformed("a field ends behind its message")
            yield tag >> 3, kind, field, value, at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """Return the number at *at* and where it ends."""
        body = self._body
        if at < end and body[at] < 0x80:
            return body[at], at + 1
        found = shift = 0
        for place in range(at, min(end, at + LONGEST_VARINT)):
            byte = body[place]
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found, place + 1
            shift += 7
        raise Malformed("a number ends behind its message")
