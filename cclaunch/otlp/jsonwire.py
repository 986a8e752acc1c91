"""
Slices of a request in JSON, cut from its bytes without parsing it.

One scan finds the ends of everything long; then the path to the records is followed, with the order of keys left open.
Each slice is JSON again, small enough to be parsed as a whole.
"""

import json
import re
from collections.abc import Generator, Iterator

from cclaunch.otlp.encoding import Malformed
from cclaunch.otlp.slices import COUNTED_FROM, MOST_BRACKETS, Envelope, Leaf, NeverFits, Run, Tally, grouped
from cclaunch.store import limits

PATHS: dict[str, tuple[frozenset[str], ...]] = {
    "logs": (
        frozenset({"resourceLogs", "resource_logs"}),
        frozenset({"scopeLogs", "scope_logs"}),
        frozenset({"logRecords", "log_records"}),
    ),
    "metrics": (
        frozenset({"resourceMetrics", "resource_metrics"}),
        frozenset({"scopeMetrics", "scope_metrics"}),
        frozenset({"metrics"}),
        frozenset({"gauge", "sum", "histogram", "exponentialHistogram", "exponential_histogram", "summary"}),
        frozenset({"dataPoints", "data_points"}),
    ),
    "traces": (
        frozenset({"resourceSpans", "resource_spans"}),
        frozenset({"scopeSpans", "scope_spans"}),
        frozenset({"spans"}),
    ),
}
"""Signal -> the keys that lead from the request to its records, data points or spans."""

SINGLE = PATHS["metrics"][3]
"""Keys of the path that hold one object and no list."""

STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
SPACE = re.compile(rb"[ \t\n\r]*+")
SCALAR = re.compile(rb'[^\s,\]}{\["]++')
BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
PAIRS = {b"}": b"{", b"]": b"["}
LONG = 16 << 10
DEEPEST = 300
DEEPEST_NOTED = 12
BRACKETS_OF_A_PART = 2
LOOKS_OF_AN_ITEM = 10
MARK = b"\xef\xbb\xbf"


def slices(body: bytes | bytearray, signal: str, tally: Tally) -> Iterator[bytes]:
    """
    Yield small requests in JSON that together are the request *body* of *signal*; an empty one is another request's turn.

    Raises:
        Malformed: It is no JSON object, or not in UTF-8.
        NeverFits: It holds too much.
    """
    if body.count(b"{") + body.count(b"[") > MOST_BRACKETS:
        raise NeverFits(f"the request has more than {MOST_BRACKETS} objects and arrays")
    walk = _Walk(body, PATHS[signal], tally)
    for runs in grouped(walk.leaves(), tally):
        if not runs:
            yield b""
            continue
        key = runs[0].envelopes[0].field.encode()
        yield b'{"' + key + b'":[' + b",".join(map(_within, runs)) + b"]}"


def _within(run: Run) -> bytes:
    """Return the outermost resource of one run."""
    inner = b",".join(run.records)
    for number in range(len(run.envelopes) - 1, 0, -1):
        field, own = run.envelopes[number]
        value = inner if field in SINGLE else b"[" + inner + b"]"
        inner = b"{" + own + (b"," if own else b"") + b'"' + field.encode() + b'":' + value + b"}"
    return inner


def _key(text: bytes) -> str:
    """Return a key as text; the path may be written with escapes, too."""
    if b"\\" not in text or len(text) > LONG:
        return text[1:-1].decode("utf-8", "replace")
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise Malformed("a key is no text") from error


class _Walk:
    """The walk over one request."""

    def __init__(self, body: bytes | bytearray, path: tuple[frozenset[str], ...], tally: Tally) -> None:
        self._body = body
        self._path = path
        self._tally = tally
        self._ends: dict[int, int] = {}

    def leaves(self) -> Iterator[Leaf | None]:
        """Yield the records with their envelopes."""
        start = self._space(len(MARK) if self._body.startswith(MARK) else 0)
        if not self._at(start, b"{"):
            raise Malformed("no JSON object")
        end = yield from self._scanning(start)
        if self._space(end) != len(self._body):
            raise Malformed("something follows the JSON object")
        yield from self._below(start, 0, (), 0)

    def _below(self, start: int, depth: int, outer: tuple[Envelope, ...], shared: int) -> Iterator[Leaf | None]:
        """Yield the records in the object at *start*, below the envelopes *outer*."""
        own, children = self._object(start, depth)
        shared += len(own)
        for key, begin in children:
            envelopes = (*outer, Envelope(key, own))
            for item in [begin] if key in SINGLE else self._items(begin):
                if self._tally.turn(LOOKS_OF_AN_ITEM):
                    yield None
                if depth + 1 < len(self._path):
                    yield from self._below(item, depth + 1, envelopes, shared)
                elif (leaf := self._leaf(item, envelopes, shared)) is not None:
                    yield leaf

    def _leaf(self, start: int, envelopes: tuple[Envelope, ...], shared: int) -> Leaf | None:
        """Return the record at *start*, or None when it is refused."""
        end = self._skip(start)
        if not self._tally.record(end - start, shared):
            return None
        if end - start > COUNTED_FROM and self._brackets(start, end) > BRACKETS_OF_A_PART * limits.MOST_PARTS:
            self._tally.parts()
            return None
        return Leaf(envelopes, bytes(self._body[start:end]))

    def _brackets(self, start: int, end: int) -> int:
        return self._body.count(b"{", start, end) + self._body.count(b"[", start, end)

    def _object(self, start: int, depth: int) -> tuple[bytes, list[tuple[str, int]]]:
        """Return (members that do not lead to records, the keys that do with where their values begin)."""
        own: list[bytes] = []
        children: list[tuple[str, int]] = []
        size = 0
        for key, member, begin, end in self._members(start):
            if key in self._path[depth] and self._body[begin : begin + 4] != b"null":
                children.append((key, begin))
            else:
                size += end - member
                self._tally.envelope(size)
                own.append(bytes(self._body[member:end]))
        return b",".join(own), children

    def _members(self, start: int) -> Iterator[tuple[str, int, int, int]]:
        """Yield (key, where the member, its value and what follows begin)."""
        at = self._open(start, b"{")
        while not self._at(at, b"}"):
            self._tally.look()
            found = STRING.match(self._body, at)
            if found is None:
                raise Malformed(f"no key at byte {at}")
            key = _key(found.group())
            colon = self._space(found.end())
            if not self._at(colon, b":"):
                raise Malformed(f"no colon at byte {colon}")
            begin = self._space(colon + 1)
            end = self._skip(begin)
            yield key, at, begin, end
            at = self._next(end, b"}")

    def _items(self, start: int) -> Iterator[int]:
        """Yield where each item of the array at *start* begins."""
        at = self._open(start, b"[")
        while not self._at(at, b"]"):
            self._tally.look()
            yield at
            at = self._next(self._skip(at), b"]")

    def _open(self, at: int, bracket: bytes) -> int:
        if not self._at(at, bracket):
            raise Malformed(f"no {bracket.decode()} at byte {at}")
        return self._space(at + 1)

    def _next(self, end: int, closing: bytes) -> int:
        """Return where the next item begins after one that ends at *end*, or where the closing bracket stands."""
        at = self._space(end)
        if self._at(at, closing):
            return at
        if not self._at(at, b","):
            raise Malformed(f"no comma at byte {at}")
        at = self._space(at + 1)
        if self._at(at, closing):
            raise Malformed(f"nothing behind the comma at byte {at}")
        return at

    def _at(self, at: int, byte: bytes) -> bool:
        if at >= len(self._body):
            raise Malformed("it ends too early")
        return self._body[at] == byte[0]

    def _space(self, at: int) -> int:
        found = SPACE.match(self._body, at)
        return found.end() if found else at

    def _skip(self, start: int) -> int:
        """Return where the value at *start* ends."""
        known = self._ends.get(start)
        if known is not None:
            return known
        if not (self._at(start, b"{") or self._at(start, b"[")):
            found = STRING.match(self._body, start) or SCALAR.match(self._body, start)
            if found is None:
                raise Malformed(f"no value at byte {start}")
            return found.end()
        scanning = self._scanning(start)
        while True:
            try:
                next(scanning)
            except StopIteration as over:
                return int(over.value)

    def _scanning(self, start: int) -> Generator[None, None, int]:
        """Return where the object or array at *start* ends; note the ends of everything long within."""
        opened: list[tuple[bytes, int]] = []
        at = start
        while True:
            found = BRACKET.match(self._body, at)
            if found is None:
                raise Malformed("a bracket is not closed")
            if self._tally.turn():
                yield
            at = found.end()
            bracket = found.group(1)
            if bracket not in PAIRS:
                opened.append((bracket, at - 1))
                if len(opened) > DEEPEST:
                    raise Malformed("it is nested too deeply")
                continue
            if not opened or opened[-1][0] != PAIRS[bracket]:
                raise Malformed(f"a bracket at byte {at - 1} closes nothing")
            _, begin = opened.pop()
            if begin == start or (at - begin > LONG and len(opened) < DEEPEST_NOTED):
                self._ends[begin] = at
            if not opened:
                return at
