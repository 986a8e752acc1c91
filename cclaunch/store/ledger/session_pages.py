"""
Sessions by the page: which come first, by when they were last heard of or by what they used, without a look at each.

The problem it owns: who looks at eight sessions of ten thousand must not wait for the others. All are put in order by sums of
quarters of an hour; only where that does not decide, and for those of the page, requests are read.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger import reading
from cclaunch.store.ledger.named import Known, condition
from cclaunch.store.ledger.names import SESSION
from cclaunch.store.ledger.reading import Times
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS

MEASURES = {"cost": "micros", "requests": "requests", "tokens": "tokens"}
"""Order -> the measure of which there is most in the first session; any other order is by time, the newest first."""

TOKENS = "ifnull(input, 0) + ifnull(output, 0) + ifnull(cache_read, 0) + ifnull(cache_5m, 0) + ifnull(cache_1h, 0)"
ROWS = f"""
SELECT session, "set", quarter, requests, micros, {TOKENS} AS tokens FROM quarters WHERE quarter >= ? AND quarter < ?
"""
CUT = f"""
SELECT ifnull(session, {NOBODY}) AS session, "set", time_ns / {QUARTER_NS} AS quarter, 1 AS requests, ifnull(micros, 0) AS micros,
    {TOKENS} AS tokens FROM requests
WHERE time_ns >= ? AND time_ns < ?
"""


ENDS = (
    f"SELECT ifnull(session, {NOBODY}), min(time_ns), max(time_ns) FROM requests"
    f" WHERE time_ns >= ? AND time_ns < ? AND ifnull(session, {NOBODY}) IN ({{}}){{}} GROUP BY 1"
)


class SessionPage(NamedTuple):
    """The sessions of a page, in order, with their *times*; and how many there are in the *whole*."""

    times: Mapping[str | None, Times]
    whole: int


_Place = tuple[int, int, int, int]
"""
Where a session comes as far as sums say it, less first: by its measure, and by its last quarter of an hour, negative; its id,
and its first quarter. Of thousands it is read as SQLite gives it.
"""


def session_page(
    connection: sqlite3.Connection,
    known: Known,
    since: int | None,
    until: int | None,
    where: Where,
    sort: str | None,
    offset: int,
    limit: int,
) -> SessionPage:
    """Return *limit* sessions from number *offset* on, in the order of `reports.sessions.sessions`; see `reading.groups`."""
    found = reading.extent(connection)
    if found is None:
        return SessionPage({}, 0)
    begin, end = max(found[0], since or found[0]), min(found[1], until or found[1])
    asked = condition(connection, known, where)
    places = _places(connection, begin, end, where, asked, sort)
    shown = places[offset : offset + limit]
    if not shown:
        return SessionPage({}, len(places))
    first = next(number for number, one in enumerate(places) if one[:2] == shown[0][:2])
    near = [one for one in places[first:] if one[:2] <= shown[-1][:2]]  # with those of which sums do not say who is first
    quarters = {session: (first_quarter, -age) for _, age, session, first_quarter in near}
    times, names = times_of(connection, quarters, begin, end, asked), names_of(connection, quarters)
    order = sorted((measure, -times[session].last_ns, names[session] or "", session) for measure, _, session, _ in near)
    chosen = [session for *_, session in order[offset - first :][:limit]]
    return SessionPage({names[session]: times[session] for session in chosen}, len(places))


def _places(connection: sqlite3.Connection, begin: int, end: int, where: Where, asked: str, sort: str | None) -> list[_Place]:
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    parts = [asked] if asked else []
    if SESSION in wanted:
        parts.append(f"session IN ({', '.join(map(str, ids_of(connection, wanted[SESSION])))})")
    query, ends = _rows(begin, end)
    measure = MEASURES.get(sort or "", "")
    sums, only = f"-sum({measure})" if measure else "0", f" WHERE {' AND '.join(parts)}" if parts else ""
    places = f"SELECT {sums}, -max(quarter), session, min(quarter) FROM ({query}){only} GROUP BY session ORDER BY 1, 2, 3"
    return connection.execute(places, ends).fetchall()


def _rows(begin: int, end: int) -> tuple[str, Sequence[int]]:
    """Return the query of all rows between *begin* and *end* (ns), and its parameters."""
    first, last = -(-begin // QUARTER_NS), -(-end // QUARTER_NS)
    if end % QUARTER_NS and first < last:
        last -= 1
    if first >= last:
        return CUT, (begin, end)
    parts, ends = [ROWS], [first, last]
    for since, until in ((begin, first * QUARTER_NS), (last * QUARTER_NS, end)):
        if since < until:
            parts.append(CUT)
            ends += [since, until]
    return " UNION ALL ".join(parts), ends


def ids_of(connection: sqlite3.Connection, names: Collection[str]) -> set[int]:
    """Return the ids of the sessions called *names*; an empty one is that of no session."""
    query = "SELECT id FROM sessions WHERE name IN (SELECT value FROM json_each(?))"
    found = {row[0] for row in connection.execute(query, (json.dumps(list(names)),))}
    return found | {NOBODY} if "" in names else found


def times_of(
    connection: sqlite3.Connection, sessions: Mapping[int, tuple[int, int]], begin: int, end: int, asked: str = ""
) -> dict[int, Times]:
    """
    Return session -> its first and last request between *begin* and *end* (ns) of those that are *asked* for (a condition).

    *sessions*: their ids, each with its first and its last quarter of an hour in that time; nothing else is read.
    """
    only = f" AND {asked}" if asked else ""
    wanted: dict[int, set[int]] = {}
    for session, quarters in sessions.items():
        for quarter in quarters:
            wanted.setdefault(quarter, set()).add(session)
    found: dict[int, Times] = {}
    for quarter, some in wanted.items():
        ends = max(begin, quarter * QUARTER_NS), min(end, (quarter + 1) * QUARTER_NS)
        for session, first, last in connection.execute(ENDS.format(", ".join(map(str, some)), only), ends):
            before = found.get(session, Times(first, last))
            found[session] = Times(min(before.first_ns, first), max(before.last_ns, last))
    return found


def names_of(connection: sqlite3.Connection, sessions: Iterable[int]) -> dict[int, str | None]:
    """Return what *sessions* are called, by their ids."""
    ids = ", ".join(map(str, sessions))
    return {NOBODY: None, **dict(connection.execute(f"SELECT id, name FROM sessions WHERE id IN ({ids})"))}
