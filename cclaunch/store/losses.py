"""
What was lost on the way: the cost that claude's own metric counted and no event brought.

Metrics are cumulative where a launch composes the environment, so a later export heals an earlier loss; an event
that was not delivered is gone. Only whole sessions are compared, and with a filter only those that lie in it as a
whole: a loss has no attributes of its own.
"""

import json
import sqlite3

from cclaunch.store.filters import Where, canonical, matches, wanted_of
from cclaunch.store.ledger.names import PULL_REQUEST
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.ledger.schema import QUARTER_NS, ROUNDING

EVENTS_ONLY = ("event.name", "prompt.id", "request_id", PULL_REQUEST)
"""Keys that no metric has: a filter by one of them says nothing of what was lost."""

FOREVER = (1 << 63) - 1
OPEN = "SELECT session FROM metered WHERE owed AND last_ns >= ? AND last_ns < ?"
SPENT = f"""
WITH open (session, micros, first_ns, last_ns) AS (
    SELECT session, sum(micros), min(first_ns), max(last_ns) FROM metered WHERE session IN ({OPEN}) GROUP BY session
)
SELECT m.session, m.micros - ifnull(q.micros, 0) AS missing, ifnull(q.requests, 0) FROM open m LEFT JOIN (
    SELECT session, sum(requests) AS requests, sum(micros) AS micros FROM quarters
    WHERE quarter >= (SELECT min(first_ns) FROM open) / {QUARTER_NS} AND session IN (SELECT session FROM open) GROUP BY session
) q ON q.session = m.session
WHERE m.last_ns >= ? AND m.last_ns < ? AND m.micros > ifnull(q.micros, 0)
"""
"""Of the sessions that catch-up has not found to be whole: few, and those that still run."""


def lost_usd_micros(connection: sqlite3.Connection, since: int | None, until: int | None, where: Where | None = None) -> int:
    """
    Return how many micro-dollars the cost metric counted beyond the requests of the ledger.

    Only whole sessions are compared: those whose last point lies in the range, all of whose requests meet *where*. Events
    arrive before metrics, so a session that is still running shows nothing; half a micro-dollar a request is rounding.
    """
    begin, end = since or 0, FOREVER if until is None else until
    rows = connection.execute(SPENT, (begin, end) * 2).fetchall()
    lossy = {session: missing for session, missing, requests in rows if missing > ROUNDING + requests}
    if not lossy or not where:
        return sum(lossy.values())
    if any(canonical(key) in (*LABELS, *EVENTS_ONLY) for key in where):
        return 0
    return sum(missing for session, missing in lossy.items() if _lies_in(connection, session, where))


def _lies_in(connection: sqlite3.Connection, session: int, where: Where) -> bool:
    """Say whether all that is known of *session*, the series of its cost and its requests, meets *where*."""
    query = (
        'SELECT attributes FROM sets WHERE id IN (SELECT "set" FROM metered WHERE session = ?1'
        ' UNION SELECT "set" FROM quarters WHERE session = ?1)'
    )
    name = connection.execute("SELECT name FROM sessions WHERE id = ?", (session,)).fetchone()[0]
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    for row in connection.execute(query, (session,)):
        attributes = {**json.loads(row[0]), "session.id": name}
        if not all(matches(attributes.get(key), values) for key, values in wanted.items()):
            return False
    return True
