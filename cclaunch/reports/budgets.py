"""
How the budgets stand, as values.

The problem it owns: the first screen, a live view and a program are told the same of each budget, in the same order.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cclaunch.hot.budget import Standing
from cclaunch.reports.dates import iso


class BudgetReport(NamedTuple):
    """
    One budget.

    Attributes:
        profile: The profile whose launches count; None for all launches.
        period: ``day``, ``week`` or ``month``.
        since, until: The period, in nanoseconds since the epoch.
        limit, spent, left: Micro-dollars; less than 0 are left where more was spent.
        pace: What the whole period will cost if it goes on like that; None where it is too early to tell.
        reached_ns: When all of it will be spent at this pace; None where that is not in this period, or past, or not known.
    """

    profile: str | None
    period: str
    since: int
    until: int
    limit: int
    spent: int
    left: int
    pace: int | None
    reached_ns: int | None


def budget_reports(standings: Iterable[Standing]) -> list[BudgetReport]:
    """Return how each of *standings* stands, in their order."""
    return [
        BudgetReport(
            one.limit.profile or None,
            one.limit.period,
            one.spent.begin,
            one.spent.end,
            one.limit.micros,
            one.spent.micros,
            one.left,
            one.pace_micros,
            one.reached_ns,
        )
        for one in standings
    ]


def documents(budgets: Sequence[BudgetReport]) -> list[dict[str, Any]]:
    """Return *budgets* for programs: dollars as numbers, moments as texts; null: all launches, or not known."""
    return [
        {
            "profile": one.profile,
            "period": one.period,
            "since": iso(one.since),
            "until": iso(one.until),
            "limit_usd": one.limit / 1e6,
            "spent_usd": one.spent / 1e6,
            "left_usd": one.left / 1e6,
            "pace_usd": None if one.pace is None else one.pace / 1e6,
            "reached": None if one.reached_ns is None else iso(one.reached_ns),
        }
        for one in budgets
    ]
