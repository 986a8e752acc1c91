"""
Two witnesses of one request become one row: what transcripts told meets the events that tell of the same.

The problem it owns: either may come first, and each is told of once. So whoever comes, transcripts or events, is held against
what is there of the other; the event keeps its row, its money and its tokens, and what a transcript had alone goes.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from cclaunch.store.ledger.agreeing import APART_NS, Told, pairs
from cclaunch.store.ledger.request import EVENT, TRANSCRIPT
from cclaunch.store.ledger.schema import HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.seen import COPIED, PARTIAL

LONGEST_NS = HOUR_NS
MOST = 5_000
"""So long is a time, and so many requests has it, of which all are in memory at once."""

EVENTS = f"""
SELECT time_ns, key, session, request, ifnull(input, 0), ifnull(output, 0), ifnull(cache_read, 0),
    ifnull(cache_5m, 0) + ifnull(cache_1h, 0)
FROM requests WHERE time_ns >= ? AND time_ns <= ? AND witnesses = {EVENT}
    AND ifnull(cache_read, 0) IN (SELECT value FROM json_each(?))
"""
ALONE = f"""
SELECT r.time_ns, r.key, r.session, r.request, r.input, r.output, r.cache_read, r.cache_5m + r.cache_1h, ifnull(s.flags, 0)
FROM requests r INDEXED BY requests_by_transcript LEFT JOIN seen s ON s.hour = r.time_ns / {HOUR_NS} AND s.key = r.key
WHERE r.witnesses = {TRANSCRIPT} AND (r.time_ns, r.key) > (?, ?) AND r.time_ns <= ? ORDER BY r.time_ns, r.key LIMIT {MOST}
"""
IS_EVENT = "SELECT 1 FROM quarters WHERE quarter >= ? AND quarter <= ? AND requests > both + unseen LIMIT 1"
LAST_KEY = (1 << 63) - 1
BOTH = f"UPDATE requests SET witnesses = {EVENT | TRANSCRIPT} WHERE time_ns = ? AND key = ?"
GO = f"DELETE FROM requests WHERE time_ns = ? AND key = ? AND witnesses = {TRANSCRIPT}"
JOINED = "UPDATE seen SET time_ns = ?, request = ? WHERE hour = ? AND key = ?"

OWED = "UPDATE metered SET owed = 1 WHERE session = ?"
"""Its requests came to what the metric counts with an estimate: it may be more than what the event says."""


def spans(quarters: Iterable[int], around_ns: int) -> Iterator[tuple[int, int]]:
    """Yield the times (ns) of *quarters* that follow one another, and so much around each; none overlaps another."""
    begin = end = None
    for quarter in sorted(quarters):
        since, until = quarter * QUARTER_NS - around_ns, (quarter + 1) * QUARTER_NS - 1 + around_ns
        if begin is not None and end is not None and since > end + 1:
            yield begin, end
            begin = None
        begin, end = since if begin is None else begin, until
    if begin is not None and end is not None:
        yield begin, end


def join_events(connection: sqlite3.Connection, quarters: Iterable[int]) -> set[int]:
    """
    Hold the events of *quarters*, of which some are new, against what transcripts told alone, in the transaction that is open.

    Returns:
        The quarters that are to be added up anew.
    """
    changed: set[int] = set()
    for since, until in spans(quarters, APART_NS):
        for alone in _alone(connection, since, until):
            joined = agreed(connection, alone)
            connection.executemany(GO, [(one.time_ns, one.key) for one, _ in joined])
            connection.executemany(JOINED, [(event.time_ns, event.key, one.time_ns // HOUR_NS, one.key) for one, event in joined])
            connection.executemany(OWED, {(one.session,) for one, _ in joined})
            changed |= {told.time_ns // QUARTER_NS for pair in joined for told in pair}
    return changed


def _alone(connection: sqlite3.Connection, since: int, until: int) -> Iterator[list[Told]]:
    """Yield what transcripts alone told from *since* to *until* (ns), in the order of time, a part at a time."""
    behind = since - 1, LAST_KEY
    while rows := connection.execute(ALONE, (*behind, until)).fetchall():
        yield [Told._make((row[1], row[0], *row[2:8], bool(row[8] & COPIED), bool(row[8] & PARTIAL))) for row in rows]
        behind = rows[-1][:2]


def is_any_event(connection: sqlite3.Connection, first_ns: int, last_ns: int) -> bool:
    """Say whether there may be an event of that time of which no transcript told; of those that are added up."""
    ends = (first_ns - APART_NS) // QUARTER_NS, (last_ns + APART_NS) // QUARTER_NS
    return connection.execute(IS_EVENT, ends).fetchone() is not None


def agreed(connection: sqlite3.Connection, transcripts: Sequence[Told]) -> list[tuple[Told, Told]]:
    """
    Return (transcript, event) for each of *transcripts* of which an event tells that no transcript told of yet.

    Those events are marked as seen by both, in the transaction that is open; what becomes of the transcript is the caller's.
    """
    found = []
    for some in _near(sorted(transcripts, key=lambda one: one.time_ns)):
        ends = some[0].time_ns - APART_NS, some[-1].time_ns + APART_NS
        rows = connection.execute(EVENTS, (*ends, json.dumps(list({one.cache_read for one in some})))).fetchall()
        if rows:
            joined = pairs(some, [Told(row[1], row[0], *row[2:]) for row in rows])
            connection.executemany(BOTH, [(event.time_ns, event.key) for _, event in joined])
            found += joined
    return found


def _near(transcripts: Sequence[Told]) -> Iterator[list[Told]]:
    """Yield *transcripts*, in the order of time, in parts of which no two can agree with one event: where there are gaps."""
    part = list(transcripts[:1])
    for one, other in pairwise(transcripts):
        if other.time_ns - one.time_ns > 2 * APART_NS or other.time_ns - part[0].time_ns > LONGEST_NS or len(part) >= MOST:
            yield part
            part = []
        part.append(other)
    if part:
        yield part
