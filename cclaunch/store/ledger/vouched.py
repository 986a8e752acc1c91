"""
Who saw what, by session, added up where it lies: what a page asks every few seconds, of all that was ever captured.

The problem it owns: `witnesses.who_saw` hands out a row for each session and set, and over a year those are many. Which sets
count, and which of them a transcript can hold, is worked out once (`named.Known`), and SQLite adds up.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cclaunch.store.ledger.named import FUNCTION, Called, Known
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.reading import Times
from cclaunch.store.ledger.request import SURE
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.ledger.session_pages import names_of, times_of
from cclaunch.store.ledger.witnesses import SETS, Alone, alone, begin_of, history, left_out

EXPECTED, HELD = 0, 1
"""What `named` says of a set: that no transcript ever holds it, or that one can; nothing of another machine's."""

QUARTERS = 'SELECT session, "set", quarter, requests, both, unseen FROM quarters WHERE quarter >= ? AND quarter < ?'
REQUESTS = (
    f'SELECT ifnull(session, {NOBODY}) AS session, "set", time_ns / {QUARTER_NS} AS quarter, 1 AS requests,'
    f" {SURE['both']} AS both, {SURE['unseen']} AS unseen FROM requests WHERE time_ns >= ? AND time_ns < ?"
)
HAS_TRANSCRIPTS = "SELECT session FROM quarters WHERE both OR unseen"
IS_MISSED = f'requests > both + unseen AND {FUNCTION}("set") = {HELD} AND session IN ({HAS_TRANSCRIPTS})'
"""What is known at once goes first: mostly both saw all of it, and nothing has to be looked up."""

SUMS = f"""
SELECT {{session}}, min(quarter), max(quarter), sum(both), sum(iif({IS_MISSED}, requests - both - unseen, 0)),
    sum(requests - both - unseen)
FROM ({{rows}}){{only}}{{grouped}}
"""
HERE = f' WHERE {FUNCTION}("set") IS NOT NULL'


class OfSession(NamedTuple):
    """
    A session by its id (None: all of them), and the quarters of its ends.

    *both*: requests that both saw; *missed*: that telemetry alone has, though a transcript can hold them; *event*: with what
    none ever holds.
    """

    session: int | None
    first: int
    last: int
    both: int
    missed: int
    event: int


class Vouched(NamedTuple):
    """As `witnesses.WhoSaw`, the requests by session."""

    since: int | None
    until: int
    sessions: list[OfSession]
    alone: list[Alone]
    history: int
    left: dict[str, int]


def vouched(
    connection: sqlite3.Connection,
    known: Known,
    since: int | None,
    until: int,
    held: Callable[[str | None], bool],
    *,
    whole: bool = False,
) -> Vouched:
    """
    Return who saw the requests between *since* (never earlier than the first event) and *until* (ns).

    Args:
        known: What is known of the sets.
        held: Says of a ``query_source`` whether a transcript can hold it.
        whole: All sessions are told as one.
    """
    first = begin_of(connection)
    begin = None if first is None else max(first, since or first)
    told = history(connection, first)
    if begin is None or begin >= until or not has_transcripts(connection):
        return Vouched(begin, until, [], [], told, left_out(connection))
    sets = known.kept(connection, ("held",), lambda: _held(connection, held))
    sets.register(connection)
    parts = [(QUARTERS, -(-begin // QUARTER_NS), until // QUARTER_NS)]
    if parts[0][1] < parts[0][2]:
        around = (begin, parts[0][1] * QUARTER_NS), (parts[0][2] * QUARTER_NS, until)
        parts += [(REQUESTS, *ends) for ends in around if ends[0] < ends[1]]
    else:
        parts = [(REQUESTS, begin, until)]
    asked = {"session": "NULL", "grouped": ""} if whole else {"session": "session", "grouped": " GROUP BY session"}
    only = HERE if len(sets.numbers) < connection.execute("SELECT count(*) FROM sets").fetchone()[0] else ""
    query = SUMS.format(rows=" UNION ALL ".join(part[0] for part in parts), only=only, **asked)
    rows = connection.execute(query, [end for part in parts for end in part[1:]])
    sessions = [one for one in map(OfSession._make, rows) if one[1] is not None]  # of nothing at all there is a row, too
    unseen = list(alone(connection, begin, until))
    return Vouched(begin, until, sessions, unseen, told, left_out(connection))


def _held(connection: sqlite3.Connection, held: Callable[[str | None], bool]) -> Called:
    return Called([], {id: int(held(source)) for id, source, is_elsewhere in connection.execute(SETS) if not is_elsewhere})


def page_of(
    connection: sqlite3.Connection, found: Vouched, chosen: Sequence[OfSession], offset: int, limit: int
) -> Mapping[str | None, tuple[OfSession, Times]]:
    """Return *limit* of the *chosen* sessions of *found*, the newest first, from number *offset* on, with their times."""
    chosen = sorted(chosen, key=lambda one: -one.last)
    shown = chosen[offset : offset + limit]
    if not shown or found.since is None:
        return {}
    before = sum(1 for one in chosen[:offset] if one.last > shown[0].last)
    near = {one.session or 0: one for one in chosen if shown[-1].last <= one.last <= shown[0].last}
    quarters = {id: (one.first, one.last) for id, one in near.items()}
    times, names = times_of(connection, quarters, found.since, found.until), names_of(connection, near)
    order = sorted(near.keys() & times.keys(), key=lambda id: (-times[id].last_ns, names[id] or ""))
    return {names[id]: (near[id], times[id]) for id in order[offset - before :][:limit]}
