"""
The small file of what was spent, as a launch finds it.

The problem it owns: a test says dollars, and what they were spent in; the periods lie around now.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from cclaunch.hot.paths import Paths
from cclaunch.hot.spending import DAY, MONTH, PERIODS, WEEK, Spending, Spent, as_text

NS = 1_000_000_000
LENGTHS = {DAY: 86_400 * NS, WEEK: 7 * 86_400 * NS, MONTH: 30 * 86_400 * NS}


def write_spending(
    paths: Paths, spent: Mapping[str, float], *, age_s: float = 0, over: float = 0.5, periods: tuple[str, ...] = PERIODS
) -> None:
    """
    Write the file.

    Args:
        paths: Where it is.
        spent: ``period`` or ``month.PROFILE`` -> US dollars.
        age_s: Seconds since it was written.
        over: The share of each period that is over: less than 0 for one to come, more than 1 for one that is past.
        periods: Those that the file knows of.
    """
    now = time.time_ns()
    by = {}
    for name in {*periods, *spent}:
        period, _, profile = name.partition(".")
        if period in periods:
            begin = now - round(LENGTHS[period] * over)
            by[period, profile] = Spent(begin, begin + LENGTHS[period], round(spent.get(name, 0) * 1_000_000))
    path = Path(paths.spending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(Spending(now - round(age_s * NS), None, by)))
