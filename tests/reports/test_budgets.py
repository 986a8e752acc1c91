"""How budgets stand, as values."""

from cclaunch.hot.budget import Limit, standings
from cclaunch.hot.spending import DAY, MONTH, WEEK, Spending, Spent
from cclaunch.reports.budgets import budget_reports

DOLLAR = 1_000_000
DAY_NS = 86_400_000_000_000
BEGIN = 1_790_000_000_000_000_000
SPAN = BEGIN, BEGIN + 30 * DAY_NS
NOW = BEGIN + 10 * DAY_NS


def test_the_most_spent_comes_first_with_what_is_left_and_where_it_goes() -> None:
    """By share; of a profile that has spent nothing, too. A period that is not known is left out."""
    spending = Spending(NOW, None, {(MONTH, ""): Spent(*SPAN, 50 * DOLLAR), (MONTH, "shop"): Spent(*SPAN, 40 * DOLLAR)})
    some = [Limit("quiet", MONTH, DOLLAR), Limit("", MONTH, 200 * DOLLAR), Limit("shop", MONTH, 60 * DOLLAR), Limit("", WEEK, 1)]
    found = budget_reports(standings(some, spending, NOW))
    assert [(one.profile, one.limit, one.spent, one.left, one.pace) for one in found] == [
        ("shop", 60 * DOLLAR, 40 * DOLLAR, 20 * DOLLAR, 120 * DOLLAR),
        (None, 200 * DOLLAR, 50 * DOLLAR, 150 * DOLLAR, 150 * DOLLAR),
        ("quiet", DOLLAR, 0, DOLLAR, 0),
    ]
    assert [(one.since, one.until) for one in found] == [SPAN] * 3
    assert [one.reached_ns for one in found] == [NOW + 5 * DAY_NS, None, None]


def test_what_is_spent_is_not_reached_again_and_what_is_early_has_no_pace() -> None:
    """More than all of it, in the first tenth of the day."""
    span = NOW - 3_600_000_000_000, NOW + 82_800_000_000_000
    (found,) = budget_reports(
        standings([Limit("", DAY, DOLLAR)], Spending(NOW, None, {(DAY, ""): Spent(*span, 3 * DOLLAR)}), NOW)
    )
    assert (found.left, found.pace, found.reached_ns) == (-2 * DOLLAR, None, None)
