"""
What a request costs by the list: an estimate where claude itself has not said it.

The problem it owns: a figure that nobody vouches for is worse than none. A model that no table has costs None, never zero.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from cclaunch.prices.models import plain
from cclaunch.prices.table import LONG_PROMPT, SEARCH, TABLES, Price, Release

VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
RESIDENCE = "us"


class Listed(NamedTuple):
    """The *price* of a model, and what the tokens of a request cost in hundredths where its answer names `RESIDENCE`."""

    price: Price
    residency: int

    def micros(
        self, fresh: int, output: int, read: int, written: int, hour: int, searches: int, fast: bool, place: str | None
    ) -> int:
        """
        Return what a request costs, in micro-dollars.

        Args:
            fresh, output, read: Tokens of input that were no cache's, of output, and read from the cache.
            written: All tokens written to the cache.
            hour: Those of them that are kept for an hour.
            searches: Web searches within the answer.
            fast: Whether the answer was served fast.
            place: The residency that the answer names, or None.
        """
        price = self.price
        quarters = 4 * (fresh * price.input + output * price.output + read * price.cache_read)
        quarters += (5 * written + 3 * min(hour, written)) * price.input
        if fast:
            quarters *= price.fast
        if fresh + read + written > LONG_PROMPT:
            quarters *= price.long
        hundredths = quarters * (self.residency if place == RESIDENCE else 100) + 400 * SEARCH * searches
        return (2 * hundredths + 400_000) // 800_000  # rounded, half upwards


@lru_cache(4096)
def price_of(version: str | None, *models: str | None) -> Listed | None:
    """
    Return the price of a model, or None where no table has it: that of the release, or of the nearest one that has it.

    Args:
        version: The release of claude that sent the request; None counts as the newest that is known.
        models: Whose price it is: the first one that any table has.
    """
    for name in (plain(model) for model in models if model is not None):
        for release in sorted(TABLES, key=lambda one: _distance(one, version)):
            if name in TABLES[release].prices:
                return Listed(TABLES[release].prices[name], TABLES[release].residency)
    return None


def _distance(release: Release, version: str | None) -> int:
    found = VERSION.match(version or "")
    return abs(_number(release) - _number(tuple(map(int, found.groups())) if found else max(TABLES)))


def _number(release: Release) -> int:
    major, minor, patch = release
    return (major * 1_000_000 + minor) * 1_000_000 + patch
