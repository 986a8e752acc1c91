"""
Who saw what: requests by the witnesses that told of them, and what is known of those that only a transcript saw.

The problem it owns: how much was captured is asked with every answer, so it is added up from quarters of an hour; only of what a
transcript saw alone rows are read, by an index that holds nothing else.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from cclaunch.store.ledger.forget_transcripts import forgotten_until
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.request import SURE, TRANSCRIPT
from cclaunch.store.ledger.schema import HOUR_NS, NOBODY, QUARTER_NS, ROUNDING
from cclaunch.store.ledger.seen import PARTIAL
from cclaunch.store.ledger.witnessed import HOST

LAST_NS = ((1 << 63) - 1) // QUARTER_NS * QUARTER_NS

IS_ELSEWHERE = f"""attributes ->> '$."{HOST}"' IS NOT NULL"""
ELSEWHERE = f"SELECT id FROM sets WHERE {IS_ELSEWHERE}"
"""The sets of what another machine's transcripts told: whether telemetry told of it, too, is not known here."""

SETS = f"SELECT id, attributes ->> '$.query_source', {IS_ELSEWHERE} FROM sets"
COUNTS = 'SELECT session, "set", sum(requests - both - unseen), sum(both), sum(unseen) FROM ({source}) GROUP BY session, "set"'
QUARTERS = 'SELECT session, "set", requests, both, unseen FROM quarters WHERE quarter >= ? AND quarter < ?'
REQUESTS = (
    f'SELECT ifnull(session, {NOBODY}) AS session, "set", 1 AS requests, {SURE["both"]} AS both, {SURE["unseen"]} AS unseen'
    " FROM requests WHERE time_ns >= ? AND time_ns < ?"
)
FIRST_QUARTER = "SELECT quarter FROM quarters WHERE requests > unseen ORDER BY quarter LIMIT 1"
FIRST_EVENT = f"SELECT min(time_ns) FROM requests WHERE time_ns >= ? AND time_ns < ? AND witnesses <> {TRANSCRIPT}"
ENDS = "SELECT session, min(quarter), max(quarter) FROM quarters WHERE requests > unseen AND session IN ({}) GROUP BY session"
END = f"SELECT {{}}(time_ns) FROM requests WHERE time_ns >= ? AND time_ns < ? AND session = ? AND witnesses <> {TRANSCRIPT}"
ALONE = f"""
WITH events (session, first, last) AS (SELECT CAST(key AS INTEGER), value ->> 0, value ->> 1 FROM json_each(?3))
SELECT ifnull(r.session, {NOBODY}),
    CASE WHEN s.flags & {PARTIAL} THEN 0 WHEN e.first IS NULL THEN 1
        WHEN r.time_ns < e.first THEN 2 WHEN r.time_ns > e.last THEN 3 ELSE 4 END,
    count(*), ifnull(sum(r.micros), 0), sum({SURE["unpriced"]})
FROM requests r INDEXED BY requests_by_transcript
LEFT JOIN seen s ON s.hour = r.time_ns / {HOUR_NS} AND s.key = r.key LEFT JOIN events e ON e.session = r.session
WHERE r.witnesses = {TRANSCRIPT} AND r.time_ns >= ?1 AND r.time_ns < ?2 AND r."set" NOT IN ({ELSEWHERE}) GROUP BY 1, 2
"""
METERED = "SELECT session, sum(micros) FROM metered WHERE session IN (SELECT value FROM json_each(?)) GROUP BY session"
SPENT = (
    "SELECT session, sum(micros - estimated), sum(estimated), sum(requests) FROM quarters"
    " WHERE session IN (SELECT value FROM json_each(?)) GROUP BY session"
)
HISTORY = f"""
SELECT (SELECT ifnull(sum(unseen), 0) FROM quarters WHERE quarter < ?1 / {QUARTER_NS} OR "set" IN ({ELSEWHERE}))
    + (SELECT count(*) FROM requests INDEXED BY requests_by_transcript WHERE witnesses = {TRANSCRIPT}
        AND time_ns >= ?1 / {QUARTER_NS} * {QUARTER_NS} AND time_ns < ?1 AND "set" NOT IN ({ELSEWHERE}))
"""
"""Of other machines what is told of this time is history, too."""


class Why(IntEnum):
    """What is known of a request that only a transcript saw."""

    INTERRUPTED = 0
    """Its answer has no end."""
    NO_EVENT = 1
    """Its session has no event at all."""
    BEFORE_THE_FIRST = 2
    """It is earlier than the first event of its session."""
    AFTER_THE_LAST = 3
    """It is later than the last event of its session."""
    BETWEEN = 4
    """Its session has earlier events and later ones."""
    METERED = 5
    """Claude's own metric counts all that the events of its session lack: it was told, and nobody heard."""


OPEN = (Why.NO_EVENT, Why.BEFORE_THE_FIRST, Why.AFTER_THE_LAST, Why.BETWEEN)
"""What has several explanations, until a metric tells which."""


class Counted(NamedTuple):
    """
    Requests of a session (None: they name none) with the same ``query_source`` (None: it is not said).

    *event*, *both*, *transcript*: how many were seen by telemetry alone, by both, by a transcript alone.
    """

    session: str | None
    source: str | None
    event: int
    both: int
    transcript: int


class Alone(NamedTuple):
    """*requests* of a session that only transcripts saw, and *why*; what they are estimated at, and how many have no price."""

    session: str | None
    why: Why
    requests: int
    micros: int
    unpriced: int


def first_event(connection: sqlite3.Connection) -> int | None:
    """Return when the first event was that the ledger knows (ns); None without any."""
    if not has_transcripts(connection):
        return _one(connection, "SELECT min(time_ns) FROM requests")
    quarter = _one(connection, FIRST_QUARTER)
    return None if quarter is None else _one(connection, FIRST_EVENT, quarter * QUARTER_NS, (quarter + 1) * QUARTER_NS)


def _one(connection: sqlite3.Connection, query: str, *values: int) -> int | None:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def begin_of(connection: sqlite3.Connection) -> int | None:
    """Return from when on both witnesses may have seen a request (ns): the first event, or when transcripts were forgotten."""
    first = first_event(connection)
    return None if first is None else max(first, forgotten_until(connection))


def counts(connection: sqlite3.Connection, since: int, until: int) -> Iterator[Counted]:
    """Yield who saw the requests between *since* and *until* (ns), but for those of other machines; a session may come twice."""
    if not has_transcripts(connection):
        return
    names = _names(connection)
    sources, elsewhere = {}, set()
    for id, source, is_elsewhere in connection.execute(SETS):
        sources[id] = source
        if is_elsewhere:
            elsewhere.add(id)
    first, last = -(-since // QUARTER_NS), until // QUARTER_NS
    parts = [(REQUESTS, since, min(until, first * QUARTER_NS)), (QUARTERS, first, last), (REQUESTS, last * QUARTER_NS, until)]
    if first > last:
        parts = [(REQUESTS, since, until)]
    for source, begin, end in parts:
        if begin < end:
            for session, id, *figures in connection.execute(COUNTS.format(source=source), (begin, end)):
                if id not in elsewhere:
                    yield Counted(names[session], sources[id], *figures)


def _names(connection: sqlite3.Connection) -> Mapping[int, str | None]:
    return {NOBODY: None, **dict(connection.execute("SELECT id, name FROM sessions"))}


def alone(connection: sqlite3.Connection, since: int, until: int) -> Iterator[Alone]:
    """Yield what is known of the requests between *since* and *until* (ns) that only transcripts saw."""
    if not has_transcripts(connection):
        return
    names = _names(connection)
    rows = connection.execute(ALONE, (since, until, json.dumps(_events(connection, since, until)))).fetchall()
    metered = _metered(connection, rows)
    for session, why, *figures in rows:
        told = Why.METERED if session in metered and why in OPEN else Why(why)
        yield Alone(names[session], told, *figures)


def _events(connection: sqlite3.Connection, since: int, until: int) -> Mapping[int, tuple[int, int]]:
    """Return session -> when its first and its last event were, of those of which a transcript alone saw something then."""
    ends = since // QUARTER_NS, until // QUARTER_NS
    concerned = f"SELECT session FROM quarters WHERE quarter >= ? AND quarter <= ? AND unseen AND session <> {NOBODY}"
    found = {}
    for session, *quarters in connection.execute(ENDS.format(concerned), ends).fetchall():
        times = [
            _one(connection, END.format(which), quarter * QUARTER_NS, (quarter + 1) * QUARTER_NS, session)
            for which, quarter in zip(("min", "max"), quarters, strict=True)
        ]
        if times[0] is not None and times[1] is not None:
            found[session] = (times[0], times[1])
    return found


def _metered(connection: sqlite3.Connection, rows: Sequence[tuple[int, int, int, int, int]]) -> set[int]:
    """
    Return the sessions whose metric counts all that transcripts alone tell of them, beside what the events tell.

    Then telemetry was on all the time, and what no event told was lost on its way. *rows*: as `ALONE` has them. A metric
    may count what was interrupted, or not: it has to count that, too, or nothing is said.
    """
    asked = json.dumps(sorted({row[0] for row in rows if row[1] in OPEN}))
    metered = dict(connection.execute(METERED, (asked,)).fetchall())
    if not metered:
        return set()
    return {
        session
        for session, events, estimated, requests in connection.execute(SPENT, (asked,))
        if session in metered and 0 < estimated <= metered[session] - events + ROUNDING + requests
    }


def with_transcripts(connection: sqlite3.Connection) -> set[str | None]:
    """Return the sessions of which a transcript told anything, ever."""
    if not has_transcripts(connection):
        return set()
    names = _names(connection)
    return {names[row[0]] for row in connection.execute("SELECT DISTINCT session FROM quarters WHERE both OR unseen")}


def history(connection: sqlite3.Connection, before: int | None) -> int:
    """Return how many requests *before* that moment (ns; None: all), or on other machines, only transcripts saw."""
    if not has_transcripts(connection):
        return 0
    return _one(connection, HISTORY, LAST_NS if before is None else before) or 0


def left_out(connection: sqlite3.Connection) -> dict[str, int]:
    """Return reason -> how many lines of transcripts, and files, were left out."""
    found: Counter[str] = Counter()
    if has_transcripts(connection):
        for (text,) in connection.execute("SELECT left_out FROM files WHERE left_out <> '{}'"):
            found.update(json.loads(text))
    return dict(sorted(found.items()))


class WhoSaw(NamedTuple):
    """
    All that is known of who saw what, for one answer.

    Attributes:
        since: From when on (ns); None where there is no event.
        until: Up to when (ns); not later than *since* where there is nothing to compare yet.
        counts, alone: Of the requests between both.
        transcripts: The sessions of which a transcript told anything, ever.
        history: How many requests from before the first event, or from other machines, only transcripts saw.
        left: Reason -> how many lines of transcripts, and files, were left out.
    """

    since: int | None
    until: int
    counts: list[Counted]
    alone: list[Alone]
    transcripts: set[str | None]
    history: int
    left: dict[str, int]


def who_saw(connection: sqlite3.Connection, since: int | None, until: int) -> WhoSaw:
    """
    Return who saw the requests between *since* and *until* (ns).

    Args:
        connection: The ledger's.
        since: Never earlier than the first event; None: from that on.
        until: What is later may be in neither yet: events are on their way, and transcripts not read.
    """
    first = begin_of(connection)
    told = history(connection, first)
    begin = None if first is None else max(first, since or first)
    counted = [] if begin is None else list(counts(connection, begin, until))
    unseen = [] if begin is None else list(alone(connection, begin, until))
    return WhoSaw(begin, until, counted, unseen, with_transcripts(connection), told, left_out(connection))
