"""
The days of a range, each divided by the values of a key: the eight that come first, and the rest together.

The problem it owns: a day without anything is a day, too; and what is folded together is told.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from cclaunch.answers.asked import Asked
from cclaunch.errors import UsageError
from cclaunch.reports.breakdown import TIMES, breakdown
from cclaunch.reports.dates import NS
from cclaunch.reports.figures import Figures, figures_of, named, together
from cclaunch.reports.keys import keys_of, shown
from cclaunch.store.filters import canonical
from cclaunch.store.ledger.periods import date_of
from cclaunch.store.spending import Group, folded

MOST_VALUES = 8
MOST_DAYS = 4000
IN_CELLS = ("cost_usd", "requests", "total_tokens")
"""The measures that are told of each value and day."""


def refuse_key(key: str) -> None:
    """Raise UsageError for a key by which days are not divided, or by which `usage` cannot be asked."""
    if keys_of([key]) != [key] or canonical(key) == "session.id" or canonical(key) in TIMES:
        raise UsageError(
            f"days are not divided by `{shown(key)}`", hint="profile, team, project, repository, branch, model, agent, skill"
        )


def told_apart(groups: Sequence[Group]) -> bool:
    """Say whether any of *groups* (by day and a key) has a value of the key."""
    return any(group.values[1] for group in groups)


def document(asked: Asked, key: str, groups: Sequence[Group], first_ns: int) -> dict[str, Any]:
    """Return the days of *groups* (by day and *key*); *first_ns*: when the first request of all was. Raises UsageError."""
    found = breakdown(folded(groups, [1]), [canonical(key)], asked.sort if asked.sort != "time" else "cost", MOST_VALUES)
    days = _days(asked, groups, first_ns)
    cells: dict[str, dict[str, Figures]] = {}
    for group in groups:
        cells.setdefault(repr(group.values[1]), {})[group.values[0]] = figures_of(group)
    series = []
    for row in found.rows:
        of_value = cells.pop(repr(row.values[0]))
        series.append({"value": row.values[0], "rest": 0, **_told(days, of_value, row.figures)})
    if cells:
        of_rest = {day: together(one[day] for one in cells.values() if day in one) for day in days}
        series.append({"value": None, "rest": len(cells), **_told(days, of_rest, found.rest)})
    return {"by": ["day", key], "days": days, "series": series, "total": named(found.total)}


def _days(asked: Asked, groups: Sequence[Group], first_ns: int) -> list[str]:
    """
    Return all days of the range, and those beside it that have anything: a clock may have been ahead.

    An open range begins with the first request that was asked for: when others began is no part of the answer.
    """
    end = asked.now_ns if asked.until is None else asked.until - 1
    begin = asked.since if asked.since is not None else end if asked.where else first_ns
    first, last = date_of(begin // NS), date_of(end // NS)
    if asked.since is None and asked.where and groups:
        first = min(last, date.fromisoformat(min(group.values[0] for group in groups)))
    if (last - first).days >= MOST_DAYS:
        raise UsageError(f"these are more than {MOST_DAYS} days", hint="say a later --since, or ask `cclaunch usage --by month`")
    whole = {(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)}
    return sorted(whole | {group.values[0] for group in groups})


def _told(days: Sequence[str], cells: dict[str, Figures], whole: Figures) -> dict[str, Any]:
    told = [named(cells.get(day, Figures())) for day in days]
    return {"total": named(whole), **{name: [one[name] for one in told] for name in IN_CELLS}}
