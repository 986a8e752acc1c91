"""What was used, in figures: money in micro-dollars, requests, tokens, and what follows from them."""

from collections.abc import Iterable
from typing import NamedTuple

from cclaunch.store.spending import Group


class Figures(NamedTuple):
    """
    What a number of requests used.

    Attributes:
        requests: How many.
        micros: Micro-dollars, by claude's list-price estimate.
        input, output: Tokens that were no cache's.
        cache_read, cache_written: Tokens read from the cache, and written to it.
        estimated: Micro-dollars among *micros* that claude has not said: a table of prices does.
        unpriced: Requests with tokens that nothing has a price for.
    """

    requests: int = 0
    micros: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_written: int = 0
    estimated: int = 0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        """Return all tokens, of every kind."""
        return self.input + self.output + self.cache_read + self.cache_written

    @property
    def hit_rate(self) -> float | None:
        """Return the share of what was sent that came from the cache (0 to 1); None where nothing was sent."""
        sent = self.input + self.cache_read + self.cache_written
        return self.cache_read / sent if sent else None


NOTHING = Figures()


def named(figures: Figures) -> dict[str, int | float]:
    """Return *figures* as programs know them, by name: money in USD; last of all, how sure the cost is."""
    return {
        "cost_usd": figures.micros / 1_000_000,
        "requests": figures.requests,
        "total_tokens": figures.tokens,
        "input_tokens": figures.input,
        "output_tokens": figures.output,
        "cache_read_tokens": figures.cache_read,
        "cache_creation_tokens": figures.cache_written,
        "cost_estimated_usd": figures.estimated / 1_000_000,
        "requests_unpriced": figures.unpriced,
    }


def figures_of(group: Group) -> Figures:
    """Return what the requests of *group* used."""
    return Figures(*group.sums)._replace(estimated=group.estimated, unpriced=group.unpriced)


def together(many: Iterable[Figures]) -> Figures:
    """Return the sum of *many*."""
    return Figures(*map(sum, zip(*many, strict=True))) if (many := list(many)) else NOTHING
