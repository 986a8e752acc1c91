"""
What a person wants forgotten, and the rules that it makes.

The problem it owns: how far a rule reaches. A session is forgotten for ever, whenever more of it comes; a time, up to its end;
what is asked for by its attributes, up to the moment of forgetting: new work of the same name is new work.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cclaunch.store.filters import wanted_of
from cclaunch.store.ledger.periods import LABELS, periods
from cclaunch.store.ledger.tombstones import FOREVER, SESSION, Rule, hashed


class Wanted(NamedTuple):
    """
    What is to go: all of it must hold.

    Attributes:
        session: Its whole id.
        before: Up to when, in nanoseconds since the epoch.
        where: Attribute -> values, of which it must have one.
        week_start: The number of the weekday on which the weeks of *where* begin, 0 for Monday.
    """

    session: str | None = None
    before: int | None = None
    where: Mapping[str, Sequence[str]] = {}
    week_start: int = 0


def rules_for(wanted: Wanted, now_ns: int) -> list[Rule]:
    """Return the rules that *wanted* makes: one for each time that it means."""
    asks = {hashed(key): frozenset(map(hashed, wanted_of(key, values))) for key, values in _lasting(wanted).items()}
    if wanted.session is not None:
        asks[SESSION] = asks.get(SESSION, frozenset((hashed(wanted.session),))) & {hashed(wanted.session)}
    until = FOREVER if wanted.before is None else wanted.before
    if wanted.where:
        until = min(until, now_ns + 1)
    return [Rule(since, end, asks) for since, end in _times(wanted, until)]


def _lasting(wanted: Wanted) -> dict[str, Sequence[str]]:
    """Return the conditions that are no times."""
    return {key: values for key, values in wanted.where.items() if key not in LABELS}


def _times(wanted: Wanted, until: int) -> Iterator[tuple[int, int]]:
    """Yield the times that are meant: up to *until*, or the days, weeks and months of the conditions before that."""
    timed = {key: values for key, values in wanted.where.items() if key in LABELS}
    if not timed:
        yield 0, until
        return
    held: tuple[int, int] | None = None
    for period in periods(0, until, set(timed), wanted.week_start):
        if any(LABELS[key](period, wanted.week_start) not in values for key, values in timed.items()):
            continue
        if held is not None and held[1] == period.since:
            held = held[0], period.until
            continue
        if held is not None:
            yield held
        held = period.since, period.until
    if held is not None:
        yield held
