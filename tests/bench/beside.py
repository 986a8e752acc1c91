"""
What an import of transcripts costs those who send telemetry meanwhile: the time to an acknowledgement, beside it and without.

    python tests/bench/beside.py [ROUNDS] [--requests N]

The collector is the real one, in processes of its own. In each round somebody sends it small exports, one after the other, while
a pass takes transcripts that are new into the same ledger; and as many again when it has ended. The pass is the one that the
collector starts, without the pauses that it makes there: they would hide it. Beside that stands what a person starts, which asks
for no low priority. The exit code is 1 when something is more than it may be.
"""

import argparse
import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from collector_client import PROTOBUF, Place, collector, logs, read_answer
from shapes import write_old
from table import print_figure
from year import PER_SESSION, Session, year

from cclaunch.collector.history_process import FIRST_S, history_command
from cclaunch.hot.paths import Paths
from cclaunch.store.ledger.opening import reading

ROUNDS = 5
REQUESTS = 20_000
RATIO_AT_MOST = 1.5
PAUSE_S = 0.002
LEAST = 200
"""Exports a round and side at least, so that there is a hundredth of them."""

BEHIND, BY_HAND = "beside the collector's pass", "beside `cclaunch usage`"
WITHOUT_PAUSES = "from cclaunch.history import process; process.SHARE = 0; "
BY_A_PERSON = "from cclaunch.history import process; process.SHARE = 0; process._give_way = lambda: None; "


def command(paths: Paths, before: str) -> list[str]:
    """Return the words of a pass that runs *before* first."""
    words = history_command(paths)
    code = words.index("-c") + 1
    words[code] = words[code].replace("from cclaunch.history.process", f"{before}from cclaunch.history.process")
    return words


def sent(connection: http.client.HTTPConnection, number: int) -> float:
    """Send one export and return the milliseconds until it was acknowledged."""
    body = logs(f"tool_{number % 7}", "api_request").SerializeToString()
    began = time.perf_counter()
    connection.request("POST", "/v1/logs", body, {"Content-Type": PROTOBUF})
    answer = read_answer(connection)
    taken = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise SystemExit(f"an export was answered with {answer.status}")
    time.sleep(PAUSE_S)
    return taken


def stream(connection: http.client.HTTPConnection, go_on: Callable[[int], bool]) -> list[float]:
    """Send exports for as long as *go_on* says of their number that one more is to be sent; return their milliseconds."""
    taken: list[float] = []
    while go_on(len(taken)):
        taken.append(sent(connection, len(taken)))
    return taken


def p99(taken: Sequence[float]) -> float:
    """Return what a hundredth of *taken* is longer than."""
    return statistics.quantiles(taken, n=100)[98]


def one_round(place: Place, words: list[str], sessions: Iterator[Session], requests: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of exports (beside a pass over what is written now, without one)."""
    write_old(place.base / ".claude" / "projects", islice(sessions, requests // PER_SESSION))
    with closing(http.client.HTTPConnection("127.0.0.1", place.ports["http"], timeout=120)) as connection:
        stream(connection, lambda number: number < LEAST // 4)  # wakes what sleeps
        reader = subprocess.Popen(words, env=place.environ, stderr=subprocess.PIPE)
        beside = stream(connection, lambda number: reader.poll() is None)
        if reader.returncode:
            raise SystemExit(f"the pass ended with {reader.returncode}: {reader.communicate()[1].decode()}")
        reader.communicate()
        without = stream(connection, lambda number: number < max(len(beside), LEAST))
    return beside, without


def in_ledger(paths: Paths) -> int:
    """Return how many requests transcripts alone have told of."""
    with reading(paths.ledger) as connection:
        return int(connection.execute("SELECT count(*) FROM requests WHERE witnesses = 2").fetchone()[0])


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser(description="What an import of transcripts costs those who send telemetry meanwhile.")
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    asked = words.parse_args()
    sessions = year(2 * asked.rounds * asked.requests, time.time_ns())
    found: dict[str, list[tuple[list[float], list[float]]]] = {BEHIND: [], BY_HAND: []}
    with tempfile.TemporaryDirectory() as base, collector(Path(base)) as place:
        time.sleep(2 * FIRST_S)  # nobody was told yet: the collector's own pass ends at once, and the next is far
        told = Path(place.paths.transcripts_told)
        told.parent.mkdir(parents=True, exist_ok=True)
        told.touch()
        for _ in range(asked.rounds):
            for name, before in ((BEHIND, WITHOUT_PAUSES), (BY_HAND, BY_A_PERSON)):
                found[name].append(one_round(place, command(place.paths, before), sessions, asked.requests))
        taken, made = in_ledger(place.paths), 2 * asked.rounds * asked.requests
        if taken != made:
            raise SystemExit(f"{taken:,} requests are in the ledger, and {made:,} were made")
    print(f"{asked.rounds} rounds, in turn; milliseconds to an acknowledgement, {asked.requests} requests a pass")
    return int(sum(told_of(name, rounds) for name, rounds in found.items()) > 0)


def told_of(name: str, rounds: Sequence[tuple[list[float], list[float]]]) -> int:
    """Print what the *rounds* of a case say; return whether it is more than it may be."""
    beside, without = (sorted(one for pair in rounds for one in pair[side]) for side in (0, 1))
    figures = f"p99 {p99(beside):.1f} and {p99(without):.1f} ms, median {statistics.median(beside):.1f}"
    more = f"   {figures} and {statistics.median(without):.1f}; {len(beside)} exports"
    return print_figure(f"p99 {name}", p99(beside) / p99(without), RATIO_AT_MOST, "times", 2, more)


if __name__ == "__main__":
    sys.exit(main())
