"""
What claude's own metric counted, session by session: held against the requests, it tells what was lost on the way.

The problem it owns: adding up the points of all sessions was most of what a question cost. Here only sessions with news are
added up, and the sum stays when the points are long gone.
"""

import json
import sqlite3
import time
from typing import NamedTuple

from cclaunch import otel
from cclaunch.store.ledger import cursors
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import session_id, set_id
from cclaunch.store.ledger.schema import QUARTER_NS, ROUNDING
from cclaunch.store.record_key import number_of
from cclaunch.store.rows import CUMULATIVE

SOURCE = "metered"
OVERLAP_NS = 600 * 1_000_000_000
"""A point may arrive so late, after newer ones of other sessions."""

SERIES = f"""
SELECT s.session_id, s.attributes, s.last_ns, (SELECT min(start_ns) FROM telemetry.points WHERE series = s.id),
    CASE WHEN s.temporality = {CUMULATIVE} THEN
        (SELECT sum(top) FROM (SELECT max(value) AS top FROM telemetry.points WHERE series = s.id GROUP BY start_ns))
    ELSE (SELECT sum(value) FROM telemetry.points WHERE series = s.id) END
FROM telemetry.series s WHERE s.name = '{otel.COST}' AND s.check_nonce IS NULL AND s.session_id IN (
    SELECT session_id FROM telemetry.series WHERE last_ns >= ? AND name = '{otel.COST}' AND check_nonce IS NULL)
"""
"""All series of the sessions with news, and what each counts: of differences the sum, else the highest since each start."""

KEEP = (
    'INSERT INTO metered (session, "set", micros, first_ns, last_ns, owed) VALUES (?, ?, ?, ?, ?, 1)'
    ' ON CONFLICT (session, "set") DO UPDATE SET micros = max(micros, excluded.micros), owed = 1,'
    " first_ns = min(first_ns, excluded.first_ns), last_ns = max(last_ns, excluded.last_ns)"
)

SETTLED_NS = 86_400 * 1_000_000_000
"""A session whose last point is older is not looked at again: what came of its requests is there, or is lost."""

SETTLE = f"""
WITH open (session, micros, first_ns) AS (
    SELECT session, sum(micros), min(first_ns) FROM metered
    WHERE session IN (SELECT session FROM metered WHERE owed AND last_ns >= ?) GROUP BY session
)
UPDATE metered SET owed = 0 WHERE owed AND session IN (
    SELECT o.session FROM open o LEFT JOIN (
        SELECT session, sum(requests) AS requests, sum(micros) AS micros FROM quarters
        WHERE quarter >= (SELECT min(first_ns) FROM open) / {QUARTER_NS} AND session IN (SELECT session FROM open)
        GROUP BY session
    ) q ON q.session = o.session WHERE o.micros <= ifnull(q.micros + q.requests, 0) + {ROUNDING}
)
"""
"""Sessions whose requests come to what the metric counts: only of the others anything may be lost."""


class _Counted(NamedTuple):
    """What the series of a session with the same attributes count together."""

    micros: float
    first_ns: int
    last_ns: int


def take_metered(connection: sqlite3.Connection, *, everything: bool = False) -> None:
    """Bring up to date what the metric counted, from the attached telemetry.db, in a transaction of its own if there is news."""
    newest = cursors.position(connection, SOURCE) or 0
    last = connection.execute("SELECT ifnull(max(last_ns), 0) FROM telemetry.series").fetchone()[0]
    last = min(last, time.time_ns())  # a sender whose clock goes before ours hides nobody else
    if last <= newest and not everything:
        return
    forgotten = {row[0] for row in connection.execute("SELECT session FROM forgotten_sessions")}
    found: dict[tuple[str, str], _Counted] = {}
    for session, attributes, last_ns, first_ns, dollars in connection.execute(
        SERIES, (0 if everything else newest - OVERLAP_NS,)
    ):
        if dollars is not None and number_of(session) not in forgotten:
            mark = session, set_of(json.loads(attributes))
            one = _Counted(dollars * 1_000_000, first_ns, last_ns)
            before = found.get(mark)
            found[mark] = one if before is None else _together(before, one)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        sessions = {name: session_id(connection, name) for name in {session for session, _ in found}}
        sets = {text: set_id(connection, text) for text in {attributes for _, attributes in found}}
        rows = [(sessions[key[0]], sets[key[1]], round(one.micros), one.first_ns, one.last_ns) for key, one in found.items()]
        connection.executemany(KEEP, rows)
        connection.execute(SETTLE, (newest - SETTLED_NS,))
        cursors.move(connection, SOURCE, last)


def _together(one: _Counted, other: _Counted) -> _Counted:
    return _Counted(one.micros + other.micros, min(one.first_ns, other.first_ns), max(one.last_ns, other.last_ns))
