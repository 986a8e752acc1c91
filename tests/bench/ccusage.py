"""
ccusage, the tool that people use today: fetched by npm, its native program run on transcripts.

The problem it owns: it is asked the same question about the same requests, and what it counts is known, or its time means
nothing.
"""

import json
import os
import subprocess
from pathlib import Path

from drawn import Asked
from guard import CACHE
from sandbox import Sandbox

VERSION = "20.0.24"
QUESTION = ["claude", "monthly", "--offline", "--json"]


def native() -> Path:
    """Return the native program, fetched into the cache of the tests if it is not there. Raises SystemExit without it."""
    place = CACHE / f"ccusage-{VERSION}"
    if not place.exists():
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), f"ccusage@{VERSION}"]
        subprocess.run(words, check=False, stdin=subprocess.DEVNULL)
    found = list(place.glob("node_modules/@ccusage/ccusage-*/bin/ccusage"))
    if not found:
        raise SystemExit(f"there is no native ccusage in {place}")
    os.chmod(found[0], 0o755)  # as its own script does it
    return found[0]


def asking(place: Sandbox, directory: Path) -> Asked:
    """Return the question to ccusage in *place*, about the transcripts below *directory*, which stands for ~/.claude."""
    return Asked([str(native()), *QUESTION], {**place.environ, "CLAUDE_CONFIG_DIR": str(directory)}, place.work)


def counted(asked: Asked) -> dict[str, int]:
    """Return the tokens that ccusage counts, by the names that ours have."""
    done = subprocess.run(asked.words, env=dict(asked.environ), cwd=asked.directory, capture_output=True, check=True)
    total = json.loads(done.stdout)["totals"]
    names = {"input": "input", "output": "output", "cacheRead": "cache_read", "cacheCreation": "cache_creation"}
    return {f"{ours}_tokens": total[f"{theirs}Tokens"] for theirs, ours in names.items()}
