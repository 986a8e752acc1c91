"""
What measures still runs: benches at their smallest sizes.

The problem it owns: nobody starts a bench for months, and then it does not know what it measures any more. What its figures are,
and whether they are too many, is not asked here: that depends on the machine.
"""

import subprocess
import sys

import pytest
from guard import REPOSITORY

BENCHES = {
    "history.py 1 --requests 80 --large 400": (
        "as the newest release writes: ",
        "the smallest of an older release: ",
        "nothing but the usage: ",
        "peak, 400 requests",
    ),
    "answers.py 1 --requests 400 --others 3": (
        "head ",
        "whom, a year ",
        "tools, a year, narrowed ",
        "after that of a new launch ",
        "csv of sessions, a year ",
        "memory of who asks, at most ",
    ),
    "page.py 2 --requests 400 --no-browser": ("a question, p95, processor ", "memory of the process, at most "),
    "looking.py 1 --exports 20 --requests 400": ("p99 with a page that is looked at ",),
    "exported.py 1 --requests 400 --others 3": ("a year, all profiles ", "a year, one profile ", "size of the last file "),
    "witnessed.py 1 --requests 400": ("new ", "told again ", "events tell of them later "),
    "statusline.py 3 --whatever": ("launcher of install.sh ", "launcher, wrapping ", "script of the wheel, pip "),
    "budget.py 3 --wheels": (
        "launcher, no budget ",
        "launcher, a budget half spent ",
        "python -c pass ",
        "a budget, clock",
        "a budget, proc",
    ),
    "spent.py 1 --requests 400": ("added up and written ", "nothing has changed ", "a turn of catch-up "),
    "pulled.py 1 --requests 400": ("catching up, ", "by team, ", "by pr, ", "the plan's windows "),
    "watch.py 1 --requests 400 --seconds 1": (
        "first frame / usage, 400",
        "at rest, 400",
        "by a collector, 10/s, 400",
        "by itself, 10/s, 400",
    ),
}
"""The words of a bench -> how its rows begin."""


@pytest.mark.parametrize("words", BENCHES)
def test_a_bench_runs(words: str) -> None:
    """All its rows are there, and nothing is said of trouble."""
    script, *rest = words.split()
    command = [sys.executable, str(REPOSITORY / "tests" / "bench" / script), *rest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found = done.stdout.splitlines()
    assert [row for row in BENCHES[words] if not any(line.startswith(row) for line in found)] == []
