"""
What a question about money costs, as ratios of the processor's time measured in one run, seconds beside them.

Makes up work with a fixed seed (ten thousand requests in a season, a million in a year), as our own database, with four other
events beside each request, and as the shortest transcripts; has the ledger take it in; and then runs each contender once a
round, in changing order:

    python tests/bench/usage.py [ROUNDS] [--requests N] [--keep DIRECTORY]     the whole table; minutes to write a million
    python tests/bench/usage.py [ROUNDS] --short                               ten thousand requests only, nothing installed

The yardstick is `python -c pass`. ccusage, which reads transcripts, is fetched by npm into the cache of the tests, and its native
program is run; what it counts is held against what we count. --keep DIRECTORY leaves what was written there, and takes what is
there already. The exit code is 1 when something was more than it may be.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import ccusage
from catching import bytes_a_request, caught_up
from drawn import Asked, interleaved, ran
from guard import REPOSITORY
from homes import home, install
from rounds import Taken
from sandbox import Sandbox
from table import judged, print_figure, quartiles
from written import write_telemetry, write_transcripts
from year import SEASON_NS, YEAR_NS, year

from cclaunch.hot.paths import our_paths
from cclaunch.store.places import Places

ROUNDS = 15
SMALL, LARGE = 10_000, 1_000_000
OTHERS = 4
WIDTH = 38
PASS = "python -c pass"
CCUSAGE = f"ccusage {ccusage.VERSION}, by month"
BY_MONTH = "the year by month"
DRAWN = "drawn in colour"
BYTES_AT_MOST = 140.0
BARE_AT_MOST = 2.0
FASTER_AT_LEAST = 20.0

FIRST = "the first screen"
QUESTIONS: dict[str, tuple[list[str], float | None]] = {
    FIRST: ([], 10.0),
    "the last 30 days": (["--since", "30d"], 10.0),
    BY_MONTH: (["--by", "month"], 25.0),
    "the year by team": (["--by", "team"], 40.0),
    "the year by repository": (["--by", "repository"], 40.0),
    "the year by branch": (["--by", "vcs.ref.head.name"], 40.0),
    "one branch, by model": (["--by", "model", "--where", "vcs.ref.head.name=work-7"], 40.0),
    "the year by day and model": (["--by", "day,model", "--since", "366d"], None),
    "the year by session": (["--by", "session", "--json"], None),
}
"""Question about the large size -> (words, at most so many times the yardstick)."""


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
        return short(left, base, asked) if asked.short else whole(left, base, asked)


def short(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Measure ten thousand requests, by the interpreter and the package that run this."""
    place = left.enter_context(home(base, "small"))
    place.environ["PYTHONPATH"] = str(REPOSITORY)
    missed = take_in(place, SMALL, 0, None)
    contenders = {PASS: Asked([sys.executable, "-c", "pass"], place.environ, place.work)}
    most = add_small(contenders, place, [sys.executable, "-m", "cclaunch"], "usage")
    print(f"{asked.rounds} rounds, in changing order")
    return int(missed + print_times(interleaved(contenders, asked.rounds), most) > 0)


def whole(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Measure both sizes, with the command as install.sh and as pip lay it, beside ccusage."""
    few, many = (left.enter_context(home(base, name)) for name in ("small", "large"))
    launcher, script = install(few)
    missed = take_in(few, SMALL, OTHERS, None)
    missed += take_in(many, asked.requests, OTHERS, asked.keep)
    python = str(script.parent / "python")  # what else the machine's own has installed is not our yardstick
    contenders = {PASS: Asked([python, "-c", "pass"], few.environ, few.work)}
    most = add_small(contenders, few, [str(launcher)], "usage")
    most |= add_small(contenders, few, [str(script)], "usage, laid by pip")
    for name, (words, limit) in QUESTIONS.items():
        contenders[name] = Asked([str(launcher), "usage", *words], many.environ, many.work)
        most |= {name: limit} if limit else {}
    for name in (FIRST, BY_MONTH):
        contenders[f"{name}, {DRAWN}"] = contenders[name]._replace(drawn=True)
        most[f"{name}, {DRAWN}"] = 12.0
    theirs = ccusage.asking(many, transcripts(many, asked.requests, asked.keep))
    missed += differ(many, launcher, theirs)
    print(f"{asked.rounds} rounds, in changing order; {asked.requests:,} requests and {asked.requests * OTHERS:,} other events")
    times = interleaved(contenders, asked.rounds)
    times[CCUSAGE] = [ran(theirs) for _ in range(3)]
    missed += print_times(times, most)
    ratio = processor(times[CCUSAGE]) / processor(times[BY_MONTH])
    print(f"{'ccusage / the year by month':{WIDTH}}{ratio:.1f} {'>=' if ratio >= FASTER_AT_LEAST else '<'} {FASTER_AT_LEAST:.1f}")
    return int(missed + (ratio < FASTER_AT_LEAST) > 0)


def add_small(contenders: dict[str, Asked], place: Sandbox, command: list[str], name: str) -> dict[str, float]:
    """Add the first screen at ten thousand requests, in a pipe and drawn; return what they may be at most."""
    asked = Asked([*command, "usage"], place.environ, place.work)
    contenders[name] = asked
    contenders[f"{name}, {DRAWN}"] = asked._replace(drawn=True)
    return {name: 6.0, f"{name}, {DRAWN}": 8.0}


def take_in(place: Sandbox, number: int, others: int, kept: Path | None) -> int:
    """Write *number* requests into *place* (or use those that were *kept*), have the ledger take them in; tell what that took."""
    paths = our_paths(dict(place.environ))
    database = kept / f"telemetry-{number}.db" if kept else Path(paths.database)
    if not database.exists():
        write_telemetry(database, year(number, time.time_ns(), YEAR_NS if number > SMALL else SEASON_NS), others)
    if kept:
        Path(paths.database).parent.mkdir(parents=True, exist_ok=True)
        Path(paths.database).symlink_to(database)
    found = caught_up(Places(paths.database, paths.ledger, paths.ledger_lock))
    if found.requests != number:
        raise SystemExit(f"{found.requests:,} requests are in the ledger, and {number:,} were made")
    a_request = 1e6 / number
    more = f"   {found.seconds * a_request:.2f} us a request, bare {found.bare * a_request:.2f}"
    missed = print_figure(f"catch-up of {number:,} / executemany", found.seconds / found.bare, BARE_AT_MOST, "times", 2, more)
    small, all_of_it = bytes_a_request(paths.ledger)
    more = f"   with what is stored once {all_of_it:.1f}"
    return missed + print_figure("bytes of the ledger a request", small, BYTES_AT_MOST, "bytes", 1, more)


def transcripts(place: Sandbox, number: int, kept: Path | None) -> Path:
    """Return the directory that holds the same requests as transcripts, below its `projects`."""
    directory = (kept or place.home) / f"transcripts-{number}"
    if not directory.exists():
        write_transcripts(directory / "projects", year(number, time.time_ns()))
    return directory


def differ(place: Sandbox, launcher: Path, theirs: Asked) -> int:
    """Say whether ccusage and we count different tokens, which would make all ratios worthless."""
    words = [str(launcher), "usage", "--json", "--by", "month"]
    done = subprocess.run(words, env=place.environ, cwd=place.work, capture_output=True, check=True)
    ours, other = json.loads(done.stdout)["total"], ccusage.counted(theirs)
    if {name: ours[name] for name in other} == other:
        return 0
    print(f"not the same requests: we count {ours}, ccusage {other}")
    return 1


def processor(taken: Sequence[Taken]) -> float:
    """Return the seconds of the processor that runs took, the median."""
    return statistics.median(one.processor for one in taken)


def print_times(times: Mapping[str, Sequence[Taken]], most: Mapping[str, float]) -> int:
    """Print a row for each contender, its processor's time against the yardstick's; return how many targets were missed."""
    print(f"{'':{WIDTH}}processor ms    quartiles     clock ms    / {PASS}")
    missed = 0
    for name, taken in times.items():
        low, median, high = quartiles([one.processor for one in taken])
        ratio = processor(taken) / processor(times[PASS])
        clock = statistics.median(one.clock for one in taken) * 1000
        missed += ratio > most.get(name, ratio)
        print(f"{name:{WIDTH}}{median:12.1f}  {low:7.1f} {high:7.1f}  {clock:9.1f}    {judged(ratio, most.get(name), 2)}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
