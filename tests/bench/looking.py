"""
What an open page costs those who send telemetry: the time to an acknowledgement with somebody who looks, and without.

    python tests/bench/looking.py [ROUNDS] [--exports N] [--requests N] [--others N] [--keep DIRECTORY]

The collector is the real one, its ledger that of a made-up year (see answers.py). Somebody sends it small exports, one after the
other, so that there is something new at every look. In each round that is done with a page that is looked at as its script does,
all questions of the first screen every three seconds, and without, in changing order. The exit code is 1 when the slowest
hundredth is that much slower with it.
"""

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from answers import write
from beside import p99, sent
from shown import Shown, show
from table import print_figure

from cclaunch.hot.paths import our_paths
from cclaunch.hot.ports import collector_ports

ROUNDS = 10
EXPORTS = 1_000
LARGE = 1_000_000
LEAST = 40
RATIO_AT_MOST = 1.2
EVERY_S = 3.0
SCREEN = ("head", "days", "whom", "what", "sessions")


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--exports", type=int, default=EXPORTS, metavar="N")
    words.add_argument("--requests", type=int, default=LARGE, metavar="N")
    words.add_argument("--others", type=int, default=0, metavar="N")
    words.add_argument("--keep", type=Path, metavar="DIRECTORY")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base, show(Path(base), asked.keep) as place:
        paths = our_paths(dict(place.environ))
        write(paths, asked.requests, asked.others)
        if place.cclaunch("stack", "up").returncode:
            raise SystemExit("the collector does not come up")
        shown = Shown(place)
        shown.enter()
        ports = collector_ports(paths)
        assert ports is not None
        found: dict[bool, list[float]] = {True: [], False: []}
        with closing(http.client.HTTPConnection("127.0.0.1", int(ports.http), timeout=120)) as connection:
            for _ in range(LEAST):
                sent(connection, 0)  # wakes what sleeps
            for number in range(2 * asked.rounds):
                is_looked_at = number % 4 in (0, 3)  # with, without, without, with
                with looked_at(shown) if is_looked_at else nullcontext():
                    found[is_looked_at] += [sent(connection, one) for one in range(asked.exports)]
    return told(found[True], found[False])


@contextmanager
def looked_at(shown: Shown) -> Iterator[None]:
    """Ask what the first screen asks, as often as it does, for the length of the block."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for name in SCREEN:
                shown.ask(f"/api/{name}?range=30d" if name != "head" else "/api/head")
            over.wait(EVERY_S)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def told(beside: Sequence[float], without: Sequence[float]) -> int:
    """Print what was measured; return whether it is more than it may be."""
    medians = f"median {statistics.median(beside):.1f} and {statistics.median(without):.1f}"
    more = f"   {p99(beside):.1f} and {p99(without):.1f} ms, {medians}; {len(beside)} exports"
    return print_figure("p99 with a page that is looked at", p99(beside) / p99(without), RATIO_AT_MOST, "times", 2, more)


if __name__ == "__main__":
    sys.exit(main())
