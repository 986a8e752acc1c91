"""
Whether the collector still has its place: the lock, the ports file and the key are what launches and verbs know it by.

Somebody may move the data directory, or delete any of these. The lock decides: when another file stands at its path,
a second collector could start beside us, so the place is taken anew (the supervisor does that) or left. The other
files are written again.
"""

import contextlib
import os

from cclaunch.files.atomic import replace_file
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat, read_small
from cclaunch.serving.holder import lost

LOOK_S = 1.0
"""So often it is looked at; also before each answer about our health."""


class Standing:
    """
    The place of one collector.

    Args:
        paths: Our directories.
        lock: The descriptor of the lock that is held; negative for none (a collector without a supervisor).
        files: Path -> what has to stand there.
    """

    def __init__(self, paths: Paths, lock: int, files: dict[str, str]) -> None:
        self._paths = paths
        self._lock = lock
        self._files = files
        self._stays: bytes | None = None

    def lost(self) -> bool:
        """Say whether the lock that we hold is no longer the one at its path."""
        return self._lock >= 0 and lost(self._lock, self._paths.collector_lock)

    def mend(self) -> list[str]:
        """Write again what is missing or was changed of our files; return their names. Nothing when the place is lost."""
        if self.lost():
            return []
        self._stays = read_small(self._paths.collector_stays, 4096)
        return [os.path.basename(path) for path, text in self._files.items() if self._mended(path, text)]

    def _mended(self, path: str, text: str) -> bool:
        if (read_small(path, 4096) or b"").decode("utf-8", "replace") == text:
            return False
        with contextlib.suppress(OSError):
            write_private(path, text)
            return True
        return False

    def carry(self) -> None:
        """Take along to the new place what says that a collector stays."""
        path = self._paths.collector_stays
        if self._stays and not os.path.exists(path):
            with contextlib.suppress(OSError):
                write_private(path, os.fsdecode(self._stays))

    def leave(self) -> None:
        """Take the ports file away, if it is ours."""
        path = self._paths.collector_ports
        if not self.lost() and read_flat(path).get("pid") == str(os.getpid()):
            with contextlib.suppress(OSError):
                os.unlink(path)


def write_private(path: str, text: str) -> None:
    """Write *text* to *path* whole or not at all, for the owner's eyes. Raises OSError."""
    replace_file(path, text.encode("utf-8", "surrogateescape"))
