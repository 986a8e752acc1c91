"""
Questions to the ledger about what was done beside requests.

The problem it owns: what was done has the attributes of its session and no more, and is known by the quarter of an hour. So a
question by anything else is told what it cannot be narrowed by, and a moment within a quarter means all of it. Of all sessions
together whole days are known.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger.doing_days import day_of, is_of_this_clock, quarters_of
from cclaunch.store.ledger.doings import REQUEST
from cclaunch.store.ledger.named import Known
from cclaunch.store.ledger.names import SESSION
from cclaunch.store.ledger.opening import has_doings
from cclaunch.store.ledger.periods import LABELS, Period, periods
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.session_pages import ids_of
from cclaunch.store.shared import OF_A_REQUEST

NOT_ASKED = frozenset((*OF_A_REQUEST, "pr"))
"""Keys of requests alone."""

QUERY = """
SELECT what, bin, sum(times), sum(failed), sum(ms) FROM doings
WHERE quarter >= ? AND quarter < ?{only} GROUP BY what, bin
"""
OF_DAY = "SELECT what, bin, times, failed, ms FROM doing_days WHERE day = ?"
ENDS = "SELECT (SELECT min(quarter) FROM doings), (SELECT max(quarter) FROM doings)"
"""Apart: of one of them SQLite looks into the index, for both together it reads all rows."""


ASKED = "CREATE TEMP TABLE asked_sets (id INTEGER PRIMARY KEY)"
"""Of these rows there are many more than of all others: to look into a table costs half of what a function of ours costs."""


class What(NamedTuple):
    """What was done: its *kind* (see `doings`), its *name*, and a *detail* that depends on the kind."""

    kind: int
    name: str
    detail: str


class Took(NamedTuple):
    """How often something was done that took about as long (*bin*), how often it *failed*, and milliseconds in all."""

    what: What
    bin: int
    times: int
    failed: int
    ms: int


class Doings(NamedTuple):
    """What was done: all of it, and *days*: day -> the same by its kind alone, and in bins only what is a request."""

    whole: list[Took]
    days: dict[str, list[Took]]


Sums = dict[tuple[int, int], list[int]]
"""What and bin -> how often, how often it failed, milliseconds."""


def unasked(where: Where) -> list[str]:
    """Return the keys of *where* by which this cannot be narrowed."""
    return [key for key in where if canonical(key) in NOT_ASKED]


def doings(
    connection: sqlite3.Connection, known: Known, since: int | None, until: int | None, where: Where, week_start: int = 0
) -> Doings:
    """Return what was done between *since* and *until* (ns) where *where* holds as far as it can."""
    first, last = connection.execute(ENDS).fetchone() if has_doings(connection) else (None, None)
    if first is None or last is None:
        return Doings([], {})
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items() if canonical(key) not in NOT_ASKED}
    begin, end = quarters_of(day_of(first))[0] * QUARTER_NS, quarters_of(day_of(last))[1] * QUARTER_NS  # whole days
    begin, end = max(begin, since or 0), end if until is None else min(end, until)
    names = {row[0]: What(*row[1:]) for row in connection.execute("SELECT id, kind, name, detail FROM doing_names")}
    kinds = {id: what.kind for id, what in names.items()}
    whole = not wanted and is_of_this_clock(connection)
    query, sums, days = QUERY.format(only=_only(connection, known, wanted)), Sums(), dict[str, Sums]()
    for period in _days(begin, end, wanted, week_start):
        ends, day = (period.since // QUARTER_NS, -(-period.until // QUARTER_NS)), period.day.isoformat()
        all_day = whole and ends[0] <= quarters_of(period.day)[0] and quarters_of(period.day)[1] <= ends[1]
        of_day = days.setdefault(day, {})
        for what, number, times, failed, ms in connection.execute(OF_DAY, (day,)) if all_day else connection.execute(query, ends):
            kind = kinds[what]
            for some, key in ((sums, (what, number)), (of_day, (kind, number if kind == REQUEST else 0))):
                held = some.get(key)
                if held is None:
                    some[key] = [times, failed, ms]
                    continue
                held[0] += times  # a hundred thousand rows a year: nothing is called for one
                held[1] += failed
                held[2] += ms
    return Doings(
        [Took(names[what], number, *figures) for (what, number), figures in sums.items()],
        {
            day: [Took(What(kind, "", ""), number, *figures) for (kind, number), figures in some.items()]
            for day, some in days.items()
            if some
        },
    )


def _days(begin: int, end: int, wanted: Mapping[str, Sequence[str]], week_start: int) -> Iterator[Period]:
    keys = [key for key in wanted if key in LABELS]
    for period in periods(begin, end, ["day", *keys], week_start):
        if all(LABELS[key](period, week_start) in wanted[key] for key in keys):
            yield period


def _only(connection: sqlite3.Connection, known: Known, wanted: Mapping[str, Sequence[str]]) -> str:
    sets = {key: values for key, values in wanted.items() if key != SESSION and key not in LABELS}
    parts = []
    if sets:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(ASKED)
        found = known.called(connection, (), sets).numbers
        connection.executemany("INSERT INTO asked_sets VALUES (?)", ((one,) for one in found))
        parts.append(' AND "set" IN asked_sets')
    if SESSION in wanted:
        parts.append(f" AND session IN ({', '.join(map(str, ids_of(connection, wanted[SESSION])))})")
    return "".join(parts)
