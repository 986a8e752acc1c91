"""
Who still needs the collector: the processes that a launch became, by pid and start time.

A pid alone can be somebody else's by tomorrow; with the start time it names one process.
"""

import psutil


class Launched:
    """The launched processes that are still alive."""

    def __init__(self) -> None:
        self._alive: dict[int, float] = {}

    def add(self, pid: int) -> None:
        """Remember the process *pid*; one that is gone already is no matter."""
        started = self._started(pid)
        if started is not None:
            self._alive[pid] = started

    def any(self) -> bool:
        """Say whether any of them lives, and forget those that do not."""
        self._alive = {pid: started for pid, started in self._alive.items() if self._started(pid) == started}
        return bool(self._alive)

    @staticmethod
    def _started(pid: int) -> float | None:
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
        except (psutil.Error, OSError):
            return None
