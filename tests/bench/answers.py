"""
What the questions of the page cost: the clock of each, the processor's time as a ratio in one run, and the memory of who asks.

    python tests/bench/answers.py [ROUNDS] [--requests N] [--others N] [--keep DIRECTORY]

Makes up a year of work with a fixed seed, has the ledger take it in, as if both witnesses had seen nearly all of it, and then
asks each question in a process of its own, ROUNDS times in changing order: with nothing new, after one more request of a session,
and after the first one of a launch that nobody knew. The yardstick is one sum over all quarters of an hour of that ledger, asked
beside the others. The first round, in which what sets are called is learned, is told apart. --keep
DIRECTORY leaves what was written there, and takes what is there already. The exit code is 1 when the processor worked for longer
than it may, or memory was more: how long a clock says depends on who else is at work.
"""

import argparse
import asyncio
import functools
import json
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from committing import Commits
from questions import addresses, tables
from starlette.datastructures import QueryParams
from written import write_telemetry
from year import YEAR_NS, year

from cclaunch.answers.answers import Answers
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.catch_up import catch_up, take_doings
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.places import local_places
from cclaunch.web.kept import BUSY
from cclaunch.web.questions import Questions

ROUNDS, REQUESTS, OTHERS = 20, 1_000_000, 0
MOST_MS, MOST_MIB = 200.0, 120
WIDTH = 40
STATES = {"rest": "at rest", "commit": "after a commit", "launch": "after that of a new launch"}
"""What has happened before a question -> how its table is headed."""

YARDSTICK = "one sum over all quarters"
SUM = "SELECT sum(requests), sum(micros), sum(input), sum(output), sum(cache_read), sum(cache_5m), sum(estimated) FROM quarters"


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    words.add_argument("--others", type=int, default=OTHERS, metavar="N")
    words.add_argument("--keep", type=Path, metavar="DIRECTORY")
    words.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base:
        paths = our_paths({"HOME": base, "CCLAUNCH_DATA_DIR": str(asked.keep or Path(base, "data"))})
        if asked.ask:
            print(json.dumps(measured(paths, asked.rounds)))
            return 0
        write(paths, asked.requests, asked.others)
        return told(asked.rounds, paths.data)


def write(paths: Paths, number: int, others: int) -> None:
    """Have a ledger of so many requests below *paths*, unless there is one."""
    if os.path.exists(paths.ledger):
        return
    places = local_places(paths)
    write_telemetry(Path(paths.database), year(number, time.time_ns(), YEAR_NS), others)
    catch_up(places)
    began = time.process_time()
    take_doings(places)
    print(f"{'tools, errors, latency taken in':{WIDTH}}{(time.process_time() - began) * 1e6 / number:8.1f} us a request")
    with closing(sqlite3.connect(paths.ledger, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE requests SET witnesses = 3 WHERE key % 1000 <> 0")  # events alone saw one in a thousand
        connection.execute("INSERT INTO seen VALUES (0, 0, 0, 0, 0)")
        add_up(connection, [row[0] for row in connection.execute("SELECT DISTINCT quarter FROM quarters").fetchall()])
        passes.finish(connection, time.time_ns())
        connection.execute("COMMIT")
        size = connection.execute("SELECT count(*) FROM doings").fetchone()[0]
    print(f"{'rows of what was done':{WIDTH}}{size / number:8.2f} a request")


def told(rounds: int, data: str) -> int:
    """Have another process ask, and print what that took; return 1 when a target is missed."""
    words = [sys.executable, __file__, str(rounds), "--keep", data, "--ask"]
    found = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)
    yardstick = statistics.median(found["rest"][YARDSTICK]["processor"])
    print(f"{YARDSTICK:{WIDTH}}{yardstick:8.0f} ms of the processor")
    missed = 0
    for state, whose in STATES.items():
        print(f"\n{whose:{WIDTH}}   first  median     p95   processor's p95   / {YARDSTICK}")
        missed += sum(_row(name, taken, yardstick) for name, taken in found[state].items() if name != YARDSTICK)
    print("\nwhole tables, which nothing asks for again and again")
    for name, (clock, processor) in found["tables"].items():
        print(f"{name:{WIDTH}}{clock:8.0f} ms {processor:8.0f} of the processor")
    print(f"{'memory of who asks, at most':{WIDTH}}{found['memory']:8.0f} MiB, {found['before']:.0f} before the tables")
    return int(missed > 0 or found["memory"] > MOST_MIB)


def _row(name: str, taken: Mapping[str, Sequence[float]], yardstick: float) -> int:
    """Print the row of a question; return whether it took the processor for too long."""
    clock, processor = taken["clock"][1:] or taken["clock"], taken["processor"][1:] or taken["processor"]
    worst = p95(processor)
    figures = f"{taken['clock'][0]:8.0f}{statistics.median(clock):8.0f}{p95(clock):8.0f}{worst:18.0f}"
    print(f"{name:{WIDTH}}{figures}{statistics.median(processor) / yardstick:12.1f}{'   too long' if worst > MOST_MS else ''}")
    return int(worst > MOST_MS)


def p95(values: Sequence[float]) -> float:
    """Return what 95 of 100 of *values* are at most."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def measured(paths: Paths, rounds: int) -> dict[str, object]:
    """Ask everything, *rounds* times in each state; return milliseconds by question, and MiB."""
    asked, chance, commits = Asked(paths), random.Random(1), Commits(Path(paths.database))
    works = {YARDSTICK: lambda: yardstick(paths), **asked.works(commits.session)}
    found: dict[str, object] = {}
    for state in STATES:
        taken: dict[str, dict[str, list[float]]] = {name: {"clock": [], "processor": []} for name in works}
        for _ in range(rounds + 1):
            for name in chance.sample(list(works), len(works)):
                if state != "rest":
                    commits.commit(launched=state == "launch")
                for what, value in zip(("clock", "processor"), timed(works[name]), strict=True):
                    taken[name][what].append(value)
        found[state] = taken
    before = peak()
    whole = {name: timed(functools.partial(asked.table, words)) for name, words in tables().items()}
    return {**found, "tables": whole, "before": before, "memory": peak()}


class Asked:
    """The questions of the page, each asked as if nothing of an answer were kept."""

    def __init__(self, paths: Paths) -> None:
        self._questions = Questions(Answers(paths), list, lambda: 0.0)  # without files that could stay as they are
        self._loop = asyncio.new_event_loop()

    def works(self, session: str) -> dict[str, Callable[[], None]]:
        """Return what asks, by what the question is called."""
        return {name: functools.partial(self._ask, address) for name, address in addresses(session).items()}

    def _ask(self, address: str) -> None:
        name, _, query = address.partition("?")
        found = {"trouble": BUSY}
        while found.get("trouble") == BUSY:  # the machine has other things to do, and the answer is on its way
            found = json.loads(self._loop.run_until_complete(self._questions.answer(name, query)).body)
        if found["state"] != "ok" or found.get("trouble"):
            raise SystemExit(f"{address}: {found}")

    def table(self, words: str) -> None:
        """Have a table as CSV."""
        self._loop.run_until_complete(self._questions.csv(QueryParams(words)))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds that *work* takes: of the clock, and of the processor, in all threads."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    worked = (time.process_time() - worked) * 1000
    return (time.perf_counter() - began) * 1000, worked


def peak() -> float:
    """Return the most that this process has held (MiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)


def yardstick(paths: Paths) -> Sequence[int]:
    """Add up all there is."""
    with closing(sqlite3.connect(f"file:{paths.ledger}?mode=ro", uri=True)) as connection:
        row: Sequence[int] = connection.execute(SUM).fetchone()
        return row


if __name__ == "__main__":
    sys.exit(main())
