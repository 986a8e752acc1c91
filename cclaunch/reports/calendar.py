"""
Today, this week and this month, as a person's clock and habit have them.

The problem it owns: what is compared must be equally long. The last week is looked at up to the same weekday and the same
time of the clock, whatever the clocks did in between; and a week begins when the person says so.
"""

import time
from datetime import date, datetime, timedelta
from typing import NamedTuple

from cclaunch.store.ledger.periods import NS, begin_of, date_of


class Span(NamedTuple):
    """From *since* to *until*, in nanoseconds since the epoch."""

    since: int
    until: int


def today_of(now_ns: int) -> date:
    """Return the local date of *now_ns*."""
    return date_of(now_ns // NS)


def since_day(day: date, now_ns: int) -> Span:
    """Return the time from the beginning of the local *day* until *now_ns*, inclusive."""
    return Span(begin_of(day) * NS, now_ns + 1)


def last_days(count: int, now_ns: int) -> Span:
    """Return the last *count* local days, the present one among them, until *now_ns*, inclusive."""
    return since_day(today_of(now_ns) - timedelta(days=count - 1), now_ns)


def month_of(day: date) -> date:
    """Return the first day of the month of *day*."""
    return day.replace(day=1)


def days_left(day: date) -> int:
    """Return how many days of its month come after *day*."""
    return ((day.replace(day=1) + timedelta(days=32)).replace(day=1) - day).days - 1


def same_span_before(first: date, now_ns: int, days: int = 7) -> Span:
    """Return the time from *days* before *first* until what the clock said *days* before *now_ns*, inclusive."""
    then = datetime.fromtimestamp(now_ns // NS) - timedelta(days=days)
    return Span(begin_of(first - timedelta(days=days)) * NS, int(time.mktime(then.timetuple())) * NS + now_ns % NS + 1)
