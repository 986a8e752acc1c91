"""
Questions to the ledger: what was used, by whatever a request is known by.

The problem it owns: an answer over years must cost as much as its size, not as much as all requests. So it is added up
from quarters of an hour; only where a border cuts one, its requests are read. SQLite adds up by attribute set and session, and
what those are called is looked up once for each.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger.names import PULL_REQUEST, SESSION, Name, Names
from cclaunch.store.ledger.periods import LABELS, Period, periods
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.ledger.sums import Question, Row, sums
from cclaunch.store.spending import Group

NO_DAY = date.min
"""The day of a question that is not asked by times."""


def extent(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Return when the first request was and one nanosecond after the last (ns since the epoch), or None without any."""
    # Apart: of one of them SQLite looks into the index, for both together it reads all rows.
    first, last = connection.execute("SELECT (SELECT min(time_ns) FROM requests), (SELECT max(time_ns) FROM requests)").fetchone()
    return None if first is None else (first, last + 1)


def groups(
    connection: sqlite3.Connection,
    since: int | None,
    until: int | None,
    by: Sequence[str],
    where: Where,
    week_start: int = 0,
) -> list[Group]:
    """
    Return what was used between *since* and *until* (ns) where *where* holds: one group for equal values of *by*.

    Args:
        week_start: The number of the weekday on which weeks begin, 0 for Monday.
    """
    found = extent(connection)
    if found is None:
        return []
    first, last = found[0] // QUARTER_NS * QUARTER_NS, -(-found[1] // QUARTER_NS) * QUARTER_NS  # no quarter is cut at the ends
    begin, end = max(first, since or first), min(last, until or last)
    question = _question(connection, by, where)
    timed = [key for key in dict.fromkeys((*question.keys, *question.wanted)) if key in LABELS]
    labels: list[tuple[str, ...]] = []
    spans = []
    for period in periods(begin, end, timed, week_start) if timed else [Period(NO_DAY, begin, end)]:
        label = tuple(LABELS[key](period, week_start) for key in timed)
        if all(one in question.wanted.get(key, (one,)) for key, one in zip(timed, label, strict=True)):
            labels.append(tuple(one for key, one in zip(timed, label, strict=True) if key in question.keys))
            spans.append(period)
    rows = list(sums(connection, spans, question))
    names = Names(connection, [key for key in question.keys if key not in LABELS], question.wanted)
    names.learn({row[1] for row in rows} if question.sets else (), {row[2] for row in rows} if question.sessions else ())
    alike: dict[tuple[tuple[str, ...], Name], list[Row]] = {}
    for row in rows:
        if (name := names.of(row[1], row[2], row[3])) is not None:
            alike.setdefault((labels[row[0]], name), []).append(row)
    named = {name: names.values(name) for _, name in alike}
    parts = [*(key for key in timed if key in question.keys), *(key for key in question.keys if key not in LABELS)]
    order = [parts.index(key) for key in question.keys]
    return [_group(_in_order((*label, *named[name]), order), many) for (label, name), many in alike.items()]


def _in_order(values: Sequence[Any], order: Sequence[int]) -> tuple[Any, ...]:
    return tuple([values[number] for number in order])


def _group(values: tuple[Any, ...], rows: Sequence[Row]) -> Group:
    """Return the group that *rows* of sums make; what was written to the cache is one figure of it."""
    _, _, _, _, quarters, *columns = zip(*rows, strict=True)
    *figures, short, long, estimated, unpriced = map(sum, columns)
    return Group(values, (*figures, short + long), max(quarters) * QUARTER_NS, estimated, unpriced)


def _question(connection: sqlite3.Connection, by: Sequence[str], where: Where) -> Question:
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    keys = [canonical(key) for key in by]
    only = None
    if SESSION in wanted:
        marks = ", ".join("?" * len(wanted[SESSION]))
        rows = connection.execute(f"SELECT id FROM sessions WHERE name IN ({marks})", wanted[SESSION])
        only = [row[0] for row in rows] + ([NOBODY] if "" in wanted[SESSION] else [])
    sets = any(key != SESSION and key not in LABELS for key in (*keys, *wanted))
    pulled = PULL_REQUEST in (*keys, *wanted) and _is_any_pulled(connection)
    if pulled and PULL_REQUEST in wanted:
        only = _of_pull_requests(connection, wanted[PULL_REQUEST], only)
    return Question(keys, wanted, sets, SESSION in keys, only, pulled)


def _of_pull_requests(connection: sqlite3.Connection, names: Sequence[str], only: list[int] | None) -> list[int] | None:
    """Return the sessions that need be looked at, of *only* some: to ask each quarter of an hour for its name is dear."""
    from cclaunch.store.ledger.pull_requests import sessions_of

    found = sessions_of(connection, names)
    return only if found is None else found if only is None else sorted({*only} & {*found})


def _is_any_pulled(connection: sqlite3.Connection) -> bool:
    from cclaunch.store.ledger.pull_requests import is_any  # only for who asks by them

    return is_any(connection)


def missing(connection: sqlite3.Connection, keys: Sequence[str]) -> list[str]:
    """Return those of *keys* that no request ever had."""
    from cclaunch.store.ledger.names import was_sent

    missing = [key for key in keys if not was_sent(connection, canonical(key))]
    return [key for key in missing if key != PULL_REQUEST or not _is_any_pulled(connection)]


def names(connection: sqlite3.Connection) -> set[str]:
    """Return every key that a request can be asked by."""
    import json

    found = {key for row in connection.execute("SELECT attributes FROM sets") for key in json.loads(row[0])}
    return found | {PULL_REQUEST} if _is_any_pulled(connection) else found


class Times(NamedTuple):
    """The first and the last request of a session (ns since the epoch)."""

    first_ns: int
    last_ns: int


def times(
    connection: sqlite3.Connection, since: int | None, until: int | None, only: Collection[int] | None = None, asked: str = ""
) -> Mapping[str | None, Times]:
    """
    Return session -> its first and last request between *since* and *until* (ns); under None, of all that name no session.

    *only*: the ids of the sessions that are asked for; None: all. *asked*: a condition of requests (`named.condition`).
    """
    found = extent(connection)
    if found is None:
        return {}
    ends = max(found[0], since or found[0]), min(found[1], until or found[1])
    wanted = "" if only is None else f" AND ifnull(session, {NOBODY}) IN ({', '.join(map(str, only))})"
    wanted += f" AND {asked}" if asked else ""
    query = f"SELECT session, min(time_ns), max(time_ns) FROM requests WHERE time_ns >= ? AND time_ns < ?{wanted} GROUP BY 1"
    rows = connection.execute(query, ends).fetchall()
    few = "" if only is None else f" WHERE id IN ({', '.join(map(str, only))})"
    names = dict(connection.execute(f"SELECT id, name FROM sessions{few}"))
    return {names.get(session): Times(first, last) for session, first, last in rows}
