"""
Days, weeks and months of the clock on the wall, as ranges of time.

The problem it owns: a local day begins when the date changes, which is not always at midnight (clocks are set then in
Cairo, Beirut, Santiago and Havana), and not every date exists (Apia has left one out). So nothing is reckoned in hours:
the date of a moment is what the system's local time says, and a day begins at the first second that has its date.
"""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from cclaunch.store.ledger.schema import QUARTER_NS

NS = 1_000_000_000
DAY_S = 86_400
EPOCH = date(1970, 1, 1).toordinal()
AWAY_S = 26 * 3600
"""No zone is so far away from UTC."""

STEP_S = 6 * 3600
"""No two changes of the date lie closer together."""


Range = tuple[int, int]
"""From where to where."""


def in_quarters(since: int, until: int) -> tuple[Range | None, list[Range]]:
    """
    Return (the whole quarters of an hour between *since* and *until*, in ns, by their numbers; what lies beside them, in ns).

    None, and all of it, where it holds no whole quarter.
    """
    first, last = -(-since // QUARTER_NS), until // QUARTER_NS
    if first >= last:
        return None, [(since, until)]
    around = (since, first * QUARTER_NS), (last * QUARTER_NS, until)
    return (first, last), [end for end in around if end[0] < end[1]]


class Period(NamedTuple):
    """From *since* to *until* (ns since the epoch), on the local date *day*, in the *hour* of the clock (None: in several)."""

    day: date
    since: int
    until: int
    hour: int | None = None


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""The days of a week, each at its number in Python."""


def week_of(day: date, week_start: int = 0) -> date:
    """Return the first day of the week of *day*; *week_start*: the number of the weekday on which weeks begin."""
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def _week(day: date, week_start: int) -> str:
    """Return a week by its ISO number; one that begins on another day than Monday, by its first day."""
    if week_start:
        return week_of(day, week_start).isoformat()
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"


LABELS: dict[str, Callable[[Period, int], str]] = {
    "hour": lambda period, _: f"{period.day.isoformat()} {period.hour:02d}:00",
    "day": lambda period, _: period.day.isoformat(),
    "week": lambda period, week_start: _week(period.day, week_start),
    "month": lambda period, _: f"{period.day.year:04d}-{period.day.month:02d}",
    "weekday": lambda period, _: WEEKDAYS[period.day.weekday()],
}
"""Key that a person groups by -> what a period is called under it, with weeks that begin on the weekday of that number."""


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


def hours(day: Period) -> Iterator[Period]:
    """Yield the hours of the clock in a *day*, in order; where the clock is set back, one comes twice."""
    begin, hour = day.since, _hour(day.since)
    for quarter in range(day.since // QUARTER_NS + 1, -(-day.until // QUARTER_NS)):
        now = _hour(quarter * QUARTER_NS)
        if now != hour:
            yield Period(day.day, begin, quarter * QUARTER_NS, hour)
            begin, hour = quarter * QUARTER_NS, now
    yield Period(day.day, begin, day.until, hour)


def _hour(time_ns: int) -> int:
    return time.localtime(time_ns // NS)[3]


def periods(since: int, until: int, keys: Collection[str], week_start: int = 0) -> Iterator[Period]:
    """Yield the longest periods between *since* and *until* (ns) that each have one label under every one of *keys*."""
    if "hour" in keys:
        for day in days(since, until):
            yield from hours(day)
        return
    held: Period | None = None
    for one in days(since, until):
        if held is not None and all(LABELS[key](held, week_start) == LABELS[key](one, week_start) for key in keys):
            held = held._replace(until=one.until)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
