"""
Whether the collector stays when nobody needs it: `stack enable` was said, and what it wrote is still there.

The mark names the unit or agent. One that was deleted by hand counts no more, and the collector ends when idle again.
"""

import contextlib
import os

from cclaunch.files.atomic import remove, write_atomic
from cclaunch.hot.paths import Directories
from cclaunch.hot.reading import read_small

NAME = "collector.stays"


def mark(where: Directories, unit: str) -> None:
    """Have the collector stay as long as the file *unit* exists. Raises FileTrouble."""
    write_atomic(f"{where.data}/{NAME}", os.fsencode(unit))


def unmark(where: Directories) -> None:
    """Have it end when idle. Raises FileTrouble."""
    remove(f"{where.data}/{NAME}")


def stays(where: Directories) -> bool:
    """Say whether it stays."""
    with contextlib.suppress(ValueError):
        return os.path.exists(read_small(f"{where.data}/{NAME}", 4096) or b"")
    return False
