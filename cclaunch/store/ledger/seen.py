"""
What transcripts told of, by the hash of its ids: what became of it.

The problem it owns: the same request stands in many files (forks copy it) and is read many times; it must be known again in a
moment, also when it was joined with an event or forgotten. So its hash stays for good. It lies in the hour in which the request
was: what is read together lies together, else each of a million hashes would touch a page of its own.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from cclaunch.store.ledger.request import TRANSCRIPT, Request
from cclaunch.store.ledger.schema import HOUR_NS
from cclaunch.store.ledger.witnessed import Witnessed

BETWEEN_LINES_NS = 600 * 1_000_000_000
"""Lines of one answer that are read at different times lie so far apart at most: claude waits no longer for one."""

PARTIAL, COPIED, GONE = 1, 2, 4
"""Flags: its answer was interrupted; its session may be another one's copy; it was forgotten."""

KNOWN = f"""
SELECT s.hour, s.key, s.time_ns, s.request, s.flags, r.output
FROM seen s LEFT JOIN requests r ON s.request = s.key AND r.time_ns = s.time_ns AND r.key = s.key AND r.witnesses = {TRANSCRIPT}
WHERE s.hour = ? AND s.key IN (SELECT value FROM json_each(?))
"""
KEEP = "INSERT OR REPLACE INTO seen (hour, key, time_ns, request, flags) VALUES (?, ?, ?, ?, ?)"
DROP = "DELETE FROM seen WHERE hour = ? AND key = ?"


class Known(NamedTuple):
    """
    What is known of what a transcript told.

    Attributes:
        hour, key: Under which it lies.
        time_ns, request: The key of its row in the table of requests: its own, or that of the event that it was joined with.
        flags: See above.
        output: The tokens out that were told, where that row is its own and is there; else None.
    """

    hour: int
    key: int
    time_ns: int
    request: int
    flags: int
    output: int | None

    def is_less_than(self, one: Witnessed) -> bool:
        """Say whether *one* may tell more: more of the answer, a later moment, or who owns it; what has no row learns nothing."""
        if self.output is None:
            return False
        answer = self.output, not self.flags & PARTIAL
        is_owner = bool(self.flags & COPIED) and not one.copied
        return one.time_ns > self.time_ns or is_owner or (one.output, not one.partial) > answer


def known_of(connection: sqlite3.Connection, told: Collection[Witnessed | Request]) -> dict[int, Known]:
    """Return key -> what is known, for each of *told* that was told before."""
    keys: dict[int, set[int]] = defaultdict(set)
    times = [one.time_ns for one in told]
    if not times or not _is_any(connection, min(times), max(times)):
        return {}
    for one in told:
        keys[(one.time_ns - BETWEEN_LINES_NS) // HOUR_NS].add(one.key)
        keys[(one.time_ns + BETWEEN_LINES_NS) // HOUR_NS].add(one.key)
    found = {}
    for hour, some in sorted(keys.items()):
        if connection.execute("SELECT 1 FROM seen WHERE hour = ? LIMIT 1", (hour,)).fetchone():
            for row in connection.execute(KNOWN, (hour, json.dumps(list(some)))):
                found[row[1]] = Known._make(row)
    return found


def _is_any(connection: sqlite3.Connection, first_ns: int, last_ns: int) -> bool:
    """Say whether anything was told of that time; of what is new it is one question for all."""
    ends = (first_ns - BETWEEN_LINES_NS) // HOUR_NS, (last_ns + BETWEEN_LINES_NS) // HOUR_NS
    return connection.execute("SELECT 1 FROM seen WHERE hour >= ? AND hour <= ? LIMIT 1", ends).fetchone() is not None
