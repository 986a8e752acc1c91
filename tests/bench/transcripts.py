"""
What it costs to read transcripts: megabytes a second, beside a bare ``executemany`` of the requests that are in them.

    python tests/bench/transcripts.py [ROUNDS] [--requests N]

The corpora are made up, a file for each session: as the newest release writes them (some 40 kB for each request, of which the
answer has the least part), the smallest ones of an older release (2.7 kB), and lines with nothing in them but the usage. The
seconds are those of the processor, in this process; nothing is written while reading: what a ledger costs comes on top. The exit
code is 1 when something is more than it may be.
"""

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from shapes import write_old, write_real
from table import WIDTH, print_figure
from written import answer_line, write_transcripts
from year import Session, year

from cclaunch.store.ledger.insert import INSERT
from cclaunch.store.ledger.schema import TABLES
from cclaunch.transcripts.finding import Files
from cclaunch.transcripts.reading import Known, read
from cclaunch.transcripts.seen import Seen

ROUNDS = 5
REQUESTS = 8_000
MEGABYTES = 150
PART_OF_BARE = 0.4
SCAN_MS = 50.0
UNCHANGED = 5_000
LARGE = 1 << 30
GROWN_MS = 5.0
TOGETHER = 4_000


class Corpus(NamedTuple):
    """Transcripts below *directory*, and how many *bytes*, *lines* and *sessions* they have."""

    name: str
    directory: Path
    bytes: int
    lines: int
    sessions: int


def made(name: str, directory: Path, write: Callable[[Path, Iterator[Session]], None], requests: int) -> Corpus:
    """Write a corpus of so many *requests* and return it."""
    write(directory / "projects", year(requests, time.time_ns()))
    texts = [file.read_bytes() for file in directory.rglob("*.jsonl")]
    return Corpus(name, directory, sum(map(len, texts)), sum(text.count(b"\n") for text in texts), len(texts))


def rows_of(corpus: Corpus) -> list[Seen]:
    """Return the requests in *corpus*."""
    return [row for file in Files([f"{corpus.directory}/projects"]) for part in read(file.path) for row in part.rows]


def taken(corpus: Corpus) -> float:
    """Return the seconds that reading *corpus* takes, when each part is let go."""
    began = time.process_time()
    for file in Files([f"{corpus.directory}/projects"]):
        for _ in read(file.path):
            pass
    return time.process_time() - began


def bare(rows: list[Seen]) -> float:
    """Return the seconds of inserting as many rows into the table of the ledger, and nothing else."""
    values = [
        (
            one.time_ns,
            number,
            1,
            1,
            one.request,
            0,
            one.input,
            one.output,
            one.cache_read,
            one.cache_written,
            one.cache_1h,
            2,
            2,
            0,
        )
        for number, one in enumerate(sorted(rows))
    ]
    with tempfile.TemporaryDirectory() as directory:
        connection = sqlite3.connect(f"{directory}/bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in TABLES:
            connection.execute(statement)
        began = time.process_time()
        for first in range(0, len(values), TOGETHER):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, values[first : first + TOGETHER])
            connection.execute("COMMIT")
        seconds = time.process_time() - began
        connection.close()
    return seconds


def measure(
    corpus: Corpus, rounds: int, seconds_of: Callable[[Corpus], float] = taken, words: tuple[str, str] = ("read", "reading")
) -> int:
    """Print what it costs to do with *corpus* what *words* say; return 1 when it is more than it may be."""
    rows = rows_of(corpus)
    times = [(seconds_of(corpus), bare(rows)) for _ in range(rounds)]
    seconds = statistics.median(one for one, _ in times)
    speed = corpus.bytes / seconds / 1e6
    part = statistics.median(other / one for one, other in times)
    print(f"\n{corpus.name}: {corpus.bytes / 1e6:.0f} MB, {corpus.lines} lines, {corpus.sessions} sessions, {len(rows)} requests")
    spread = f"{min(times)[0]:.3f}-{max(times)[0]:.3f} s"
    print(f"{words[0]:{WIDTH}}{speed:.0f} MB/s, {seconds / len(rows) * 1e6:.1f} us a request ({spread})")
    print(f"{f'bare executemany / {words[1]}':{WIDTH}}{part:.2f}")
    if speed >= MEGABYTES or part >= PART_OF_BARE:
        return 0
    print(f"{'':{WIDTH}}less than {MEGABYTES} MB/s and than {PART_OF_BARE}")
    return 1


def write_many(directory: Path) -> None:
    """Write thousands of files below *directory*."""
    for number in range(UNCHANGED):
        project = directory / "projects" / f"-home-somebody-{number % 40}"
        project.mkdir(parents=True, exist_ok=True)
        (project / f"{number}.jsonl").write_bytes(b"{}\n")


def unchanged(directory: Path, rounds: int) -> int:
    """Print what it costs to find that nothing of thousands of files has changed."""
    write_many(directory)
    known = {file.path: part.known for file in Files([f"{directory}/projects"]) for part in read(file.path) if part.known}
    figures = []
    for _ in range(rounds):
        began = time.process_time()
        changed = [file for file in Files([f"{directory}/projects"]) if not known[file.path].is_current(file.status)]
        figures.append((time.process_time() - began) * 1000)
        assert not changed
    return print_figure(f"{UNCHANGED} unchanged files", statistics.median(figures), SCAN_MS, "ms")


def write_large(path: Path) -> None:
    """Make a file of a gigabyte that tells nothing, and ends with a line."""
    with open(path, "wb") as file:
        file.truncate(LARGE)
        file.seek(LARGE)
        file.write(b"\n")


def corpora(place: Path, requests: int) -> Iterator[Corpus]:
    """Yield the corpora, of which the first one has so many *requests*, each written below *place* when it is asked for."""
    yield made("as the newest release writes", place / "real", write_real, requests)
    yield made("the smallest of an older release", place / "old", write_old, requests * 4)
    yield made("nothing but the usage", place / "short", write_transcripts, requests * 10)


def growing(directory: Path, rounds: int, line: bytes) -> int:
    """Print what it costs to read what was added to a file of a gigabyte."""
    path = directory / "large.jsonl"
    write_large(path)
    known: Known | None = [part.known for part in read(str(path))][-1]
    figures = []
    for _ in range(rounds):
        with open(path, "ab") as file:
            file.write(line)
        began = time.process_time()
        parts = list(read(str(path), known))
        figures.append((time.process_time() - began) * 1000)
        assert [len(part.rows) for part in parts] == [1]
        known = parts[-1].known
    return print_figure("one request more in a file of 1 GB", statistics.median(figures), GROWN_MS, "ms", 2)


def main() -> int:
    """Measure all, and return how much was more than it may be."""
    parser = argparse.ArgumentParser(description="What it costs to read transcripts.")
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        place = Path(base)
        missed = sum(measure(corpus, asked.rounds) for corpus in corpora(place, asked.requests))
        print()
        missed += unchanged(place / "many", asked.rounds)
        session = next(year(40, time.time_ns()))
        missed += growing(place, asked.rounds, f"{json.dumps(answer_line(session, session.requests[0]))}\n".encode())
    return missed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
