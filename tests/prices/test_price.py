"""
The estimate of a request, against what was seen of the releases, row by row.

The problem it owns: each row is written once more here, as dollars that a person can hold to a list.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from listed import Usage, cost_micros

from cclaunch.prices.models import plain
from cclaunch.prices.table import TABLES

OLD, NEW = "2.1.197", "2.1.330"
MILLION = 1_000_000
KINDS = (
    Usage(input=MILLION),
    Usage(output=MILLION),
    Usage(cache_read=MILLION),
    Usage(cache_written=MILLION),
    Usage(cache_written=MILLION, cache_1h=MILLION),
    Usage(input=MILLION, fast=True),
    Usage(output=MILLION, fast=True),
)
ROWS = [
    # model, releases, then dollars a million: in, out, read, 5m, 1h, fast in, fast out
    ("claude-opus-5-5", (NEW,), 4, 20, 0.20, 5, 8, 8, 40),
    ("claude-opus-5", (NEW,), 5, 25, 0.50, 6.25, 10, 10, 50),
    ("claude-opus-4-8", (OLD, NEW), 5, 25, 0.50, 6.25, 10, 10, 50),
    ("claude-opus-4-7", (OLD, NEW), 5, 25, 0.50, 6.25, 10, 30, 150),
    ("claude-opus-4-6", (OLD, NEW), 5, 25, 0.50, 6.25, 10, 30, 150),
    ("claude-opus-4-5", (OLD, NEW), 5, 25, 0.50, 6.25, 10, 5, 25),
    ("claude-sonnet-5-5", (NEW,), 2, 10, 0.10, 2.50, 4, 2, 10),
    ("claude-sonnet-5", (NEW,), 2, 10, 0.20, 2.50, 4, 2, 10),
    ("claude-sonnet-5", (OLD,), 3, 15, 0.30, 3.75, 6, 3, 15),
    *(
        (name, (OLD, NEW), 3, 15, 0.30, 3.75, 6, 3, 15)
        for name in ("claude-sonnet-4-6", "claude-sonnet-4-5", "claude-sonnet-4-0")
    ),
    *((name, (OLD, NEW), 3, 15, 0.30, 3.75, 6, 3, 15) for name in ("claude-3-7-sonnet", "claude-3-5-sonnet")),
    ("claude-haiku-5-5", (NEW,), 0.50, 2.50 / 5, 0.05, 0.625, 1, 0.50, 2.50 / 5),  # long, but for what is out alone
    ("claude-haiku-4-5", (OLD, NEW), 1, 5, 0.10, 1.25, 2, 1, 5),
    ("claude-3-5-haiku", (OLD, NEW), 0.80, 4, 0.08, 1, 1.60, 0.80, 4),
    *((name, (NEW,), 8, 40, 0.20, 10, 16, 16, 80) for name in ("claude-fable-5-2", "claude-mythos-5-2")),
    *((name, (NEW,), 10, 50, 0.25, 12.50, 20, 10, 50) for name in ("claude-fable-5-1", "claude-mythos-5-1")),
    *((name, (OLD, NEW), 10, 50, 1, 12.50, 20, 10, 50) for name in ("claude-fable-5", "claude-mythos-5")),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1][0]}")
def test_a_row_is_what_was_seen(row: tuple[str, tuple[str, ...], float]) -> None:
    """A million tokens of each kind, in each release that has the model."""
    model, releases, *dollars = row
    for release in releases:
        assert [cost_micros(usage, release, model) for usage in KINDS] == [round(one * MILLION) for one in dollars]


def test_no_row_is_missing_here() -> None:
    """Nor there."""
    there = {(".".join(map(str, release)), model) for release, table in TABLES.items() for model in table.prices}
    assert there == {(release, row[0]) for row in ROWS for release in row[1]}


def test_the_long_prompt_costs_more_from_one_token_on() -> None:
    """Input of all kinds counts, and the whole request is dearer."""
    short, long = (Usage(input=60_000 + one, cache_read=30_000, cache_written=10_000, output=1000) for one in (0, 1))
    costs = [cost_micros(usage, NEW, "claude-haiku-5-5") for usage in (short, long)]
    assert costs == [6_000 + 300 + 1_250 + 500, 30_001 + 1_500 + 6_250 + 2_500]
    assert cost_micros(Usage(input=250_000), NEW, "claude-sonnet-4-5[1m]") == 750_000


def test_residency_is_paid_for_tokens_only() -> None:
    """A tenth more in the newer release, nothing in the older one; a search costs a cent wherever it was."""
    usage = Usage(input=MILLION, searches=100, place="us")
    assert [cost_micros(usage, release, "claude-opus-4-8") for release in (OLD, NEW)] == [6_000_000, 6_500_000]
    assert cost_micros(usage._replace(place="eu"), NEW, "claude-opus-4-8") == 6_000_000


def test_what_is_written_for_an_hour_is_part_of_all_that_is_written() -> None:
    """The rest is for five minutes; more than all cannot be."""
    parts = Usage(cache_written=MILLION, cache_1h=400_000), Usage(cache_written=400_000, cache_1h=MILLION)
    assert [cost_micros(usage, NEW, "claude-opus-4-8") for usage in parts] == [7_750_000, 4_000_000]


@pytest.mark.parametrize("model", ["gpt-5", "claude-opus-9", "claude-3-opus", "claude-opus-4-1", "my-claude-opus-5", "", None])
def test_an_unknown_model_costs_no_one_knows_what(model: str | None) -> None:
    """Not nothing, and not what claude guesses."""
    assert cost_micros(Usage(input=MILLION), NEW, model) is None


def test_the_first_model_that_is_known_counts() -> None:
    """Who was asked for, then who answered."""
    usage = Usage(input=MILLION)
    assert cost_micros(usage, NEW, "claude-opus-4-8", "claude-sonnet-4-6") == 5_000_000
    assert cost_micros(usage, NEW, None, "claude-sonnet-4-6") == 3_000_000
    assert cost_micros(usage, NEW, "of-a-gateway", "claude-sonnet-4-6") == 3_000_000


@pytest.mark.parametrize(
    ("version", "dollars"),
    [("2.1.100", 3), ("1.0.33", 3), ("2.1.263", 3), ("2.1.264", 2), ("2.1.332", 2), ("3.0.0", 2), (None, 2), ("?", 2)],
)
def test_the_nearest_release_counts(version: str | None, dollars: int) -> None:
    """Where the release itself was not looked at."""
    assert cost_micros(Usage(input=MILLION), version, "claude-sonnet-5") == dollars * MILLION


def test_a_model_that_the_release_did_not_know_has_the_price_of_one_that_does() -> None:
    """The older release would guess fifty times as much."""
    assert cost_micros(Usage(input=100_000), OLD, "claude-haiku-5-5") == 10_000


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("eu.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("anthropic/claude-opus-5-5", "claude-opus-5-5"),
        ("Claude-Sonnet-5", "claude-sonnet-5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-0"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("claude-opus-5-5-20261001[1m]", "claude-opus-5-5"),
        ("claude-opus-5-x", "claude-opus-5-x"),
    ],
)
def test_a_model_is_known_however_it_is_spelled(spelled: str, name: str) -> None:
    """Words of clouds and gateways around it say nothing of its price."""
    assert plain(spelled) == name


TOKENS = some.integers(0, 10**9)
USAGES = some.builds(
    Usage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, some.integers(0, 10**5), some.booleans(), some.sampled_from([None, "us"])
)


@given(USAGES, some.sampled_from(sorted(TABLES[2, 1, 330].prices)))
def test_more_never_costs_less(usage: Usage, model: str) -> None:
    """Whatever is taken; and the largest sum is one that can be stored."""
    more = usage._replace(output=usage.output + 1, searches=usage.searches + 1)
    less, cost = cost_micros(usage, NEW, model), cost_micros(more, NEW, model)
    assert less is not None
    assert cost is not None
    assert 0 <= less < cost < 1 << 50
