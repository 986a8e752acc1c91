"""
ccusage, the tool that people use today: fetched by npm, its native program asked about the transcripts of a home.

The problem it owns: it is asked the same question about the same requests, by the tests and by tests/bench, without a
network.
"""

import json
from pathlib import Path
from typing import Any

from npm import fetched
from sandbox import Sandbox

VERSION = "20.0.24"
QUESTION = ["claude", "monthly", "--offline", "--json"]
PROGRAM = "node_modules/@ccusage/ccusage-*/bin/ccusage"


def native() -> Path | None:
    """Return the native program, fetched into the cache of the tests if it is not there; None where it cannot be."""
    place = fetched("ccusage", VERSION)
    found = list(place.glob(PROGRAM)) if place else []
    if not found:
        return None
    found[0].chmod(0o755)  # as its own script does it
    return found[0]


def totals(program: Path, place: Sandbox) -> dict[str, Any]:
    """Return all that *program* counts in the home of *place*: tokens by kind, and dollars."""
    done = place.run([str(program), *QUESTION])
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["totals"]
    return found
