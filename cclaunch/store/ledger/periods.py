"""
Days, weeks and months of the clock on the wall, as ranges of time.

The problem it owns: a local day begins when the date changes, which is not always at midnight (clocks are set then in
Cairo, Beirut, Santiago and Havana), and not every date exists (Apia has left one out). So nothing is reckoned in hours:
the date of a moment is what the system's local time says, and a day begins at the first second that has its date.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

NS = 1_000_000_000
DAY_S = 86_400
EPOCH = date(1970, 1, 1).toordinal()
AWAY_S = 26 * 3600
"""No zone is so far away from UTC."""

STEP_S = 6 * 3600
"""No two changes of the date lie closer together."""


class Period(NamedTuple):
    """From *since* to *until* (ns since the epoch), on the local date *day*."""

    day: date
    since: int
    until: int


LABELS: dict[str, Callable[[date], str]] = {
    "day": date.isoformat,
    "week": lambda day: "{}-W{:02d}".format(*day.isocalendar()[:2]),
    "month": lambda day: f"{day.year:04d}-{day.month:02d}",
}
"""Key that a person groups by -> what a local date is called under it."""


def date_of(second: int) -> date:
    """Return the local date of a moment, in seconds since the epoch."""
    return date(*time.localtime(second)[:3])


def begin_of(day: date) -> int:
    """Return the first second, since the epoch, whose local date is *day*; or a later one, where that was left out."""
    low = (day.toordinal() - EPOCH) * DAY_S - AWAY_S
    high = low + 2 * AWAY_S
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if date_of(middle) < day else (low, middle)
    return high


def days(since: int, until: int) -> Iterator[Period]:
    """Yield the local days between *since* and *until* (ns), in order; the first and the last are cut there."""
    second, end = since // NS, -(-until // NS)
    day = date_of(second)
    begin = since
    while begin < until:
        change = _change(second, day, end)
        stop = until if change is None else min(until, change * NS)
        yield Period(day, begin, stop)
        if change is None:
            return
        begin, second, day = stop, change, date_of(change)


def _change(second: int, day: date, end: int) -> int | None:
    """Return the first second after *second* whose date is not *day*, or None when there is none before *end*."""
    likely = int(time.mktime((day.year, day.month, day.day + 1, 0, 0, 0, 0, 0, -1)))
    if second < likely < end and date_of(likely - 1) == day != date_of(likely):
        return likely  # a midnight as nearly all are
    low = second
    while low < end:
        high = low + STEP_S
        if date_of(high) != day:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if date_of(middle) == day else (low, middle)
            return high if high < end else None
        low = high
    return None


def periods(since: int, until: int, keys: set[str]) -> Iterator[Period]:
    """Yield the days between *since* and *until* (ns), or the weeks or months when no key asks for less; *day* is their first."""
    if "day" in keys or {"week", "month"} <= keys:
        yield from days(since, until)
        return
    label = LABELS[next(iter(keys))]
    held: Period | None = None
    for one in days(since, until):
        if held is not None and label(held.day) == label(one.day):
            held = held._replace(until=one.until)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
