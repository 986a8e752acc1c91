"""
The first screen: what today, this week and this month cost, the last days one by one, and what it went for.

The problem it owns: it is read in five seconds, so it says few things, and each of them is the answer to a question that can be
asked by itself with the same result.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from cclaunch.reports.calendar import Span, days_left, month_of, same_span_before, since_day, today_of
from cclaunch.reports.figures import Figures, figures_of, together
from cclaunch.store.ledger.periods import NS, begin_of, week_of
from cclaunch.store.spending import Group

DAYS = 14
"""Days on the screen, today among them; their mean is what the pace goes on with."""

PACE_FROM = 3
"""A pace is told from this day of the month on, and from so many days since the first request: before, it is a guess."""

KINDS = (("model",), ("project", "vcs.repository.name"), ("cclaunch.profile", "team"))
"""What the days are divided by: of each kind, the first key that any request has."""

Ask = Callable[[int | None, int | None, Sequence[str]], Sequence[Group]]
"""Asks the ledger: what was used between two moments (ns), one group for equal values of some keys."""


class Share(NamedTuple):
    """What requests with one *value* used; None: those that have none."""

    value: Any
    figures: Figures


class Top(NamedTuple):
    """The *shares* of a *key*, the dearest first."""

    key: str
    shares: list[Share]


class Overview(NamedTuple):
    """
    The figures of the first screen.

    Attributes:
        today, week, month: What was used until now; *before* the same span of the last week.
        pace_micros: What the month will cost if it goes on like that, or None.
        days: The last days, the oldest first, each with its figures.
        recent: The same, together.
        tops: What the last days are divided by.
        first: The local date of the first request of all.
    """

    day: date
    today: Figures
    week: Figures
    before: Figures
    month: Figures
    pace_micros: int | None
    days: list[tuple[date, Figures]]
    recent: Figures
    tops: list[Top]
    first: date


def overview(ask: Ask, first_ns: int, now_ns: int, week_start: int = 0) -> Overview:
    """
    Return the first screen.

    Args:
        ask: Asks the ledger.
        first_ns: When the first request of all was, in nanoseconds since the epoch.
        now_ns: The present.
        week_start: The weekday on which a week begins, 0 for Monday.
    """
    day, first = today_of(now_ns), today_of(first_ns)
    shown = [day - timedelta(days=ago) for ago in reversed(range(DAYS))]
    week, month = week_of(day, week_start), month_of(day)
    by_day = _by_day(ask, Span(begin_of(min(shown[0], week, month)) * NS, now_ns + 1))
    days = [(one, by_day.get(one, Figures())) for one in shown]
    recent = together(figures for _, figures in days)
    spent = together(figures for one, figures in by_day.items() if one >= month)
    return Overview(
        day,
        by_day.get(day, Figures()),
        together(figures for one, figures in by_day.items() if one >= week),
        _figures(ask(*same_span_before(week, now_ns), [])),
        spent,
        pace(spent, recent, day, first),
        days,
        recent,
        _tops(ask, since_day(shown[0], now_ns)),
        first,
    )


def _by_day(ask: Ask, span: Span) -> dict[date, Figures]:
    return {date.fromisoformat(group.values[0]): figures_of(group) for group in ask(*span, ["day"])}


def _figures(groups: Iterable[Group]) -> Figures:
    return together(map(figures_of, groups))


def pace(spent: Figures, recent: Figures, day: date, first: date) -> int | None:
    """
    Return what the month will cost: what was *spent*, and the mean of the last days for each that is left; None: too early.

    Args:
        recent: What was used in the last ``DAYS`` days.
        day, first: The present day, and that of the first request of all.
    """
    known = (day - first).days + 1
    if day.day < PACE_FROM or known < PACE_FROM:
        return None
    return spent.micros + round(recent.micros / min(DAYS, known) * days_left(day))


def _tops(ask: Ask, span: Span) -> list[Top]:
    keys = [key for kind in KINDS for key in kind]
    found: dict[str, dict[Any, list[Figures]]] = {key: defaultdict(list) for key in keys}
    for group in ask(*span, keys):
        for key, value in zip(keys, group.values, strict=True):
            found[key][value if isinstance(value, str) else None].append(figures_of(group))
    chosen = (next((key for key in kind if found[key].keys() - {None}), None) for kind in KINDS)
    return [Top(key, _shares(found[key])) for key in chosen if key is not None]


def _shares(values: dict[Any, list[Figures]]) -> list[Share]:
    shares = [Share(value, together(many)) for value, many in values.items()]
    return sorted(shares, key=lambda one: (-one.figures.micros, -one.figures.tokens, str(one.value)))
