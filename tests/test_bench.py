"""
What measures still runs: the benches of the second witness, at their smallest sizes.

The problem it owns: nobody starts a bench for months, and then it does not know what it measures any more. What its figures are,
and whether they are too many, is not asked here: that depends on the machine.
"""

import subprocess
import sys

import pytest
from guard import REPOSITORY


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (
            ["history.py", "1", "--requests", "80", "--large", "400"],
            [
                "as the newest release writes: ",
                "the smallest of an older release: ",
                "nothing but the usage: ",
                "peak, 400 requests",
            ],
        ),
        (["witnessed.py", "1", "--requests", "400"], ["new ", "told again ", "events tell of them later "]),
    ],
    ids=["history", "witnessed"],
)
def test_a_bench_runs(words: list[str], rows: list[str]) -> None:
    """All its rows are there, and nothing is said of trouble."""
    script = REPOSITORY / "tests" / "bench" / words[0]
    done = subprocess.run([sys.executable, str(script), *words[1:]], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found = done.stdout.splitlines()
    assert [row for row in rows if not any(line.startswith(row) for line in found)] == []
