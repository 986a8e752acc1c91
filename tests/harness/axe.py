"""
axe-core, which finds what keeps people from using a page: fetched by npm into the cache of the tests.

The problem it owns: the page is asked the same questions about colours, names and roles each time, without a network.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from guard import CACHE

VERSION = "4.14.1"
FETCH_S = 60.0
SERIOUS = ("serious", "critical")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def script() -> Path | None:
    """Return the script, fetched if it is not there; None where it cannot be."""
    place = CACHE / f"axe-core-{VERSION}"
    if not place.exists():
        making = place.with_name(f"{place.name}.{os.getpid()}")  # others may fetch it, too
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(making), f"axe-core@{VERSION}"]
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            if subprocess.run(words, check=False, stdin=subprocess.DEVNULL, timeout=FETCH_S).returncode == 0:
                making.rename(place)
        shutil.rmtree(making, ignore_errors=True)
    found = place / "node_modules/axe-core/axe.min.js"
    return found if found.exists() else None
