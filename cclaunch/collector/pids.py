"""
Who still needs the collector: the processes that a launch became, by pid and start time.

A pid alone can be somebody else's by tomorrow; with the start time it names one process. The list is kept in
a file: a collector that was killed and started again must not leave a quiet session alone.
"""

import contextlib
import os
from collections.abc import Iterator

import psutil

TOLERANCE_S = 2.0
"""The system reckons start times from the clock, and that may be set meanwhile."""

MOST = 4096
"""Processes that are remembered: more sessions than a machine can run."""


class Launched:
    """The launched processes that are still alive; *path* is the file that remembers them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._alive = dict(read_pids(path))

    def add(self, pid: int) -> None:
        """
        Remember the process *pid* of this user, or of root; one that is gone already is no matter.

        Never the first of all processes: no launch is, but in a container, and what lives as long as that needs no memory.
        """
        started = self._started(pid) if pid > 1 and _is_ours(pid) else None
        if started is not None and len(self._alive) < MOST and not same(self._alive.get(pid), started):
            self._alive[pid] = started
            self._sweep()
            self.keep()

    def any(self) -> bool:
        """Say whether any of them lives, and forget those that do not."""
        if self._sweep():
            self.keep()
        return bool(self._alive)

    def _sweep(self) -> bool:
        """Forget the dead; say whether there were any."""
        known = len(self._alive)
        self._alive = {pid: started for pid, started in self._alive.items() if same(self._started(pid), started)}
        return len(self._alive) < known

    def keep(self) -> None:
        """Write the list for a successor; without fsync, because a crash of the machine ends these processes too."""
        temporary = f"{self._path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.writelines(f"{pid}={started}\n" for pid, started in self._alive.items())
            os.replace(temporary, self._path)

    @staticmethod
    def _started(pid: int) -> float | None:
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
        except (psutil.Error, OSError):
            return None


def _is_ours(pid: int) -> bool:
    try:
        return psutil.Process(pid).uids().effective in (os.geteuid(), 0)
    except (psutil.Error, OSError):
        return False


def any_alive(path: str) -> bool:
    """Say whether a process that *path* remembers lives, without touching the file: its collector may be writing it."""
    return any(same(Launched._started(pid), started) for pid, started in read_pids(path))


def same(one: float | None, other: float | None) -> bool:
    """Say whether two start times are one process's."""
    return one is not None and other is not None and abs(one - other) <= TOLERANCE_S


def read_pids(path: str) -> Iterator[tuple[int, float]]:
    """Yield pid and start time of each line of *path* that has both."""
    try:
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        pid, _, started = line.partition("=")
        with contextlib.suppress(ValueError):
            yield int(pid), float(started)
