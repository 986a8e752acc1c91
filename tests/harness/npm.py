"""Packages of npm, each fetched once into the cache of the tests."""

import os
import shutil
import subprocess
from pathlib import Path

from guard import CACHE


def fetched(name: str, version: str) -> Path | None:
    """Return the directory into which *name* was installed, now if it is not there; None where it cannot be."""
    place = CACHE / f"{name}-{version}"
    if not place.exists():
        making = place.with_name(f"{place.name}.{os.getpid()}")  # others may fetch it, too
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(making), f"{name}@{version}"]
        if not shutil.which(words[0]) or subprocess.run(words, check=False, stdin=subprocess.DEVNULL).returncode != 0:
            shutil.rmtree(making, ignore_errors=True)
            return None
        making.rename(place)
    return place
