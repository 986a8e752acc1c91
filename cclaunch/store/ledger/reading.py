"""
Questions to the ledger: what was used, by whatever a request is known by.

The problem it owns: an answer over years must cost as much as its size, not as much as all requests. So it is added up
from quarters of an hour; only where a border cuts one, its requests are read. SQLite adds up by attribute set and session, and
what those are called is looked up once for each.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch.store.filters import Where, canonical, matches, wanted_of
from cclaunch.store.ledger.periods import LABELS, Period, periods
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.schema import dump
from cclaunch.store.spending import Group

SESSION = "session.id"
FIGURES = ("micros", "input", "output", "cache_read", "cache_5m", "cache_1h")
FROM_QUARTERS = (
    f'SELECT "set", {{session}}, sum(requests), {", ".join(f"sum({name})" for name in FIGURES)} FROM quarters'
    " WHERE quarter >= ? AND quarter < ?{only} GROUP BY 1, 2"
)
FROM_REQUESTS = (
    f'SELECT "set", {{session}}, count(*), {", ".join(f"ifnull(sum({name}), 0)" for name in FIGURES)} FROM requests'
    " WHERE time_ns >= ? AND time_ns < ?{only} GROUP BY 1, 2"
)


class _Question(NamedTuple):
    """
    The parts of a question.

    *keys*: what is grouped by; *wanted*: key -> values; *sessions*: whether they must be told apart, *only*: the ids of those
    that are asked for, or None.
    """

    keys: list[str]
    wanted: dict[str, list[str]]
    sessions: bool
    only: list[int] | None


def extent(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Return when the first request was and one nanosecond after the last (ns since the epoch), or None without any."""
    first, last = connection.execute("SELECT min(time_ns), max(time_ns) FROM requests").fetchone()
    return None if first is None else (first, last + 1)


def groups(connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Where) -> list[Group]:
    """Return what was used between *since* and *until* (ns) where *where* holds: one group for equal values of *by*."""
    found = extent(connection)
    if found is None:
        return []
    begin, end = max(found[0], since or found[0]), min(found[1], until or found[1])
    question = _question(connection, by, where)
    timed = {key for key in {*question.keys, *question.wanted} if key in LABELS}
    names = _Names(connection, question)
    sums: dict[tuple[str, ...], list[int]] = {}
    values: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for period in periods(begin, end, timed) if timed else [Period(None, begin, end)]:  # type: ignore[arg-type]
        labels = {key: LABELS[key](period.day) for key in timed}
        if any(labels[key] not in question.wanted[key] for key in timed & question.wanted.keys()):
            continue
        for set_id, session, *figures in _sums(connection, period, question):
            if (named := names.of(set_id, session, labels)) is None:
                continue
            mark, shown = named
            if mark in sums:
                sums[mark] = [one + more for one, more in zip(sums[mark], figures, strict=True)]
            else:
                sums[mark], values[mark] = figures, shown
    return [Group(values[mark], _figures(one)) for mark, one in sums.items()]


def _question(connection: sqlite3.Connection, by: Sequence[str], where: Where) -> _Question:
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    keys = [canonical(key) for key in by]
    only = None
    if SESSION in wanted:
        marks = ", ".join("?" * len(wanted[SESSION]))
        rows = connection.execute(f"SELECT id FROM sessions WHERE name IN ({marks})", wanted[SESSION])
        only = [row[0] for row in rows] + ([NOBODY] if "" in wanted[SESSION] else [])
    return _Question(keys, wanted, SESSION in keys, only)


def _figures(figures: Sequence[int]) -> tuple[int, ...]:
    """Return the sums in the order in which they are shown; what was written to the cache is one."""
    requests, micros, read_in, out, cached, short, long = figures
    return requests, micros, read_in, out, cached, short + long


def _sums(connection: sqlite3.Connection, period: Period, question: _Question) -> Iterator[Sequence[int]]:
    """Yield (set, session, sums) of a period: of its whole quarters, and of the requests at its ends."""
    first, last = -(-period.since // QUARTER_NS), period.until // QUARTER_NS
    if first >= last:
        yield from _asked(connection, FROM_REQUESTS, period.since, period.until, question)
        return
    yield from _asked(connection, FROM_QUARTERS, first, last, question)
    for since, until in ((period.since, first * QUARTER_NS), (last * QUARTER_NS, period.until)):
        if since < until:
            yield from _asked(connection, FROM_REQUESTS, since, until, question)


def _asked(connection: sqlite3.Connection, query: str, since: int, until: int, question: _Question) -> sqlite3.Cursor:
    session = f"ifnull(session, {NOBODY})"
    only = "" if question.only is None else f" AND {session} IN ({', '.join(map(str, question.only))})"
    return connection.execute(query.format(session=session if question.sessions else "0", only=only), (since, until))


class _Names:
    """What sets and sessions are called under the keys of a question, each worked out once."""

    def __init__(self, connection: sqlite3.Connection, question: _Question) -> None:
        self._connection = connection
        self._question = question
        self._sets: dict[int, dict[str, Any] | None] = {}
        self._known: dict[tuple[int, int, tuple[str, ...]], tuple[tuple[str, ...], tuple[Any, ...]] | None] = {}

    def of(self, set_id: int, session: int, labels: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[Any, ...]] | None:
        """Return (a mark that is the same for equal values, the values of the keys); None for what was not asked for."""
        known = set_id, session, tuple(labels.values())
        if known not in self._known:
            self._known[known] = self._named(set_id, session, labels)
        return self._known[known]

    def _named(self, set_id: int, session: int, labels: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[Any, ...]] | None:
        attributes = self._attributes(set_id)
        if attributes is None:
            return None
        values = tuple(labels[key] if key in labels else self._value(attributes, session, key) for key in self._question.keys)
        # The JSON text tells 1 from true and holds lists: what Python's equality and hash cannot do.
        return tuple(dump(value) for value in values), values

    def _attributes(self, set_id: int) -> dict[str, Any] | None:
        """Return the attributes of a set that meets the question, else None."""
        if set_id not in self._sets:
            row = self._connection.execute("SELECT attributes FROM sets WHERE id = ?", (set_id,)).fetchone()
            attributes = json.loads(row[0])
            self._sets[set_id] = attributes if _meets(attributes, self._question.wanted) else None
        return self._sets[set_id]

    def _value(self, attributes: Mapping[str, Any], session: int, key: str) -> Any:
        if key != SESSION:
            return attributes.get(key)
        row = self._connection.execute("SELECT name FROM sessions WHERE id = ?", (session,)).fetchone()
        return row[0] if row else None


def _meets(attributes: Mapping[str, Any], wanted: Mapping[str, Collection[str]]) -> bool:
    asked = (key for key in wanted if key != SESSION and key not in LABELS)
    return all(matches(attributes.get(key), wanted[key]) for key in asked)


def names(connection: sqlite3.Connection) -> set[str]:
    """Return every key that a request can be asked by."""
    return {key for row in connection.execute("SELECT attributes FROM sets") for key in json.loads(row[0])}
