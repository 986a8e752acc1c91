"""
The collector's word that it is well, for those who will not ask: locks that end with it, at places that tell the time.

The problem it owns: the word must end with whatever made it true. The system takes the locks away with the process, time
makes them worthless when it hangs, and `stop` gives them up at once when something is wrong. `hot.alive` is who reads them.
"""

import contextlib
import os

from cclaunch.hot.alive import BEATS, place_of


class Heartbeat:
    """
    The locks of this process on the file at *path*.

    The file is opened here alone: whatever descriptor of it a process closes, that ends its locks.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle = -1
        self._held: list[int] = []

    def beat(self) -> None:
        """Hold the place of now, and let go of those that nobody looks at any more. Without such a file, launches ask."""
        with contextlib.suppress(OSError):
            if not self._is_at_its_path():
                self._open()
            place = place_of(os.getpid())
            if place not in self._held:
                self._lock(place, os.F_TLOCK)
                self._held.append(place)
            while self._held[0] <= place - 2 * BEATS:
                self._lock(self._held[0], os.F_ULOCK)
                del self._held[0]

    def stop(self) -> None:
        """Let go of all places: from now on launches ask. The system does that when a file is closed, which cannot fail."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            self._held.clear()
            os.close(handle)

    def _lock(self, place: int, how: int) -> None:
        os.lseek(self._handle, place, os.SEEK_SET)
        os.lockf(self._handle, how, 1)

    def _is_at_its_path(self) -> bool:
        try:
            return self._handle >= 0 and os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        self.stop()
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
