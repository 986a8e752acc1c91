"""
What is added up in the ledger, set by set and session by session: whole quarters of an hour, and requests at its borders.

The problem it owns: SQLite sorts whatever is grouped. So only what a question tells apart is told apart, and a question that does
not name pull requests asks nothing about them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cclaunch.store.ledger.names import ANY_SET
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.periods import Period, in_quarters
from cclaunch.store.ledger.request import SURE
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS

FIGURES = ("micros", "input", "output", "cache_read", "cache_5m", "cache_1h")
DOUBTS = ("estimated", "unpriced")
FROM_QUARTERS = (
    f"SELECT ?, {{set}}, {{session}}, {{pull}}, max(quarter), sum(requests),"
    f" {', '.join(f'sum({name})' for name in (*FIGURES, *DOUBTS))}"
    " FROM {source} WHERE quarter >= ? AND quarter < ?{only}{grouped}"
)
FROM_REQUESTS = (
    f"SELECT ?, {{set}}, {{session}}, {{pull}}, max(time_ns) / {QUARTER_NS}, count(*),"
    f" {', '.join(f'ifnull(sum({value}), 0)' for value in (*FIGURES, *(SURE[name] for name in DOUBTS)))}"
    " FROM {source} WHERE {time} >= ? AND {time} < ?{only}{grouped}"
)
"""
Of one span, its number and a range of the primary key. Spans are asked one after the other: SQLite sorts whatever is grouped,
and of one span there is less to sort, or nothing where neither sets nor sessions are told apart.
"""

Row = Sequence[Any]
Span = tuple[int, int, int]
"""The number of a period, and from where to where of it: quarters, or nanoseconds."""


class Question(NamedTuple):
    """
    The parts of a question.

    *keys*: what is grouped by; *wanted*: key -> values; *sets*, *sessions*, *pulled*: whether sets, sessions and pull requests
    must be told apart; *only*: the ids of the sessions that are asked for, or None.
    """

    keys: list[str]
    wanted: dict[str, list[str]]
    sets: bool
    sessions: bool
    only: list[int] | None
    pulled: bool = False


class _Source(NamedTuple):
    """What is added up: a *table*, the expression of the name of its pull request, what *only* of it is meant, its *time*."""

    table: str
    pull: str = "NULL"
    only: str = ""
    time: str = "time_ns"


def sums(connection: sqlite3.Connection, spans: Sequence[Period], question: Question) -> Iterator[Row]:
    """Yield (number of the span, set, session, pull request, newest quarter, requests, sums) for what *question* tells apart."""
    whole: list[Span] = []
    ends: list[Span] = []
    for number, (_, since, until, _) in enumerate(spans):
        quarters, beside = in_quarters(since, until)
        whole += [(number, *quarters)] if quarters else []
        ends += [(number, *end) for end in beside]
    if question.pulled:
        from cclaunch.store.ledger.pull_requests import OF_QUARTER, OF_REQUEST, REQUESTS_CUT, UNCUT

        cut = [(number, first * QUARTER_NS, last * QUARTER_NS) for number, first, last in whole]
        yield from _asked(connection, FROM_QUARTERS, whole, question, _Source("quarters", OF_QUARTER, UNCUT))
        yield from _asked(connection, FROM_REQUESTS, ends, question, _Source("requests", OF_REQUEST))
        yield from _asked(connection, FROM_REQUESTS, cut, question, _Source(REQUESTS_CUT, OF_REQUEST, time="cut"))
        return
    yield from _asked(connection, FROM_QUARTERS, whole, question, _Source("quarters"))
    yield from _asked(connection, FROM_REQUESTS, ends, question, _Source("requests"))


def _asked(
    connection: sqlite3.Connection, query: str, spans: Sequence[Span], question: Question, source: _Source
) -> Iterator[Row]:
    session = f"ifnull(session, {NOBODY})"
    only = "" if question.only is None else f" AND {session} IN ({', '.join(map(str, question.only))})"
    pull = ["4"] if question.pulled else []  # the number of its column
    told = [*(['"set"'] if question.sets else []), *([session] if question.sessions else []), *pull]
    parts = {"set": '"set"' if question.sets else ANY_SET, "session": session if question.sessions else "0", "pull": source.pull}
    if not has_transcripts(connection):  # nobody has written to it for long
        query = query.replace("sum(estimated), sum(unpriced)", "0, 0")
    only += source.only
    whole = query.format(
        source=source.table, time=source.time, only=only, grouped=f" GROUP BY {', '.join(told)}" if told else "", **parts
    )
    for span in spans:
        rows = connection.execute(whole, span)
        yield from rows if told else (row for row in rows if row[5])  # without groups, no request at all is a row, too
