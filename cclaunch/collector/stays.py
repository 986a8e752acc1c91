"""
Whether the collector stays when nobody needs it: `stack enable` was said, and what it wrote is still there.

The mark names the unit or agent. One that was deleted by hand counts no more, and the collector ends when idle again.
"""

import contextlib
import os

from cclaunch.files.atomic import remove, write_atomic
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small


def mark(paths: Paths, unit: str) -> None:
    """Have the collector stay as long as the file *unit* exists. Raises FileTrouble."""
    write_atomic(paths.collector_stays, os.fsencode(unit))


def unmark(paths: Paths) -> None:
    """Have it end when idle. Raises FileTrouble."""
    remove(paths.collector_stays)


def stays(paths: Paths) -> bool:
    """Say whether it stays."""
    with contextlib.suppress(ValueError):
        return os.path.exists(read_small(paths.collector_stays, 4096) or b"")
    return False
