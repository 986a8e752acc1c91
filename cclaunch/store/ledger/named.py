"""
Questions to the ledger that come again and again: sets are given small numbers by what they are called, and SQLite adds up by
those.

The problem it owns: thousands of attribute sets are called by a few names, and over a year it costs more to name what was added
up by set than to add it up. So what sets are called is worked out once for all of them and kept, and it is SQLite that looks it
up for each row. The answer is that of `reading.groups`, which a question by session is left to.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger import reading
from cclaunch.store.ledger.names import PULL_REQUEST, SESSION, Name, Names
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.periods import LABELS, Period, periods
from cclaunch.store.ledger.request import SURE
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.spending import Group

BESIDE = frozenset((SESSION, PULL_REQUEST))
"""Keys that stand beside a set."""

MOST_KNOWN = 24
"""Questions of which it is kept what sets are called."""

FUNCTION = "named"
STAMP = "SELECT count(*), max(id), total(id * (key & 1048575)) FROM sets"
"""What tells one state of the sets from another: ids may be given again, to other sets."""

FIGURES = ("micros", "input", "output", "cache_read", "cache_5m", "cache_1h")
DOUBTS = ("estimated", "unpriced")
FROM_QUARTERS = (
    f"SELECT {{name}}, max(quarter), sum(requests), {', '.join(f'sum({name})' for name in (*FIGURES, *DOUBTS))}"
    " FROM quarters WHERE quarter >= ? AND quarter < ?{only}"
)
FROM_REQUESTS = (
    f"SELECT {{name}}, max(time_ns) / {QUARTER_NS}, count(*),"
    f" {', '.join(f'ifnull(sum({value}), 0)' for value in (*FIGURES, *(SURE[name] for name in DOUBTS)))}"
    " FROM requests WHERE time_ns >= ? AND time_ns < ?{only}"
)


class Called(NamedTuple):
    """What sets are called under some keys: *names*, and the number in it of each set that was asked for, by its id."""

    names: list[Name]
    numbers: Mapping[int, int]

    def register(self, connection: sqlite3.Connection) -> None:
        """Give *connection* the function that says the number of a set; NULL: it was not asked for."""
        connection.create_function(FUNCTION, 1, self.numbers.get, deterministic=True)


class Known:
    """What is known of the sets of one ledger from question to question; of one thread."""

    def __init__(self) -> None:
        self._stamp: tuple[Any, ...] = ()
        self._kept: OrderedDict[tuple[Any, ...], Called] = OrderedDict()

    def called(self, connection: sqlite3.Connection, keys: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> Called:
        """Return what all sets are called under *keys*, those alone that have what is *wanted* of others."""
        return self.kept(connection, ("names", *keys, repr(sorted(wanted.items()))), lambda: _named(connection, keys, wanted))

    def kept(self, connection: sqlite3.Connection, what: tuple[Any, ...], work_out: Callable[[], Called]) -> Called:
        """Return what was worked out of *what* for the sets of now, or do it."""
        stamp = connection.execute(STAMP).fetchone()
        if stamp != self._stamp:
            self._kept.clear()
            self._stamp = stamp
        if what not in self._kept:
            self._kept[what] = work_out()
        self._kept.move_to_end(what)
        while len(self._kept) > MOST_KNOWN:
            self._kept.popitem(last=False)
        return self._kept[what]


def _named(connection: sqlite3.Connection, keys: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> Called:
    names = Names(connection, keys, wanted)
    ids = [row[0] for row in connection.execute("SELECT id FROM sets")]
    names.learn(ids, ())
    numbers: dict[Name, int] = {}
    found = {}
    for one in ids:
        if (name := names.of(one, NOBODY)) is not None:
            found[one] = numbers.setdefault(name, len(numbers))
    return Called(list(numbers), found)


def condition(connection: sqlite3.Connection, known: Known, where: Where) -> str:
    """Return the SQL that holds of a row with a `set` where *where* does, as far as sets know it; nothing where all rows do."""
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    sets = {key: values for key, values in wanted.items() if key not in BESIDE and key not in LABELS}
    if not sets:
        return ""
    known.called(connection, (), sets).register(connection)
    return f'{FUNCTION}("set") IS NOT NULL'


def groups(
    connection: sqlite3.Connection,
    known: Known,
    since: int | None,
    until: int | None,
    by: Sequence[str],
    where: Where,
    week_start: int = 0,
) -> list[Group]:
    """Return what `reading.groups` returns, from what is *known* of the sets."""
    wanted = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    keys = [canonical(key) for key in by]
    found = reading.extent(connection)
    if found is None or not BESIDE.isdisjoint((*keys, *wanted)):
        return reading.groups(connection, since, until, by, where, week_start)
    first, last = found[0] // QUARTER_NS * QUARTER_NS, -(-found[1] // QUARTER_NS) * QUARTER_NS
    timed = [key for key in dict.fromkeys((*keys, *wanted)) if key in LABELS]
    called = _called(connection, known, [key for key in keys if key not in LABELS], wanted)
    sums: dict[tuple[tuple[str, ...], int], list[Sequence[int]]] = {}
    for period in _periods(max(first, since or first), min(last, until or last), timed, week_start):
        label = tuple(LABELS[key](period, week_start) for key in timed)
        shown = tuple(one for key, one in zip(timed, label, strict=True) if key in keys)
        if all(one in wanted.get(key, (one,)) for key, one in zip(timed, label, strict=True)):
            for row in _sums(connection, period, by_set=called is not None, only=bool(wanted)):
                sums.setdefault((shown, row[0]), []).append(row)
    parts = [*(key for key in timed if key in keys), *(key for key in keys if key not in LABELS)]
    order = [parts.index(key) for key in keys]
    values = [Names.values(name) for name in called.names] if called else [()]
    return [_group((*label, *values[number]), order, rows) for (label, number), rows in sums.items()]


def _called(
    connection: sqlite3.Connection, known: Known, keys: Sequence[str], wanted: Mapping[str, Sequence[str]]
) -> Called | None:
    """Return what sets are called, and have SQLite know it; None where sets need not be told apart."""
    asked = {key: values for key, values in wanted.items() if key not in LABELS}
    if not keys and not asked:
        return None
    called = known.called(connection, keys, asked)
    called.register(connection)
    return called


def _periods(since: int, until: int, timed: Sequence[str], week_start: int) -> Iterator[Period]:
    if timed:
        yield from periods(since, until, timed, week_start)
    elif since < until:
        yield Period(reading.NO_DAY, since, until)


def _sums(connection: sqlite3.Connection, period: Period, *, by_set: bool, only: bool) -> Iterator[Sequence[int]]:
    """Yield (number of the name, last quarter, sums): of the whole quarters of *period*, and of the requests at its ends."""
    name = f'{FUNCTION}("set")' if by_set else "0"
    told = {"name": name, "only": f"{f' AND {name} IS NOT NULL' if only else ''} GROUP BY {name}" if by_set else ""}
    quarters, requests = FROM_QUARTERS.format(**told), FROM_REQUESTS.format(**told)
    if not has_transcripts(connection):  # nobody has written to it for long
        quarters = quarters.replace("sum(estimated), sum(unpriced)", "0, 0")
    first, last = -(-period.since // QUARTER_NS), period.until // QUARTER_NS
    spans = [(quarters, first, last), (requests, period.since, first * QUARTER_NS), (requests, last * QUARTER_NS, period.until)]
    for query, since, until in spans if first < last else [(requests, period.since, period.until)]:
        if since < until:
            yield from (row for row in connection.execute(query, (since, until)) if row[2])  # no request at all is a row, too


def _group(values: tuple[Any, ...], order: Sequence[int], rows: Sequence[Sequence[int]]) -> Group:
    """Return the group that *rows* of sums make; what was written to the cache is one figure of it."""
    _, quarters, *columns = zip(*rows, strict=True)
    *figures, short, long, estimated, unpriced = map(sum, columns)
    in_order = tuple([values[number] for number in order])
    return Group(in_order, (*figures, short + long), max(quarters) * QUARTER_NS, estimated, unpriced)
