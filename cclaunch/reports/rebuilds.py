"""
A cache that a pause has ended, and what it cost to write it anew.

The problem it owns: nobody sees it. A request after a pause costs several times what the one before did, and does not say why.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cclaunch import otel
from cclaunch.reports.figures import Figures
from cclaunch.store import limits
from cclaunch.store.reader import Event
from cclaunch.store.rows import cost_micros, integer
from cclaunch.store.spending import TOKENS

NS = 1_000_000_000

CACHE_S = 300
"""A cache is kept so long, or an hour: a shorter pause has cost nothing."""

LEAST_LOST = 1000
"""Tokens: the API caches nothing shorter, and a few that are written anew are no cache that has ended."""

OUTPUT_PRICE, READ_PRICE, WRITE_5M_PRICE, WRITE_1H_PRICE = 5.0, 0.1, 1.25, 2.0
"""Prices of a token against one of input; the same for all models, but for what is read from the cache (at most a tenth)."""


class Rebuild(NamedTuple):
    """A cache that a pause of *pause_s* seconds had ended was written anew: *tokens*, for about *micros*."""

    time_ns: int
    pause_s: int
    tokens: int
    micros: int


def used_by(event: Event) -> Figures:
    """Return what a request used."""
    count = [integer(event.attributes.get(key), limits.MOST_TOKENS) or 0 for key in TOKENS]
    return Figures(1, cost_micros(event.attributes) or 0, *count)


def rebuilds(events: Iterable[Event]) -> Iterator[Rebuild]:
    """Yield what was written to the cache anew after a pause: what had been there before, and was not read."""
    last: dict[str, tuple[int, Figures]] = {}
    for event in events:
        if event.name == "compaction":
            last.clear()  # what is written then is another text
        if event.name != otel.REQUEST:
            continue
        who = repr((event.attributes.get("agent_id"), event.attributes.get("query_source"), event.model))  # may be lists
        used = used_by(event)
        if who in last:
            before_ns, before = last[who]
            took_ms = integer(event.attributes.get("duration_ms"), limits.MOST_MS) or 0
            pause = (event.time_ns - before_ns) // NS - took_ms // 1000
            lost = min(before.cache_read + before.cache_written - used.cache_read, used.cache_written)
            if pause >= CACHE_S and lost >= LEAST_LOST:
                yield Rebuild(event.time_ns, pause, lost, _price(event, used, lost))
        last[who] = event.time_ns, used


def _price(event: Event, used: Figures, rebuilt: int) -> int:
    """Return about how many micro-dollars more *rebuilt* tokens cost than reading them, by the price of their own request."""
    hour = integer(event.attributes.get("cache_creation_1h_tokens"), limits.MOST_TOKENS) or 0
    written = WRITE_1H_PRICE if hour * 2 > used.cache_written else WRITE_5M_PRICE
    short = used.cache_written - min(hour, used.cache_written)
    weight = used.input + OUTPUT_PRICE * used.output + READ_PRICE * used.cache_read
    weight += WRITE_5M_PRICE * short + WRITE_1H_PRICE * (used.cache_written - short)
    return round(used.micros / weight * (written - READ_PRICE) * rebuilt) if weight else 0
