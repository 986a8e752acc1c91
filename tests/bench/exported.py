"""
What the page as a file costs: the verb in a process of its own, its processor time against a question's, its memory, the file.

    python tests/bench/exported.py [ROUNDS] [--requests N] [--others N] [--keep DIRECTORY]

Makes up a year of work as `answers.py` does, and has it written into files: all of a year, and one profile's; ROUNDS times,
beside `usage --by day,profile` of a year, which is the yardstick. --keep DIRECTORY leaves what was written there, and takes what
is there already. The exit code is 1 when the processor worked for longer than it may, memory was more, or a file is larger: how
long a clock says depends on who else is at work.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from answers import write

from cclaunch.hot.paths import Paths, our_paths

ROUNDS, REQUESTS, OTHERS = 5, 1_000_000, 0
MOST_S, MOST_MIB, MOST_KB = 5.0, 120, 4000
WIDTH = 26
YARDSTICK = "usage by day and profile"
VERBS = {
    YARDSTICK: ("usage", "--by", "day,profile", "--since", "365d", "--json"),
    "a year, all profiles": ("dashboard", "export", "cost.html", "--force", "--all-profiles", "--since", "365d"),
    "a year, one profile": ("dashboard", "export", "cost.html", "--force", "--profile", "profile-1", "--since", "365d"),
}


class Cost(NamedTuple):
    """Seconds on the clock and of the processor, and MiB at most."""

    clock: float
    processor: float
    memory: float


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    words.add_argument("--others", type=int, default=OTHERS, metavar="N")
    words.add_argument("--keep", type=Path, metavar="DIRECTORY")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base:
        data = str(asked.keep or Path(base, "data"))
        made_up(our_paths({"HOME": base, "CCLAUNCH_DATA_DIR": data}), asked.requests, asked.others)
        return told({name: [run(base, data, verb) for _ in range(asked.rounds)] for name, verb in VERBS.items()}, base)


def made_up(paths: Paths, requests: int, others: int) -> None:
    """Write the year in a process of its own: a child's most memory begins with what the one it came from has."""
    child = multiprocessing.get_context("spawn").Process(target=write, args=(paths, requests, others))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit("the year could not be made up")


def run(base: str, data: str, verb: Sequence[str]) -> Cost:
    """Run a verb to its end."""
    environ = {"HOME": base, "CCLAUNCH_DATA_DIR": data, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "cclaunch", *verb], env=environ, cwd=base, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{verb} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def told(costs: dict[str, list[Cost]], base: str) -> int:
    """Print what was measured; return 1 when a target is missed."""
    yardstick = statistics.median(one.processor for one in costs[YARDSTICK])
    missed = 0
    print(f"{'':{WIDTH}} clock s   processor's s   / yardstick     MiB")
    for name, found in costs.items():
        clock, processor, memory = (statistics.median(one[at] for one in found) for at in range(3))
        is_too_much = name != YARDSTICK and (processor > MOST_S or memory > MOST_MIB)
        missed += is_too_much
        print(
            f"{name:{WIDTH}}{clock:8.1f}{processor:16.1f}{processor / yardstick:14.1f}{memory:8.0f}{'  too much' * is_too_much}"
        )
    size = os.path.getsize(os.path.join(base, "cost.html")) / 1000
    print(f"{'size of the last file':{WIDTH}}{size:8.0f} kB")
    return int(missed > 0 or size > MOST_KB)


if __name__ == "__main__":
    sys.exit(main())
