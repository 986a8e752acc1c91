"""
ccusage on transcripts that a bench has made: how it is asked, and what it counts.

The problem it owns: it is asked the same question about the same requests, and what it counts is known, or its time means
nothing.
"""

import json
import subprocess
from pathlib import Path

import native_ccusage
from drawn import Asked
from native_ccusage import QUESTION, VERSION
from sandbox import Sandbox

__all__ = ["QUESTION", "VERSION", "asking", "counted", "native"]


def native() -> Path:
    """Return the native program. Raises SystemExit without it."""
    found = native_ccusage.native()
    if found is None:
        raise SystemExit(f"there is no native ccusage {VERSION}, and npm cannot fetch it")
    return found


def asking(place: Sandbox, directory: Path) -> Asked:
    """Return the question to ccusage in *place*, about the transcripts below *directory*, which stands for ~/.claude."""
    return Asked([str(native()), *QUESTION], {**place.environ, "CLAUDE_CONFIG_DIR": str(directory)}, place.work)


def counted(asked: Asked) -> dict[str, int]:
    """Return the tokens that ccusage counts, by the names that ours have."""
    done = subprocess.run(asked.words, env=dict(asked.environ), cwd=asked.directory, capture_output=True, check=True)
    total = json.loads(done.stdout)["totals"]
    names = {"input": "input", "output": "output", "cacheRead": "cache_read", "cacheCreation": "cache_creation"}
    return {f"{ours}_tokens": total[f"{theirs}Tokens"] for theirs, ours in names.items()}
