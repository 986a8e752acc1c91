"""
How work grows with its input.

The problem it owns: what a stranger's file costs may not be quadratic, and no machine's seconds say whether it is. Both sizes
are timed in one run, in processor time and the best of several, so that a busy machine slows the one as it slows the other.
"""

import time
from collections.abc import Callable

TIMES = 5
TENFOLD = 10
LAX = 4


def growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times more *work* of *size* costs than a tenth of it: 10 is linear, 100 is quadratic."""
    small, large = (min(_cost(work, one) for _ in range(TIMES)) for one in (size // TENFOLD, size))
    return large / max(small, 1e-5)


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Assert that *work* grows as its size does, which a bound between linear and quadratic tells apart."""
    assert growth(work, size) < TENFOLD * LAX


def _cost(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
