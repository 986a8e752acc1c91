"""
What a question about money costs, as ratios of the processor's time measured in one run, seconds beside them.

Makes up a year of work with a fixed seed, as our own database (with four other events beside each request) and as the shortest
transcripts; has the ledger take it in; and then runs each contender once a round, in changing order:

    python tests/bench/usage.py [ROUNDS] [--requests N] [--keep DIRECTORY]     the whole table; a million takes an hour to write
    python tests/bench/usage.py [ROUNDS] --short                               ten thousand requests only, nothing installed

The yardstick is `python -c pass`. ccusage, which reads transcripts, is fetched by npm into the cache of the tests, and its native
program is run; what it counts is held against what we count. --keep DIRECTORY leaves what was written there, and takes what is
there already. The exit code is 1 when something was more than it may be.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from catching import caught_up, size_of_ledger
from ccusage import asking_ccusage, native
from drawn import Drawn, interleaved, ran
from guard import REPOSITORY
from homes import home, install, interpreter
from sandbox import Sandbox
from table import print_figure, print_processor
from written import write_telemetry, write_transcripts
from year import YEAR_NS, year

ROUNDS = 15
SMALL, LARGE = 10_000, 1_000_000
OTHERS = 4
PASS = "python -c pass"
CCUSAGE = "ccusage 20.0.24, native, by month"
BY_MONTH = "the year by month"
BYTES_AT_MOST = 140.0
BARE_AT_MOST = 2.0
FASTER = 20.0

LARGE_QUESTIONS = {
    "the last 30 days": (["--since", "30d"], 10.0),
    BY_MONTH: (["--by", "month"], 25.0),
    "the year by team": (["--by", "team"], 40.0),
    "the year by repository": (["--by", "repository"], 40.0),
    "the year by branch": (["--by", "vcs.ref.head.name"], 40.0),
    "the year of one branch, by model": (["--by", "model", "--where", "vcs.ref.head.name=work-7"], 40.0),
    "the year by day and model": ([], None),
    "the year by session": (["--by", "session"], None),
}
"""Question at the large size -> (words, at most so many times the yardstick)."""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=LARGE, metavar="N")
    words.add_argument("--keep", type=Path, metavar="DIRECTORY")
    words.add_argument("--short", action="store_true")
    asked = words.parse_args()
    with ExitStack() as left:
        base = Path(left.enter_context(tempfile.TemporaryDirectory()))
        return (short if asked.short else whole)(left, base, asked)


def short(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Measure ten thousand requests, by the interpreter and the package that run this."""
    place = left.enter_context(home(base, "small"))
    place.environ["PYTHONPATH"] = str(REPOSITORY)
    missed = take_in(place, SMALL, 0)
    command = [sys.executable, "-m", "cclaunch"]
    contenders = {PASS: asking(place, [sys.executable, "-c", "pass"]), **small(place, command, "python -m cclaunch")}
    return int(missed + judge(interleaved(contenders, asked.rounds), {**targets_of_small("python -m cclaunch")}) > 0)


def whole(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Measure both sizes, as install.sh and as pip lay the command, beside ccusage."""
    few, many = (left.enter_context(home(base, name)) for name in ("small", "large"))
    launcher, script = install(few)
    missed = take_in(few, SMALL, OTHERS)
    if asked.keep:
        keep(many, asked.keep)
    missed += take_in(many, asked.requests, OTHERS)
    contenders = {PASS: asking(few, [interpreter(), "-c", "pass"])}
    most: dict[str, float] = {}
    for name, command in (("usage", launcher), ("usage, laid by pip", script)):
        contenders |= small(few, [str(command)], name)
        most |= targets_of_small(name)
    for name, (words, limit) in LARGE_QUESTIONS.items():
        contenders[name] = asking(many, [str(launcher), "usage", *words])
        most |= {name: limit} if limit else {}
    contenders[f"{BY_MONTH}, drawn"] = asking(many, [str(launcher), "usage", "--by", "month"], drawn=True)
    most[f"{BY_MONTH}, drawn"] = 12.0
    theirs = asking_ccusage(many, transcripts(many, asked.requests))
    print_rounds(asked, many)
    times = interleaved(contenders, asked.rounds)
    times[CCUSAGE] = [ran(theirs) for _ in range(3)]
    missed += judge(times, most)
    missed += same(many, launcher, theirs)
    ratio = mean(times[CCUSAGE]) / mean(times[BY_MONTH])
    print(f"{'ccusage / the year by month':38}{ratio:.1f} {'>=' if ratio >= FASTER else '<'} {FASTER:.1f}")
    return int(missed + (ratio < FASTER) > 0)
