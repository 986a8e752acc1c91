"""
What a launch costs, as ratios measured in one run, and where the time goes.

Installs the checkout with install.sh, pipx and uv into throw-away homes, wakes the collectors, and then runs each contender
once a round, in changing order, so that whatever else the machine does meets all of them alike:

    python tests/bench/launch.py [ROUNDS] [--load N] [--idle SECONDS] [--short]
    python tests/bench/launch.py [ROUNDS] [--load N] [--short] --against CHECKOUT

With --against it measures no yardstick, but the same launches of another checkout: what a change of ours costs. With --load, N
busy loops run beside. --short leaves out what takes minutes to prepare: the Docker stack, pipx and uv, a large repository.

The contenders end in the same `claude`, which does nothing, from a git repository with a settings file in place and a profile in
use. The time of the processor that each took is told beside, because a busy machine makes it wait, but has it do no more. The
parts are told by `parts`, what rest costs by `idle`. The exit code is 1 when something was more than it may be.
"""

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import cases
from cases import BASH, BY_PIP, BY_PIPX, CONTAINERS, DISABLED, INSTALLED, PASS
from guard import REPOSITORY
from homes import home, install
from idle import idle, resident
from parts import BARE, Parts
from rounds import Contender, Taken, interleaved, load, run
from sandbox import Sandbox
from table import print_figure, print_parts, print_table, quartiles

ROUNDS = 200
COLD_ROUNDS = 11
IDLE_S = 60.0
COLD_AT_MOST_MS = 250.0
RESIDENT_AT_MOST_MB = 80.0
TARGETS = {
    (INSTALLED, PASS): 1.00,
    (INSTALLED, BASH): 1.10,
    (BY_PIP, PASS): 1.20,
    (BY_PIPX, PASS): 1.20,
    (DISABLED, PASS): 0.95,
}
"""(contender, yardstick) -> at most so many times its median."""

AGAINST = {INSTALLED: 1.02, BY_PIP: 1.08, CONTAINERS: 1.00}
"""Contender -> at most so many times what it took before."""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--against", type=Path, metavar="CHECKOUT")
    words.add_argument("--load", type=int, default=0, metavar="N")
    words.add_argument("--idle", type=float, default=IDLE_S, metavar="SECONDS", help="0 leaves it out")
    words.add_argument("--short", action="store_true")
    asked = words.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    with ExitStack() as left:
        base = Path(left.enter_context(tempfile.TemporaryDirectory()))
        try:
            return compare(left, base, asked) if asked.against else measure(left, base, asked)
        finally:  # what was started is stopped, whoever is impatient
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def measure(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Run everything in homes below *base*."""
    place = left.enter_context(home(base, "now"))
    launcher, script = install(place)
    contenders = cases.yardsticks(place, script) | cases.plain(place, launcher, script)
    contenders |= cases.rewritten(left.enter_context(home(base, "rewritten")), launcher) | cases.crowded(left, base, launcher)
    if not asked.short:
        contenders |= cases.large(place, launcher) | cases.by_installers(left, base)
        if host := left.enter_context(cases.engine()):
            contenders[CONTAINERS] = cases.in_containers(left, base / "containers", launcher, host)
    with load(asked.load):
        cold = cold_launches(place, contenders[INSTALLED])
        parts = Parts(place, launcher, INSTALLED)
        times = interleaved(contenders | parts.contenders, asked.rounds)
    print_rounds(asked)
    rows = [PASS, BASH, BARE, *(name for name in contenders if name not in (PASS, BASH))]
    missed = print_table({name: times[name] for name in rows}, (PASS, BASH), TARGETS)
    low, median, high = quartiles(cold)
    spread = f"   quartiles {low:.1f} {high:.1f}, of {len(cold)}"
    missed += print_figure("cold launch, to exec", median, COLD_AT_MOST_MS, "ms", more=spread)
    print_parts(times, BARE, parts.steps)
    print()
    return int(missed + rest(place, launcher, asked.idle) > 0)


def rest(place: Sandbox, launcher: Path, seconds: float) -> int:
    """Print what supervisor and collector of *place* cost at rest; return how many targets were missed."""
    missed = print_figure("supervisor and collector, resident", resident(place) / 1e6, RESIDENT_AT_MOST_MB, "MB")
    if seconds:
        found = idle(place, launcher, seconds)
        over = f"   over {seconds:g} s, of {found.processes} processes, one session open"
        print_figure("at rest", found.wakeups, None, "wake-ups a minute", more=over)
        print_figure("at rest", found.processor, None, "s of the processor a day")
    return missed


def compare(left: ExitStack, base: Path, asked: argparse.Namespace) -> int:
    """Run the warm launches of this checkout, and those of the other."""
    contenders: dict[str, Contender] = {}
    host = "" if asked.short else left.enter_context(cases.engine())
    for when, checkout in (("now", REPOSITORY), ("before", asked.against.resolve())):
        place = left.enter_context(home(base, when))
        launcher, script = install(place, checkout)
        found = cases.plain(place, launcher, script)
        found |= cases.rewritten(left.enter_context(home(base, f"rewritten-{when}")), launcher)
        contenders |= {f"{name}, {when}": one for name, one in found.items()}
        if host:
            name = f"{CONTAINERS}, {when}"
            contenders[name] = cases.in_containers(left, base / f"containers-{when}", launcher, host)
    with load(asked.load):
        times = interleaved(contenders, asked.rounds)
    print_rounds(asked)
    names = [name.removesuffix(", now") for name in contenders if name.endswith(", now")]
    missed = 0
    for name in names:
        now, before = f"{name}, now", f"{name}, before"
        most = {(now, before): AGAINST[name]} if name in AGAINST else {}
        missed += print_table({now: times[now], before: times[before]}, (before,), most)
        print(f"  in each round: {each_round(times[now], times[before])}")
    return int(missed > 0)


def each_round(mine: list[Taken], theirs: list[Taken]) -> str:
    """Return the ratio of two that ran in the same rounds: its median and quartiles, on the clock and of the processor."""
    told = []
    for kind in Taken._fields:
        low, median, high = quartiles([getattr(a, kind) / getattr(b, kind) for a, b in zip(mine, theirs, strict=True)], 1)
        told.append(f"{kind} {median:.3f}, quartiles {low:.3f} {high:.3f}")
    return "; ".join(told)


def print_rounds(asked: argparse.Namespace) -> None:
    """Say what the table rests on."""
    beside = f", beside {asked.load} busy loops" if asked.load else ""
    print(f"{asked.rounds} rounds, in changing order{beside}; milliseconds")


def cold_launches(place: Sandbox, launch: Contender) -> list[float]:
    """Return the seconds of launches whose collector does not run yet; it runs after the last."""
    taken = []
    for _ in range(COLD_ROUNDS):
        place.run([launch.words[0], "stack", "down"])
        taken.append(run(launch).clock)
    return taken


if __name__ == "__main__":
    sys.exit(main())
