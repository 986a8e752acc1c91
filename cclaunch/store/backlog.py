"""
What could not be committed yet: kept, in order and within bounds, until the database can be written again.

An exporter that is answered "try again" may be gone by then (claude sends its last export within two seconds), so what
was received is kept in memory although it was not acknowledged; when the same comes again it is stored once. Where the
disk is well and only the database is locked, it is put down in a file as well, and may be acknowledged. At the end of
the collector all of it goes into that file, from which the next one goes on.
"""

import contextlib
import errno
import json
import os
from collections import deque
from collections.abc import Iterator
from typing import Any

from cclaunch.files.atomic import write_atomic
from cclaunch.store.insert import EVENT_COLUMNS, PointValues, Rows

MOST_ROWS = 100_000
MOST_BYTES = 32 << 20
"""About what it may take of memory; what comes then is refused, and counted."""

SERIES_VALUES = 9
OLDER = len(EVENT_COLUMNS) - 2
"""Values of an event of the first schema."""


class Backlog:
    """
    Rows that wait, the oldest first.

    Attributes:
        count: How many rows wait.
        bytes: About what they take of memory.
    """

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self._waiting: deque[Rows] = deque()
        self._known: set[object] = set()

    def add(self, rows: Rows) -> int:
        """Keep *rows*, but for those that wait already; return how many there is no room for."""
        new = Rows(
            [event for event in rows.events if event[0] not in self._known],
            [point for point in rows.points if _identity(point) not in self._known],
            rows.shared,
        )
        size = new.size
        if self.count + new.number > MOST_ROWS or self.bytes + size > MOST_BYTES:
            return new.number
        if new.number:
            self._waiting.append(new)
            self._known |= _identities(new)
            self.count += new.number
            self.bytes += size
        return 0

    def first(self, most: int) -> list[Rows]:
        """Return the oldest of what waits, about *most* rows."""
        found: list[Rows] = []
        rows = 0
        for one in self._waiting:
            if found and rows + one.number > most:
                break
            found.append(one)
            rows += one.number
        return found

    def drop(self, number: int) -> None:
        """Forget the oldest *number* of what `first` returned."""
        for _ in range(number):
            gone = self._waiting.popleft()
            self._known -= _identities(gone)
            self.count -= gone.number
            self.bytes -= gone.size

    def save(self, path: str) -> None:
        """Write what waits to *path*, whole or not at all. Raises FileTrouble."""
        lines = [json.dumps(_plain(rows), ensure_ascii=False, separators=(",", ":")) + "\n" for rows in self._waiting]
        write_atomic(path, "".join(lines).encode("utf-8", "replace"))


def put_down(path: str, rows: Rows) -> None:
    """Write *rows* behind what `save` or others have written to *path*, and bring them to the disk. Raises OSError."""
    text = json.dumps(_plain(rows), ensure_ascii=False, separators=(",", ":"))
    line = f"\n{text}\n".encode("utf-8", "replace")  # what stands before it may have been cut off by kill -9
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with open(handle, "wb", buffering=0) as file:
        before = os.fstat(handle).st_size
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            os.fsync(handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, before)
            raise


def load(path: str) -> Iterator[Rows]:
    """Yield what `save` wrote to *path*; what cannot be read of it is left out."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    rows = _rows(json.loads(line))
                except (ValueError, TypeError, KeyError, IndexError):
                    continue
                yield rows
    except OSError:
        return


def _identity(point: PointValues) -> object:
    return point.series[0], point.start_ns, point.time_ns


def _identities(rows: Rows) -> set[object]:
    return {event[0] for event in rows.events} | {_identity(point) for point in rows.points}


def _plain(rows: Rows) -> dict[str, list[list[Any]]]:
    points = [[_shown(list(point.series)), point.start_ns, point.time_ns, point.value] for point in rows.points]
    shared = [list(one) for one in rows.shared]
    return {"events": [_shown(list(event)) for event in rows.events], "points": points, "shared": shared}


def _shown(values: list[Any]) -> list[Any]:
    """Return *values* with their first, the key, as text."""
    key = values[0]
    return [key.hex() if isinstance(key, bytes) else key, *values[1:]]


def _rows(plain: dict[str, list[list[Any]]]) -> Rows:
    events = [_event(event) for event in plain["events"]]
    shared = [(int(key), int(last), str(text)) for key, last, text in plain.get("shared", [])]
    points = [
        PointValues((bytes.fromhex(str(series[0])), *series[1:]), int(start), int(moment), float(value))
        for series, start, moment, value in plain["points"]
    ]
    if any(len(event) != len(EVENT_COLUMNS) for event in events) or any(len(point.series) != SERIES_VALUES for point in points):
        raise ValueError("no rows of ours")
    return Rows(events, points, shared)


def _event(values: list[Any]) -> tuple[object, ...]:
    """Return the values of an event; one of the first schema shares nothing, and its key is bytes."""
    key, *rest = values
    older = [None] * (len(EVENT_COLUMNS) - OLDER) if len(values) == OLDER else []
    return (key if isinstance(key, int) else bytes.fromhex(str(key)), *rest, *older)
