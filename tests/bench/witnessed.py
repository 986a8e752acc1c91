"""
What it costs the ledger to take what transcripts tell: rows a second, beside a bare ``executemany`` of the same rows.

    python tests/bench/witnessed.py [ROUNDS] [--requests N]

The requests are those of a made-up year, a session after the other, in transactions of as many rows. They are new, or told again,
or events have told of them before, or tell of them afterwards. The seconds are those of the processor. Nothing is asked of these
figures by themselves: what reading and taking may cost together, `transcripts.py` says.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from table import print_figure
from year import Made, Session, year

from cclaunch.store.ledger.arriving import add_up_events
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.insert import COLUMNS, INSERT, insert_requests
from cclaunch.store.ledger.opening import open_to_write
from cclaunch.store.ledger.request import BY_EVENT, EVENT, LAUNCH, Request
from cclaunch.store.ledger.witnessed import File, Witnessed
from cclaunch.store.record_key import number_of

ROUNDS = 3
REQUESTS = 80_000
TOGETHER = 4_000
END_NS = 1_790_000_000_000_000_000

Row = TypeVar("Row")


def told(session: Session, one: Made) -> Witnessed:
    """Return what a transcript tells of a request."""
    place = session.resource["vcs.repository.name"], session.resource["vcs.ref.head.name"]
    tokens = one.read_in, one.out, one.cached, one.written, 0
    key = number_of(f"{one.request_id}\x02{one.message_id}")
    last = (False, one.model, session.version, *place, None)
    return Witnessed._make((key, one.time_ns + 10**6, session.name, False, one.request_id, one.micros, *tokens, *last))


def sent(session: Session, one: Made) -> Request:
    """Return what an event tells of it."""
    attributes = set_of({**session.resource, "model": one.model, "query_source": one.source})
    tokens = one.read_in, one.out, one.cached, one.written, 0
    known = session.name, attributes, one.request_id, one.micros
    return Request._make((one.time_ns, number_of(f"event {one.request_id}"), *known, *tokens, BY_EVENT, EVENT, LAUNCH))


def together(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield *rows* by as many as a transaction has."""
    left = iter(rows)
    while some := list(islice(left, TOGETHER)):
        yield some


def spent(connection: sqlite3.Connection, parts: Sequence[Any], work: Callable[[Any], object]) -> float:
    """Return the seconds that *work* on *parts* takes, a transaction each."""
    began = time.process_time()
    for part in parts:
        connection.execute("BEGIN IMMEDIATE")
        work(part)
        connection.execute("COMMIT")
    return time.process_time() - began


def measured(lines: list[list[Witnessed]], events: list[list[Request]]) -> dict[str, float]:
    """Return case -> seconds, each with ledgers of its own."""
    files = [[(File(number, b"known", {}, anew=True), rows)] for number, rows in enumerate(lines)]
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        first, second, bare = (open_to_write(f"{directory}/{name}.db") for name in ("first", "second", "bare"))
        found["new"] = spent(first, files, lambda part: take(first, part))
        found["told again"] = spent(first, files, lambda part: take(first, part))
        rows = list(together(first.execute(f"SELECT {COLUMNS} FROM requests").fetchall()))
        found["bare executemany"] = spent(bare, rows, lambda part: bare.executemany(INSERT, part))

        def arrive(connection: sqlite3.Connection, part: list[Request]) -> None:
            add_up_events(connection, insert_requests(connection, part))

        found["events, no transcript"] = spent(second, events, lambda part: arrive(second, part))
        found["events told of them"] = spent(second, files, lambda part: take(second, part))
        found["events tell of them later"] = spent(first, events, lambda part: arrive(first, part))
        for one in (first, second):
            assert one.execute("SELECT count(*), min(witnesses) FROM requests").fetchone() == (sum(map(len, lines)), 3)
        for one in (first, second, bare):
            one.close()
    return found


def main() -> int:
    """Measure all, and print it."""
    parser = argparse.ArgumentParser(description="What it costs the ledger to take what transcripts tell.")
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    asked = parser.parse_args()
    lines = list(together(told(session, one) for session in year(asked.requests, END_NS) for one in session.requests))
    events = list(together(sent(session, one) for session in year(asked.requests, END_NS) for one in session.requests))
    rounds = [measured(lines, events) for _ in range(asked.rounds)]
    bare = statistics.median(one["bare executemany"] for one in rounds)
    for case in rounds[0]:
        seconds = statistics.median(one[case] for one in rounds)
        more = f", {asked.requests / seconds:,.0f} rows/s, {seconds / bare:.1f} x bare"
        print_figure(case, seconds / asked.requests * 1e6, None, "us a row", more=more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
