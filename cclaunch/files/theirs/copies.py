"""The copies of files of the person's, taken before we change them: the last five of each, readable by nobody else."""

import contextlib
import os
import time
from hashlib import sha256

from cclaunch.files.atomic import make_directory, write_atomic
from cclaunch.hot.paths import Paths

KEPT = 5


def label(target: str) -> str:
    """Return what the copies of the file *target* are called: its name, and a hash of where it is."""
    name = os.path.basename(target).encode("utf-8", "surrogateescape").decode("ascii", "replace").replace("\ufffd", "_")
    return f"{name[:80]}.{sha256(os.fsencode(target)).hexdigest()[:12]}"


def copies(paths: Paths, target: str) -> list[str]:
    """Return the paths of the copies of *target*, the oldest first."""
    prefix = f"{label(target)}."
    try:
        names = os.listdir(paths.copies)
    except OSError:
        return []
    found = [name for name in names if name.startswith(prefix) and name.removeprefix(prefix).isdigit()]
    return [f"{paths.copies}/{name}" for name in sorted(found, key=lambda name: int(name.removeprefix(prefix)))]


def backup(paths: Paths, target: str, data: bytes) -> str:
    """Keep *data*, the content of *target*, and return the copy's path. Raises FileTrouble when it cannot be kept."""
    make_directory(paths.copies)
    path = f"{paths.copies}/{label(target)}.{time.time_ns()}"
    write_atomic(path, data)
    for old in copies(paths, target)[:-KEPT]:
        with contextlib.suppress(OSError):
            os.unlink(old)
    return path
