"""What a request of some usage costs by the list, for tests that compare it with what somebody else says."""

from typing import NamedTuple

from cclaunch.prices.price import price_of


class Usage(NamedTuple):
    """
    What one request took, in the order in which `Listed.micros` takes it.

    Attributes:
        input, output, cache_read: Tokens.
        cache_written: All tokens written to the cache.
        cache_1h: Those of them that are kept for an hour.
        searches: Web searches within the answer.
        fast: Whether the answer was served fast.
        place: The residency that the answer names, or None.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_written: int = 0
    cache_1h: int = 0
    searches: int = 0
    fast: bool = False
    place: str | None = None


def cost_micros(usage: Usage, version: str | None, *models: str | None) -> int | None:
    """Return what a request costs, in micro-dollars, or None where no table has its model; see `price_of`."""
    listed = price_of(version, *models)
    return None if listed is None else listed.micros(*usage)
