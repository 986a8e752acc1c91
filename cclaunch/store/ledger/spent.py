"""
What was spent today, this week and this month, added up from the ledger and written down for those who cannot ask it.

The problem it owns: a launch and the status line read one small file (`hot/spending`), so it must say the same as the ledger,
cost next to nothing to keep, and be whole. It is added up from quarters of an hour, and only where a border cuts one from
requests.
"""

import os
import re
import sqlite3
from datetime import timedelta
from typing import Any

from cclaunch.files.atomic import make_directory, replace_file
from cclaunch.hot.reading import read_small
from cclaunch.hot.spending import DAY, MONTH, SIZE_LIMIT, WEEK, Spending, Spent, as_text
from cclaunch.store.ledger.opening import has_launched, has_transcripts
from cclaunch.store.ledger.periods import NS, begin_of, date_of, in_quarters, week_of
from cclaunch.store.ledger.request import LAUNCHED, SURE

AGAIN_NS = 600 * NS
"""What was written so long ago is written again, also where nothing has changed: it says that somebody looks."""

MOST = 1_000
"""So many profiles are told, those that have spent most."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What can be the name of a profile: what else claims to be one counts for all launches, and for none of them."""

PROFILE = """json_extract(s.attributes, '$."cclaunch.profile"')"""
QUARTERS = "SELECT {} FROM quarters WHERE quarter >= ? AND quarter < ?"
REQUESTS = "SELECT {} FROM requests WHERE time_ns >= ? AND time_ns < ?"
ALL = (
    QUARTERS.format("ifnull(sum(micros), 0), ifnull(sum(estimated), 0)"),
    REQUESTS.format(f"ifnull(sum(micros), 0), ifnull(sum({SURE['estimated']}), 0)"),
)
OURS = QUARTERS.format("ifnull(sum(launched), 0), 0"), REQUESTS.format(f"ifnull(sum({LAUNCHED}), 0), 0")
BY_PROFILE = tuple(
    f'SELECT {PROFILE}, sum(q.micros) FROM ({query} GROUP BY "set") q JOIN sets s ON s.id = q."set" WHERE q.micros GROUP BY 1'
    for query in (
        QUARTERS.format('"set", sum(launched) AS micros') + " AND launched",
        REQUESTS.format(f'"set", sum({LAUNCHED}) AS micros'),
    )
)
"""Each twice: of whole quarters, and of the requests beside them."""

Span = tuple[int, int]
"""From when to when, in nanoseconds since the epoch."""


def spans_at(now_ns: int, week_start: int = 0) -> dict[str, Span]:
    """Return the day, the week and the month of *now_ns* by the clock on the wall; weeks begin on the weekday *week_start*."""
    day = date_of(now_ns // NS)
    week, month = week_of(day, week_start), day.replace(day=1)
    ends = {
        DAY: (day, day + timedelta(days=1)),
        WEEK: (week, week + timedelta(days=7)),
        MONTH: (month, (month + timedelta(days=31)).replace(day=1)),
    }
    return {period: (begin_of(first) * NS, begin_of(after) * NS) for period, (first, after) in ends.items()}


def spent_in(connection: sqlite3.Connection, now_ns: int, week_start: int = 0) -> Spending:
    """
    Return what the ledger of *connection* knows was spent in the periods that hold *now_ns*. Raises sqlite3.Error.

    A ledger that nobody has written to for long knows nothing of launches: then only today is told.
    """
    spans = spans_at(now_ns, week_start)
    found = Spending(now_ns, Spent(*spans[DAY], *_all(connection, spans[DAY])), {})
    if not has_launched(connection):
        return found
    by_profile = _by_profile(connection, spans[MONTH])
    found.by[MONTH, ""] = Spent(*spans[MONTH], sum(by_profile.values()))
    for period in (DAY, WEEK):
        found.by[period, ""] = Spent(*spans[period], _sums(connection, OURS, spans[period])[0])
    for profile, micros in _most(by_profile):
        found.by[MONTH, profile] = Spent(*spans[MONTH], micros)
    return found


def _all(connection: sqlite3.Connection, span: Span) -> tuple[int, int]:
    """Return (micro-dollars, those of them that are an estimate) of all requests in *span*."""
    if has_transcripts(connection):
        return _sums(connection, ALL, span)
    return _sums(connection, (ALL[0].replace("sum(estimated)", "0"), ALL[1]), span)


def _parts(span: Span) -> list[tuple[int, int, int]]:
    """Return the parts of *span*: (0, from, to) of whole quarters, (1, from, to) in nanoseconds of what lies beside them."""
    quarters, beside = in_quarters(*span)
    return [*([(0, *quarters)] if quarters else []), *((1, *end) for end in beside)]


def _sums(connection: sqlite3.Connection, queries: tuple[str, str], span: Span) -> tuple[int, int]:
    rows = [connection.execute(queries[kind], (since, until)).fetchone() for kind, since, until in _parts(span)]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def _by_profile(connection: sqlite3.Connection, span: Span) -> dict[Any, int]:
    """Return what launches have spent in *span*, by what they say their profile is."""
    found: dict[Any, int] = {}
    for kind, since, until in _parts(span):
        for profile, micros in connection.execute(BY_PROFILE[kind], (since, until)):
            found[profile] = found.get(profile, 0) + micros
    return found


def _most(found: dict[Any, int]) -> list[tuple[str, int]]:
    named = [(name, micros) for name, micros in found.items() if isinstance(name, str) and NAME.fullmatch(name)]
    return sorted(named, key=lambda one: -one[1])[:MOST]


def write_down(path: str, spending: Spending) -> None:
    """
    Have the file at *path* say *spending*, whole or not at all; one that says it, and is not old, is left alone.

    Nobody waits for the disk: what a power failure takes is written again.

    Raises:
        FileTrouble, OSError: It cannot be written; what was there is still there.
    """
    text = as_text(spending).encode()
    before = read_small(path, SIZE_LIMIT)
    if before is not None and _said(before) == _said(text) and 0 <= spending.made - _made(before) < AGAIN_NS:
        return
    make_directory(os.path.dirname(path))
    replace_file(path, text, durable=False)


def _said(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if not line.startswith(b"made=")]


def _made(data: bytes) -> int:
    line = next((line for line in data.split(b"\n") if line.startswith(b"made=")), b"")
    number = line.removeprefix(b"made=")
    return int(number) if number.isdigit() and len(number) < 20 else 0
