"""Amounts in few characters: what is said of a budget is never rounded into something else."""

import pytest

from cclaunch.hot.amounts import of_limit


@pytest.mark.parametrize(
    ("spent", "limit", "text"),
    [
        (212, 300, "$212 of $300"),
        (0, 300, "$0 of $300"),
        (300, 300, "$300 of $300"),
        (1_412.4, 1_500, "$1,412 of $1,500"),
        (299.6, 300, "$299.60 of $300.00"),
        (4.12, 5, "$4.12 of $5.00"),
        (33, 33.333333, "$33.00 of $33.33"),
    ],
)
def test_a_budget_is_told_with_as_few_digits_as_say_it(spent: float, limit: float, text: str) -> None:
    """Whole dollars of many, cents of few."""
    assert of_limit(round(spent * 1e6), round(limit * 1e6)) == text


@pytest.mark.parametrize(
    ("spent", "limit", "text"),
    [
        (299.996, 300, "$299.9960 of $300.0000"),
        (99.999999, 100, "$99.999999 of $100.000000"),
        (300.004, 300, "$300.0040 of $300.0000"),
        (4.996, 5, "$4.9960 of $5.0000"),
        (0.005, 0.01, "$0.0050 of $0.0100"),
    ],
)
def test_what_is_nearly_spent_is_not_told_as_all_of_it(spent: float, limit: float, text: str) -> None:
    """Nor is what is a little more: a person is told why a launch was stopped, or was not."""
    assert of_limit(round(spent * 1e6), round(limit * 1e6)) == text


@pytest.mark.parametrize(
    ("spent", "limit", "text"),
    [(0.005, 0.017, "$0.0050 of $0.0170"), (0.015, 0.001, "$0.0150 of $0.0010"), (0.12, 0.000001, "$0.120000 of $0.000001")],
)
def test_a_small_budget_is_not_rounded_away(spent: float, limit: float, text: str) -> None:
    """It is never $0.00."""
    assert of_limit(round(spent * 1e6), round(limit * 1e6)) == text


def test_a_limit_of_nothing_is_told_in_cents() -> None:
    """The plan's own limit may be 0: claude tells it, not a person."""
    assert of_limit(1_000_000, 0) == "$1.00 of $0.00"
