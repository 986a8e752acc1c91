"""
Sessions by the page: which come first, by when they were last heard of or by what they used, without a look at each.

The problem it owns: who looks at eight sessions of ten thousand must not wait for the others. All are put in order by sums of
quarters of an hour; only where that does not decide, and for those of the page, requests are read.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger import reading
from cclaunch.store.ledger.named import FUNCTION, Known
from cclaunch.store.ledger.names import SESSION
from cclaunch.store.ledger.periods import LABELS
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
    f" WHERE time_ns >= ? AND time_ns < ? AND ifnull(session, {NOBODY}) IN ({{}}) GROUP BY 1"
)


class SessionPage(NamedTuple):
    """The sessions of a page, in order, with their *times*; and how many there are in the *whole*."""

    times: Mapping[str | None, Times]
    whole: int


class _Place(NamedTuple):
    """Where a *session* comes as far as sums say it, less first: by *measure*, by *age*; and the *quarters* of its ends."""

    measure: int
    age: int
    session: int
    quarters: tuple[int, int]


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
    places = sorted(_places(connection, known, begin, end, where, sort))
    shown = places[offset : offset + limit]
    if not shown:
        return SessionPage({}, len(places))
    first = next(number for number, one in enumerate(places) if one[:2] == shown[0][:2])
    near = [one for one in places[first:] if one[:2] <= shown[-1][:2]]  # with those of which sums do not say who is first
    quarters = {one.session: one.quarters for one in near}
    times, names = times_of(connection, quarters, begin, end), names_of(connection, quarters)
    order = sorted((one.measure, -times[one.session].last_ns, names[one.session] or "", one.session) for one in near)
    chosen = [session for *_, session in order[offset - first :][:limit]]
    return SessionPage({names[session]: times[session] for session in chosen}, len(places))


def _places(connection: sqlite3.Connection, known: Known, begin: int, end: int, where: Where, sort: str | None) -> list[_Place]:
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    sets = {key: values for key, values in wanted.items() if key != SESSION and key not in LABELS}
    measure, asked = MEASURES.get(sort or "", ""), "TRUE"
    if sets:
        known.called(connection, (), sets).register(connection)
        asked = f'{FUNCTION}("set") IS NOT NULL'
    query, ends = _rows(begin, end)
    sums = f"-sum(iif({asked}, {measure}, 0))" if measure else "0"
    only = "" if SESSION not in wanted else f" WHERE session IN ({', '.join(map(str, _ids(connection, wanted[SESSION])))})"
    whole = f"SELECT {sums}, session, min(quarter), max(quarter) FROM ({query}){only} GROUP BY session HAVING max({asked})"
    return [_Place(measure, -last, session, (first, last)) for measure, session, first, last in connection.execute(whole, ends)]


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


def _ids(connection: sqlite3.Connection, names: Sequence[str]) -> list[int]:
    marks = ", ".join("?" * len(names))
    found = [row[0] for row in connection.execute(f"SELECT id FROM sessions WHERE name IN ({marks})", names)]
    return [*found, NOBODY] if "" in names else found


def times_of(connection: sqlite3.Connection, sessions: Mapping[int, tuple[int, int]], begin: int, end: int) -> dict[int, Times]:
    """
    Return session -> its first and last request between *begin* and *end* (ns).

    *sessions*: their ids, each with its first and its last quarter of an hour in that time; nothing else is read.
    """
    wanted: dict[int, set[int]] = {}
    for session, quarters in sessions.items():
        for quarter in quarters:
            wanted.setdefault(quarter, set()).add(session)
    found: dict[int, Times] = {}
    for quarter, some in wanted.items():
        ends = max(begin, quarter * QUARTER_NS), min(end, (quarter + 1) * QUARTER_NS)
        for session, first, last in connection.execute(ENDS.format(", ".join(map(str, some))), ends):
            before = found.get(session, Times(first, last))
            found[session] = Times(min(before.first_ns, first), max(before.last_ns, last))
    return found


def names_of(connection: sqlite3.Connection, sessions: Iterable[int]) -> dict[int, str | None]:
    """Return what *sessions* are called, by their ids."""
    ids = ", ".join(map(str, sessions))
    return {NOBODY: None, **dict(connection.execute(f"SELECT id, name FROM sessions WHERE id IN ({ids})"))}
