"""
What it costs to take transcripts into the ledger: megabytes a second, beside a bare ``executemany`` of the same requests.

    python tests/bench/history.py [ROUNDS] [--requests N] [--large N]

The corpora are those of ``transcripts.py``. The seconds are those of the processor, in this process: reading, pricing, and the
ledger's own transactions, into a new ledger. Beside that a pass over thousands of files of which none has changed, one over
a file of a gigabyte that has grown, and what a million of requests (--large; 0 leaves them out) need of memory while they are
taken, in a process of their own, and of the ledger then. The exit code is 1 when something is more than it may be.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from catching import bytes_a_request
from ledgers import places_at
from table import print_figure
from transcripts import GROWN_MS, REQUESTS, ROUNDS, SCAN_MS, UNCHANGED, Corpus, corpora, measure, write_large, write_many
from written import answer_line, write_transcripts
from year import year

from cclaunch.history.read_all import before, read_all
from cclaunch.history.rows import Rows
from cclaunch.history.turns import Turns
from cclaunch.store.places import Places

LARGE_REQUESTS = 1_000_000
PEAK_MB = 100.0
BYTES_A_REQUEST = 180.0
"""What an event may have, and 40 more: the hash by which it is known again, and the index of those that no event told of."""

ALONE = """\
import sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from history import passed
from ledgers import places_at
passed(places_at(sys.argv[3] + "/telemetry.db"), Path(sys.argv[3]))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def passed(places: Places, root: Path) -> tuple[float, int]:
    """Make a pass over what is below *root*; return the seconds that it took, and how many requests it has handed over."""
    began = time.process_time()
    count = read_all([str(root)], Rows(), Turns(places, 60), before(places))
    return time.process_time() - began, count


def imported(corpus: Corpus) -> float:
    """Return the seconds of taking *corpus* into a new ledger."""
    with tempfile.TemporaryDirectory() as directory:
        return passed(places_at(f"{directory}/telemetry.db"), corpus.directory / "projects")[0]


def unchanged(directory: Path, rounds: int) -> int:
    """Print what a pass costs that finds nothing changed."""
    write_many(directory)
    places = places_at(directory / "telemetry.db")
    passed(places, directory)
    figures = [passed(places, directory)[0] * 1000 for _ in range(rounds)]
    return print_figure(f"{UNCHANGED} unchanged files", statistics.median(figures), SCAN_MS, "ms")


def growing(directory: Path, rounds: int, line: bytes) -> int:
    """Print what a pass costs that reads what was added to a file of a gigabyte."""
    path = directory / "projects" / "large.jsonl"
    path.parent.mkdir(parents=True)
    write_large(path)
    places = places_at(directory / "telemetry.db")
    passed(places, directory)
    figures = []
    for _ in range(rounds):
        with open(path, "ab") as file:
            file.write(line)
        seconds, count = passed(places, directory)
        assert count == 1
        figures.append(seconds * 1000)
    return print_figure("one request more in a file of 1 GB, taken", statistics.median(figures), 2 * GROWN_MS, "ms", 2)


def large(directory: Path, requests: int) -> int:
    """Print what taking so many *requests* needs of memory, in a process of its own, and of the ledger."""
    write_transcripts(directory / "projects", year(requests, time.time_ns()))
    here = Path(__file__).resolve().parent
    words = [sys.executable, "-c", ALONE, str(here), str(here.parent / "harness"), str(directory)]
    began = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    more = f"   {time.monotonic() - began:.0f} s"
    missed = print_figure(f"peak, {requests:,} requests taken", int(done.stdout) / 1024, PEAK_MB, "MB", more=more)
    small, whole = bytes_a_request(places_at(directory / "telemetry.db").ledger)
    more = f"   with what is stored once {whole:.1f}"
    return missed + print_figure("bytes of the ledger a request", small, BYTES_A_REQUEST, "bytes", more=more)


def main() -> int:
    """Measure all, and return how much was more than it may be."""
    parser = argparse.ArgumentParser(description="What it costs to take transcripts into the ledger.")
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--large", type=int, default=LARGE_REQUESTS, metavar="N")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        place = Path(base)
        words = "taken", "all"
        missed = sum(measure(corpus, asked.rounds, imported, words) for corpus in corpora(place, asked.requests))
        print()
        missed += unchanged(place / "many", asked.rounds)
        session = next(year(40, time.time_ns()))
        missed += growing(place / "grown", asked.rounds, f"{json.dumps(answer_line(session, session.requests[0]))}\n".encode())
        if asked.large:
            missed += large(place / "large", asked.large)
    return missed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
