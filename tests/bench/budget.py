"""
What a budget costs a launch, as ratios measured in one run.

Installs the checkout with install.sh into throw-away homes, wakes their collectors, and then runs each contender once a round, in
changing order:

    python tests/bench/budget.py [ROUNDS] [--load N] [--wheels]

Both launches end in the same `claude`, which does nothing, from a repository with a profile in use. The one has no budget; the
other's profile has one, and half of it is spent, so that there is nothing to say. With --wheels our wheel is installed, and those
of the environment that runs this, without a network. The exit code is 1 when something was more than it may be.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from cases import PASS, launching, yardsticks
from homes import do, home, install, use_profile
from installing import wheels, whole
from launch import each_round, print_rounds
from rounds import Contender, Taken, interleaved, load
from sandbox import Sandbox
from spending_file import write_spending
from table import WIDTH, judged, print_table

from cclaunch.hot.paths import our_paths

ROUNDS = 400
WITHOUT, BUDGET = "launcher, no budget", "launcher, a budget half spent"
AT_MOST = 1.02
"""Times the launch without a budget, in the same round: whatever else the machine does meets both."""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--load", type=int, default=0, metavar="N")
    words.add_argument("--wheels", action="store_true")
    asked = words.parse_args()
    with ExitStack() as left:
        contenders = made(left, Path(left.enter_context(tempfile.TemporaryDirectory())), by_wheel=asked.wheels)
        with load(asked.load):
            times = interleaved(contenders, asked.rounds)
    print_rounds(asked)
    print_table(times, (WITHOUT, PASS), {})
    print(f"  in each round: {each_round(times[BUDGET], times[WITHOUT])}")
    return int(sum(print_ratio(kind, times) for kind in Taken._fields) > 0)


def print_ratio(kind: str, times: Mapping[str, Sequence[Taken]]) -> int:
    """Print how many times as much a budget takes of *kind*, and return whether that is more than it may be."""
    pairs = zip(times[BUDGET], times[WITHOUT], strict=True)
    ratio: float = statistics.median(getattr(a, kind) / getattr(b, kind) for a, b in pairs)
    print(f"{f'a budget, {kind}':{WIDTH}}{judged(ratio, AT_MOST, 3)}")
    return ratio > AT_MOST


def made(left: ExitStack, base: Path, *, by_wheel: bool) -> dict[str, Contender]:
    """Return the contenders, in homes below *base* that stay until *left* is closed."""
    plain, budgeted = (left.enter_context(home(base, name)) for name in ("plain", "budgeted"))
    if by_wheel:
        plain.environ |= {"CCLAUNCH_SOURCE": str(whole()), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels())}
    launcher, script = install(plain)
    use_profile(budgeted, launcher)
    do(budgeted, str(launcher), "profile", "set", "data-eng", "--budget", "300")
    launches = {WITHOUT: plain, BUDGET: budgeted}
    return {name: launching(place, launcher)._replace(before=partial(half_spent, place)) for name, place in launches.items()} | {
        PASS: yardsticks(plain, script)[PASS]
    }


def half_spent(place: Sandbox) -> None:
    """Write what was spent, as it is while nothing is sent: whoever keeps that file in *place* knows of nothing."""
    write_spending(our_paths(place.environ), {"day": 10, "week": 50, "month": 200, "month.data-eng": 150})


if __name__ == "__main__":
    sys.exit(main())
