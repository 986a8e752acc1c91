"""
What the questions of the page cost: the clock of each, the processor's time as a ratio in one run, and the memory of who asks.

    python tests/bench/answers.py [ROUNDS] [--requests N] [--others N] [--keep DIRECTORY]

Makes up a year of work with a fixed seed, has the ledger take it in, as if both witnesses had seen nearly all of it, and then
asks each question in a process of its own, ROUNDS times in changing order. The yardstick is one sum over all quarters of an hour
of that ledger, asked beside the others. The first round, in which what sets are called is learned, is told apart. --keep
DIRECTORY leaves what was written there, and takes what is there already. The exit code is 1 when the processor worked for longer
than it may, or memory was more: how long a clock says depends on who else is at work.
"""

import argparse
import json
import os
import random
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

import psutil
from written import write_telemetry
from year import YEAR_NS, year

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.catch_up import catch_up, take_doings
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.places import local_places

ROUNDS, REQUESTS, OTHERS = 20, 1_000_000, 0
MOST_MS, MOST_MIB = 200.0, 120
WIDTH = 34
YARDSTICK = "one sum over all quarters"
SUM = "SELECT sum(requests), sum(micros), sum(input), sum(output), sum(cache_read), sum(cache_5m), sum(estimated) FROM quarters"

YEAR, MONTH = Words("365d"), Words("30d")
NARROWED = Words("365d", where=("team=team-1", "branch=main"))
QUESTIONS: Mapping[str, Callable[[Answers], object]] = {
    "head": lambda page: page.head(),
    "head of one team": lambda page: page.head(("team=team-1",)),
    "30 days by profile": lambda page: page.days(MONTH),
    "a year of days by profile": lambda page: page.days(YEAR),
    "a year of days by branch": lambda page: page.days(YEAR, "branch"),
    "a year of days by model, narrowed": lambda page: page.days(NARROWED, "model"),
    "whom, 30 days": lambda page: page.whom(MONTH),
    "whom, a year": lambda page: page.whom(YEAR),
    "what, 30 days": lambda page: page.what(MONTH),
    "what, a year": lambda page: page.what(YEAR),
    "sessions, the newest 8": lambda page: page.sessions(MONTH),
    "sessions, a year, page 20": lambda page: page.sessions(YEAR, 1000, 50),
    "sessions, a year, the dearest": lambda page: page.sessions(YEAR._replace(sort="cost"), 0, 50),
    "sessions, a year, narrowed": lambda page: page.sessions(NARROWED, 0, 50),
    "tools, 30 days": lambda page: page.tools(MONTH),
    "tools, 30 days, narrowed": lambda page: page.tools(MONTH._replace(where=NARROWED.where)),
    "tools, a year": lambda page: page.tools(YEAR),
    "capture, with holes": lambda page: page.capture(holes=True),
}


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
    missed = 0
    print(f"{'':{WIDTH}}  first ms   median      p95   processor's p95   / {YARDSTICK}")
    yardstick = statistics.median(found["processor"][YARDSTICK])
    for name, clock in found["clock"].items():
        rest, worked = clock[1:] or clock, found["processor"][name][1:] or found["processor"][name]
        ratio = statistics.median(worked) / yardstick
        missed += p95(worked) > MOST_MS
        more = f"   > {MOST_MS:.0f} ms" if p95(worked) > MOST_MS else ""
        figures = f"{clock[0]:10.0f} {statistics.median(rest):8.0f} {p95(rest):8.0f} {p95(worked):17.0f}"
        print(f"{name:{WIDTH}}{figures} {ratio:11.1f}{more}")
    print(f"{'memory of who asks':{WIDTH}}{found['memory']:10.0f} MiB")
    return int(missed > 0 or found["memory"] > MOST_MIB)


def p95(values: Sequence[float]) -> float:
    """Return what 95 of 100 of *values* are at most."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def measured(paths: Paths, rounds: int) -> dict[str, object]:
    """Ask everything, *rounds* times; return milliseconds by question, on the clock and of the processor, and MiB."""
    page, chance = Answers(paths), random.Random(1)
    clock: dict[str, list[float]] = {name: [] for name in (YARDSTICK, *QUESTIONS)}
    processor: dict[str, list[float]] = {name: [] for name in clock}
    for _ in range(rounds + 1):
        for name in chance.sample(list(clock), len(clock)):
            began, worked = time.perf_counter(), time.process_time()
            yardstick(paths) if name == YARDSTICK else QUESTIONS[name](page)
            clock[name].append((time.perf_counter() - began) * 1000)
            processor[name].append((time.process_time() - worked) * 1000)
    return {"clock": clock, "processor": processor, "memory": psutil.Process().memory_info().rss / (1 << 20)}


def yardstick(paths: Paths) -> Sequence[int]:
    """Add up all there is."""
    with closing(sqlite3.connect(f"file:{paths.ledger}?mode=ro", uri=True)) as connection:
        row: Sequence[int] = connection.execute(SUM).fetchone()
        return row


if __name__ == "__main__":
    sys.exit(main())
