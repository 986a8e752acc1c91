"""
The head of the page: today, this week against the last, this month and where it goes, budgets, and what vouches for all that.

The problem it owns: it is asked again every few seconds, and each of its figures is the answer to a question of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from cclaunch.answers.asked import Asked
from cclaunch.answers.asking import Document
from cclaunch.reports.calendar import Span, month_of, same_span_before, today_of
from cclaunch.reports.capture import Capture
from cclaunch.reports.captured import alone, compared, is_any_time
from cclaunch.reports.dates import NS, iso
from cclaunch.reports.figures import Figures, figures_of, named, together
from cclaunch.reports.overview import DAYS, pace
from cclaunch.store.ledger.periods import begin_of, week_of
from cclaunch.store.spending import Group


class Periods(NamedTuple):
    """The present *day*, the first ones of its *week* and *month*, and the same span of the last week."""

    day: date
    week: date
    month: date
    before: Span

    @property
    def first(self) -> date:
        """Return the first day of which anything is told."""
        return min(self.week, self.month, self.day - timedelta(days=DAYS - 1))


def periods_at(now_ns: int, week_start: int) -> Periods:
    """Return the periods of *now_ns*, to the second; the span before is one second at least, for nobody can ask for less."""
    day = today_of(now_ns)
    week = week_of(day, week_start)
    since, until = same_span_before(week, now_ns // NS * NS)
    return Periods(day, week, month_of(day), Span(since, max(until - 1, since + NS)))


def document(asked: Asked, periods: Periods, by_day: Iterable[Group], before: Sequence[Group], first_ns: int) -> Document:
    """
    Return the figures of the head.

    Args:
        by_day: What was used each day from `Periods.first` on.
        before: What was used in the same span of the last week.
        first_ns: When the first request of all was.
    """
    days = {date.fromisoformat(group.values[0]): figures_of(group) for group in by_day}

    def since(first: date) -> Figures:
        return together(figures for day, figures in days.items() if day >= first)

    month, first = since(periods.month), today_of(first_ns)
    shown = [periods.day - timedelta(days=ago) for ago in range(DAYS)]
    recent = together(days.get(day, Figures()) for day in shown)
    goes_to = pace(together(one for day, one in days.items() if periods.month <= day <= periods.day), recent, periods.day, first)
    last = ("--until", iso(periods.before.until))
    return {
        "today": _told(asked, since(periods.day), periods.day),
        "week": _told(asked, since(periods.week), periods.week),
        "before": _told(asked, together(map(figures_of, before)), today_of(periods.before.since), *last),
        "month": _told(asked, month, periods.month),
        "pace_usd": None if goes_to is None else goes_to / 1_000_000,
        "pace_estimated": goes_to is not None and month.estimated != 0,
        "first": first.isoformat(),
    }


def _told(asked: Asked, figures: Figures, since: date, *until: str) -> Document:
    one = asked._replace(words=["--since", since.isoformat(), *until])
    return {"question": one.question(["day", "model"]), **named(figures)}


def begin_ns(periods: Periods) -> int:
    """Return when `Periods.first` begins (ns)."""
    return begin_of(periods.first) * NS


def badge(found: Capture | None, now_ns: int) -> Document | None:
    """Return how much of all requests both witnesses vouch for; None where there is nothing to compare."""
    if found is None or found.since_ns is None or not is_any_time(found) or not compared(found.counted):
        return None
    whole = compared(found.counted)
    return {
        "question": "cclaunch check --capture --json",
        "as_of": iso(now_ns),
        "since": iso(found.since_ns),
        "until": iso(found.until_ns),
        "requests": whole,
        "both": found.counted.both,
        "missed": alone(found.counted),
        "share_both": found.counted.both / whole,
    }
