"""Packages of npm, each fetched once into the cache of the tests."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from guard import CACHE

FETCH_S = 120.0
"""So long a registry is waited for: without a network npm would try again and again."""


def fetched(name: str, version: str) -> Path | None:
    """Return the directory into which *name* was installed, now if it is not there; None where it cannot be."""
    place = CACHE / f"{name}-{version}"
    if not place.exists():
        making = place.with_name(f"{place.name}.{os.getpid()}")  # others may fetch it, too
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(making), f"{name}@{version}"]
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            if subprocess.run(words, check=False, stdin=subprocess.DEVNULL, timeout=FETCH_S).returncode == 0:
                making.rename(place)
        shutil.rmtree(making, ignore_errors=True)
    return place if place.exists() else None
