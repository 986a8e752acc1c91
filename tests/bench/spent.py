"""
What it costs to keep written down what was spent, beside the turn of catch-up that it follows.

    python tests/bench/spent.py [ROUNDS] [--requests N] [--days N]

A ledger of a made-up year (or of so many days), all of whose requests launches have sent. One more request is recorded and taken
in by a turn of catch-up; then what was spent is added up and written, and then looked at without news. The seconds are those of
the processor; the ratio is that of one run.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from stored import request, store
from table import print_figure
from year import DAY_NS, year

from cclaunch.budgets.watching import Watching
from cclaunch.hot.paths import our_paths
from cclaunch.hot.spending import read_spending
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.opening import open_to_write
from cclaunch.store.ledger.request import BY_EVENT, EVENT, LAUNCH, Request
from cclaunch.store.places import local_places
from cclaunch.store.record_key import number_of

ROUNDS = 20
REQUESTS = 1_000_000
TOGETHER = 10_000
MOST = 3.0
"""What was spent is added up in so many times what the turn took that brought the request, at most."""


def requests(number: int, days: int, now_ns: int) -> Iterator[Request]:
    """Yield so many requests of the last *days*."""
    for session in year(number, now_ns, days * DAY_NS):
        for one in session.requests:
            attributes = set_of({**session.resource, "model": one.model, "query_source": one.source})
            tokens = one.read_in, one.out, one.cached, one.written, 0
            known = session.name, attributes, one.request_id, one.micros
            key = number_of(f"event {one.request_id}")
            yield Request._make((one.time_ns, key, *known, *tokens, BY_EVENT, EVENT, LAUNCH))


def fill(ledger: str, number: int, days: int, now_ns: int) -> None:
    """Make the ledger."""
    connection = open_to_write(ledger)
    left = requests(number, days, now_ns)
    while some := list(islice(left, TOGETHER)):
        connection.execute("BEGIN IMMEDIATE")
        add_up(connection, insert_requests(connection, some))
        connection.execute("COMMIT")
    connection.close()


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Measure, print, and return how many figures were more than they may be."""
    parser = argparse.ArgumentParser(description="What it costs to keep written down what was spent.")
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--days", type=int, default=365)
    asked = parser.parse_args()
    turns, added, quiet = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        paths = our_paths({"HOME": directory})
        os.makedirs(paths.data, 0o700)
        fill(paths.ledger, asked.requests, asked.days, time.time_ns())
        watching = Watching(paths, print)
        for number in range(asked.rounds):
            store(Path(paths.database), request(number, time.time_ns()))
            turns.append(seconds(lambda: catch_up(local_places(paths))))
            added.append(seconds(watching.look))
            quiet.append(seconds(watching.look))
        assert read_spending(paths, time.time_ns()) is not None
    turn = statistics.median(turns)
    print_figure("a turn of catch-up", turn * 1000, None, "ms")
    spent = statistics.median(added)
    missed = print_figure("added up and written", spent / turn, MOST, "x a turn", 2, f", {spent * 1000:.1f} ms")
    print_figure("nothing has changed", statistics.median(quiet) * 1e6, None, "us")
    return missed


if __name__ == "__main__":
    sys.exit(main())
