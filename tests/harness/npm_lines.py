"""
ccstatusline, the status line that people use today: fetched by npm into the cache of the tests.
"""

import os
import shutil
import subprocess
from pathlib import Path

from guard import CACHE

VERSION = "2.2.30"


def ccstatusline() -> Path | None:
    """Return its script, which node runs, fetched if it is not there; None where it cannot be."""
    place = CACHE / f"ccstatusline-{VERSION}"
    if not place.exists():
        making = place.with_name(f"{place.name}.{os.getpid()}")  # others may fetch it, too
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(making), f"ccstatusline@{VERSION}"]
        if shutil.which(words[0]) and subprocess.run(words, check=False, stdin=subprocess.DEVNULL).returncode == 0:
            making.rename(place)
        else:
            shutil.rmtree(making, ignore_errors=True)
    found = place / "node_modules" / ".bin" / "ccstatusline"
    return found.resolve() if found.exists() else None
