"""When the page has been looked at last: nobody's page needs no process."""

import time
from collections.abc import Callable

IDLE_S = 900.0
"""So long after the last look the process ends: fifteen minutes."""


class Idle:
    """
    Knows when it was looked last.

    Args:
        limit_s: Seconds after which nobody looks any more.
        clock: Tells the time in seconds; one that no clock on the wall moves.
    """

    def __init__(self, limit_s: float = IDLE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_s
        self._clock = clock
        self._last = clock()

    def looked(self) -> None:
        """Note that somebody looks."""
        self._last = self._clock()

    def over(self) -> bool:
        """Say whether nobody has looked for so long."""
        return self._clock() - self._last > self._limit
