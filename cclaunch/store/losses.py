"""
What was lost on the way: the cost that claude's own metric counted and no event brought.

Metrics are cumulative where a launch composes the environment, so a later export heals an earlier loss; an event
that was not delivered is gone. Only whole sessions are compared, and with a filter only those that lie in it as a
whole: a loss has no attributes of its own.
"""

import json
import sqlite3
from typing import Any

from cclaunch.store.filters import Where, canonical, conditions, matches, wanted_of
from cclaunch.store.retention import COUNTED
from cclaunch.store.rows import CUMULATIVE

COST = "claude_code.cost.usage"

TOTALS = f"""
SELECT s.id AS id, CASE WHEN s.temporality = {CUMULATIVE} THEN
    (SELECT sum(top) FROM (SELECT max(value) AS top FROM points WHERE series = s.id GROUP BY start_ns))
ELSE (SELECT sum(value) FROM points WHERE series = s.id) END AS value
FROM series s
"""
"""The value of a series: the sum of a delta one's points; of a cumulative one, its highest since each start."""

EVENTS_ONLY = ("day", "event.name", "prompt.id", "request_id")
"""Keys that no metric has: a filter by one of them says nothing of what was lost."""


def lost_usd_micros(connection: sqlite3.Connection, since: int | None, until: int | None, where: Where | None = None) -> int:
    """Return how many micro-dollars the cost metric counted beyond the events of this store."""
    return sum(lost_by_session(connection, since, until, where).values())


def lost_by_session(
    connection: sqlite3.Connection, since: int | None, until: int | None, where: Where | None = None
) -> dict[str, int]:
    """
    Return session -> how many micro-dollars the cost metric counted beyond the events.

    Only whole sessions are compared: those whose last point lies in the range, and none of whose days is folded; all of
    whose series and requests meet *where*. Events arrive before metrics, so a session that is still running shows
    nothing; half a micro-dollar a request is rounding.
    """
    rows = connection.execute(
        f"""
        WITH spent AS (
            SELECT s.session_id AS session, sum(t.value) * 1000000 AS micros, max(s.last_ns) AS last_ns,
                min((SELECT min(start_ns) FROM points WHERE series = s.id)) AS first_ns
            FROM ({TOTALS}) t JOIN series s ON s.id = t.id
            WHERE s.name = '{COST}' AND s.check_nonce IS NULL AND s.session_id IS NOT NULL
            GROUP BY s.session_id),
        seen AS (
            SELECT session_id AS session, count(*) AS requests, sum(cost_usd_micros) AS micros
            FROM (SELECT *, min(id) FROM events WHERE {COUNTED} GROUP BY coalesce(request_id, hex(key))) GROUP BY session_id)
        SELECT spent.session AS session, spent.micros - coalesce(seen.micros, 0) AS missing,
            coalesce(seen.requests, 0) AS requests
        FROM spent LEFT JOIN seen ON seen.session = spent.session
        WHERE spent.last_ns >= ? AND spent.last_ns < ?
            AND first_ns >= coalesce((SELECT unixepoch(max(day), '+1 day', 'utc') * 1000000000 FROM daily), 0)
        """,
        (since if since is not None else 0, until if until is not None else (1 << 63) - 1),
    )
    lossy = [row for row in rows if row["missing"] > 1 + row["requests"]]
    return {row["session"]: round(row["missing"]) for row in lossy if not where or _lies_in(connection, row["session"], where)}


def _lies_in(connection: sqlite3.Connection, session: str, where: Where) -> bool:
    """Say whether all that is known of *session*, the series of its cost and its requests, meets *where*."""
    if any(canonical(key) in EVENTS_ONLY for key in where):
        return False
    query = "SELECT attributes FROM series WHERE name = ? AND session_id = ? AND check_nonce IS NULL"
    for row in connection.execute(query, (COST, session)):
        attributes: dict[str, Any] = json.loads(row["attributes"])
        if not all(matches(attributes.get(canonical(key)), wanted_of(key, given)) for key, given in where.items()):
            return False
    condition, values = conditions(where)
    outside = f"SELECT 1 FROM events WHERE {COUNTED} AND session_id = ? AND ({condition}) IS NOT TRUE LIMIT 1"
    return connection.execute(outside, [session, *values]).fetchone() is None
