"""
The prices that each release of Claude Code counts with, as it was seen to.

The problem it owns: the same tokens cost another sum from release to release, and whoever adds a release adds a table and
nothing else. What a release says of a model that it does not know is a guess of its own, and no price.
"""

from collections.abc import Mapping
from typing import NamedTuple

Release = tuple[int, ...]

LONG_PROMPT = 100_000
"""Tokens of input, all kinds together, above which the whole request is a long one."""

SEARCH = 10_000_000
"""Nano-dollars of one web search, whichever model and release."""


class Price(NamedTuple):
    """
    What a model costs: nano-dollars a token, that is a thousandth of the dollars for a million.

    Attributes:
        input, output, cache_read: By kind of token. What is written to the cache costs a quarter more than input; for an hour,
            twice as much as input.
        fast: How many times that, when it is served fast.
        long: How many times that, when the prompt is a long one.
    """

    input: int
    output: int
    cache_read: int
    fast: int = 1
    long: int = 1


class Table(NamedTuple):
    """
    What one release counts with.

    Attributes:
        seen: The day on which it was held to what it says.
        prices: Model -> its price.
        residency: Hundredths that are paid where the answer names the residency ``us``, of tokens only.
    """

    seen: str
    prices: Mapping[str, Price]
    residency: int = 100


SHARED = {
    "claude-opus-4-8": Price(5_000, 25_000, 500, fast=2),
    "claude-opus-4-7": Price(5_000, 25_000, 500, fast=6),
    "claude-opus-4-6": Price(5_000, 25_000, 500, fast=6),
    "claude-opus-4-5": Price(5_000, 25_000, 500),
    "claude-sonnet-4-6": Price(3_000, 15_000, 300),
    "claude-sonnet-4-5": Price(3_000, 15_000, 300),
    "claude-sonnet-4-0": Price(3_000, 15_000, 300),
    "claude-3-7-sonnet": Price(3_000, 15_000, 300),
    "claude-3-5-sonnet": Price(3_000, 15_000, 300),
    "claude-haiku-4-5": Price(1_000, 5_000, 100),
    "claude-3-5-haiku": Price(800, 4_000, 80),
    "claude-fable-5": Price(10_000, 50_000, 1_000),
    "claude-mythos-5": Price(10_000, 50_000, 1_000),
}

TABLES: Mapping[Release, Table] = {
    (2, 1, 197): Table("2026-11-25", {**SHARED, "claude-sonnet-5": Price(3_000, 15_000, 300)}),
    (2, 1, 330): Table(
        "2026-11-25",
        {
            **SHARED,
            "claude-opus-5-5": Price(4_000, 20_000, 200, fast=2),
            "claude-opus-5": Price(5_000, 25_000, 500, fast=2),
            "claude-sonnet-5-5": Price(2_000, 10_000, 100),
            "claude-sonnet-5": Price(2_000, 10_000, 200),
            "claude-haiku-5-5": Price(100, 500, 10, long=5),
            "claude-fable-5-2": Price(8_000, 40_000, 200, fast=2),
            "claude-mythos-5-2": Price(8_000, 40_000, 200, fast=2),
            "claude-fable-5-1": Price(10_000, 50_000, 250),
            "claude-mythos-5-1": Price(10_000, 50_000, 250),
        },
        residency=110,
    ),
}
"""Release -> its table. Of a release that is not here, the nearest one counts."""
