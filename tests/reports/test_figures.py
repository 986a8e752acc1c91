"""Figures: tokens of every kind, the share of the cache, and words for amounts."""

import pytest

from cclaunch.commands.shared.amounts import aligned, change, model_label, money, percent, tokens
from cclaunch.reports.figures import NOTHING, Figures, together


def test_tokens_are_of_every_kind() -> None:
    """Input, output, read from the cache and written to it."""
    assert Figures(1, 5, 1, 10, 100, 1000).tokens == 1111


def test_the_hit_rate_is_what_was_read_of_what_was_sent() -> None:
    """Output is nothing that could have come from the cache."""
    assert Figures(1, 5, 10, 999, 80, 10).hit_rate == 0.8
    assert NOTHING.hit_rate is None


def test_nothing_together_is_nothing() -> None:
    """And one is itself."""
    one = Figures(1, 2, 3, 4, 5, 6)
    assert (together([]), together([one]), together([one, one])) == (NOTHING, one, Figures(2, 4, 6, 8, 10, 12))


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0.00"),
        (1, "$0.0000"),
        (84_100, "$0.0841"),
        (999_949, "$0.9999"),
        (999_950, "$1.00"),
        (1_005_000, "$1.00"),
        (12_345_678_900, "$12,345.68"),
        (-2_500_000, "-$2.50"),
    ],
)
def test_money_has_two_decimals_and_four_below_a_dollar(micros: int, shown: str) -> None:
    """As many as mean something."""
    assert money(micros) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (15_840, "15.8k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (11_800_000, "11.8M"),
        (116_400_000, "116M"),
        (2_000_000_000, "2.0B"),
        (10**16, "10000T"),
    ],
)
def test_tokens_are_short(count: int, shown: str) -> None:
    """Three digits and a unit."""
    assert tokens(count) == shown


@pytest.mark.parametrize(("share", "shown"), [(0, "0 %"), (0.001, "<1 %"), (0.934, "93 %"), (0.9999, "99 %"), (1, "100 %")])
def test_a_share_is_whole_and_says_no_more_than_is_true(share: float, shown: str) -> None:
    """A little is not nothing, and nearly all is not all."""
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [(112, 100, "+12 %"), (0, 100, "-100 %"), (999, 1000, "+0 %"), (5, 0, ""), (1200, 100, "12 x")],
)
def test_a_change_is_told_where_there_was_something(now: int, before: int, shown: str) -> None:
    """From nothing there is no percentage."""
    assert change(now, before) == shown


def test_amounts_stand_with_their_points_in_one_column() -> None:
    """Four decimals stick out to the right."""
    assert aligned(["$14.97", "$0.0841", "$1,203.00"]) == ["$   14.97  ", "$    0.0841", "$1,203.00  "]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("claude-opus-5-5", "opus-5-5"), ("claude-haiku-4-5-20251001", "haiku-4-5"), ("gpt-5", "gpt-5"), ("claude-", "claude-")],
)
def test_a_model_is_called_by_what_tells_it_from_others(name: str, shown: str) -> None:
    """Neither the maker nor the date."""
    assert model_label(name) == shown
