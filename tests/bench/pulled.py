"""
What pull requests and the plan's windows cost whoever asks for them, and whoever does not, as ratios within one run.

    python tests/bench/pulled.py [ROUNDS] [--requests N] [--others N]

The requests are those of a made-up year, with other events beside each. Both stores have for each request an event that tells of
the plan's windows; one has of each tenth session two that tell of a pull request as well. Seconds are the processor's, the
median of as many rounds in changing order. The exit code is 1 when something was more than it may be.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from ledgers import places_at
from table import print_figure
from written import write_telemetry
from year import SEASON_NS, Session, year

from cclaunch import otel
from cclaunch.reports.windows import windows
from cclaunch.store.connection import connect
from cclaunch.store.insert import INSERT_EVENT
from cclaunch.store.ledger import reading
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import Places
from cclaunch.store.schema import dump

ROUNDS = 9
REQUESTS = 160_000
OTHERS = 4
END_NS = 1_790_000_000_000_000_000
UNASKED_AT_MOST = 1.1
CATCH_UP_AT_MOST = 1.15
ASKED_AT_MOST = 2.5

Work = Callable[[], Any]


def write(path: Path, sessions: Sequence[Session], others: int, *, pulled: bool) -> Places:
    """Write *sessions* with so many *others* beside each request, and windows; *pulled*: and pull requests; return where."""
    write_telemetry(path, sessions, others)
    keys = random.Random(1)
    with closing(connect(str(path))) as connection:
        connection.execute("BEGIN")
        for rows in (_told(one, number, keys, pulled=pulled) for number, one in enumerate(sessions)):
            connection.executemany(INSERT_EVENT, rows)
        connection.execute("COMMIT")
    return places_at(path)


def _told(session: Session, number: int, keys: random.Random, *, pulled: bool) -> Iterator[tuple[Any, ...]]:
    for one in session.requests:
        said = {"five_hour_used_percentage": 42.0, "five_hour_resets_at": END_NS // 10**9}
        yield _row(otel.PLAN_WINDOWS, session, one.time_ns + 1, said, keys)
    if pulled and number % 10 == 0:
        for at in (1, len(session.requests) // 2):
            pull = {"pr_number": number + at, "pr_repository": "owner/name"}
            yield _row(otel.PULL_REQUEST, session, session.requests[at].time_ns + 5, pull, keys)


def _row(name: str, session: Session, time_ns: int, said: dict[str, Any], keys: random.Random) -> tuple[Any, ...]:
    attributes = dump({"event.name": name, "session.id": session.name, **said})
    known = (keys.getrandbits(64) - (1 << 63), time_ns, name, f"cclaunch.{name}", "claude-code", session.name)
    columns = INSERT_EVENT.split("(")[1].split(")")[0].split(", ")
    values = dict(zip(("key", "time_ns", "name", "body", "service", "session_id"), known, strict=True)) | {
        "attributes": attributes
    }
    return tuple(values.get(column) for column in columns)


def medians(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Return name -> seconds of the processor."""
    took: dict[str, list[float]] = {name: [] for name in works}
    order = list(works)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            began = time.process_time()
            works[name]()
            took[name].append(time.process_time() - began)
    return {name: statistics.median(values) for name, values in took.items()}


def caught(places: Places) -> Work:
    """Return the work of reading all there is into a ledger that is made anew."""

    def work() -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(places.ledger + suffix).unlink(missing_ok=True)
        catch_up(places)

    return work


def asked(places: Places, *by: str) -> Work:
    """Return the work of one question."""

    def work() -> None:
        with closing(sqlite3.connect(places.ledger)) as connection:
            reading.groups(connection, None, None, by, {})

    return work


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    words.add_argument("--others", type=int, default=OTHERS, metavar="N")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        sessions = list(year(given.requests, END_NS, SEASON_NS))
        bare = write(Path(name) / "bare.db", sessions, given.others, pulled=False)
        told = write(Path(name) / "told.db", sessions, given.others, pulled=True)
        with closing(sqlite3.connect(told.database)) as connection:
            events = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        taken = medians({"bare": caught(bare), "told": caught(told)}, max(1, given.rounds // 3))
        works = {
            "bare": asked(bare, "team"),
            "told": asked(told, "team"),
            "pr": asked(told, "pr"),
            "pr by day": asked(told, "day", "pr"),
            "by day": asked(told, "day", "team"),
            "windows": lambda: windows(told, END_NS),
        }
        took = medians(works, given.rounds)
    print(f"{events:,} events, {given.requests:,} requests, {len(sessions):,} sessions")
    missed = print_figure("catching up, beside none of them", taken["told"] / taken["bare"], CATCH_UP_AT_MOST, "times", 2)
    missed += print_figure("by team, beside none of them", took["told"] / took["bare"], UNASKED_AT_MOST, "times", 2)
    missed += print_figure("by pr, beside by team", took["pr"] / took["told"], ASKED_AT_MOST, "times", 2)
    missed += print_figure("by day and pr, beside by day and team", took["pr by day"] / took["by day"], ASKED_AT_MOST, "times", 2)
    print_figure("the plan's windows", took["windows"] * 1000, None, "ms", 2)
    print_figure("by team", took["told"] * 1000, None, "ms", 2)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
