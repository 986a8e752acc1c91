"""
What was used: the ledger, brought up to date and asked.

The problem it owns: a part that cannot be read costs its part of the answer and one sentence, unless there is nothing else.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from cclaunch.errors import StoreMissing
from cclaunch.store import losses
from cclaunch.store.filters import Where, canonical
from cclaunch.store.ledger import opening, reading
from cclaunch.store.ledger.answering import answering
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.places import Places
from cclaunch.store.spending import Usage, assembled

ALWAYS = frozenset((*LABELS, "session.id", "model", "service.name", "event.name", "request_id", "prompt.id"))
"""What every request has, or may lack without a mistake."""


class Told(NamedTuple):
    """The *usage* (None where nothing was ever recorded), and the *troubles* that cost a part of it, a sentence each."""

    usage: Usage | None
    troubles: list[str]


def usage(
    places: Places,
    since: int | None,
    until: int | None,
    by: Sequence[str],
    where: Where,
    tell: Callable[[int, int], None] = lambda done, whole: None,
) -> Told:
    """
    Return what was used between *since* and *until* (ns) where *where* holds, grouped by *by*.

    Args:
        tell: Called while the ledger takes in much that is new: with how much was read, and how much there is.

    Raises:
        StoreTooNew, StoreBroken: The ledger cannot be read.
        StoreUnreachable: VictoriaLogs does not answer, and there is nothing else.
    """
    troubles: list[str] = []
    try:
        with answering(places, troubles, tell) as connection:
            found = reading.groups(connection, since, until, by, where)
            lost = losses.lost_usd_micros(connection, since, until, where)
    except StoreMissing:
        return Told(None, troubles)
    return Told(assembled(found, since, until, by, lost), troubles)


def unsent(places: Places, asked: Iterable[str]) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, for each of *asked* that no request ever had."""
    try:
        with opening.reading(places.ledger) as connection:
            names: Collection[str] = reading.names(connection)
    except StoreMissing:
        return {}
    missing = [key for key in asked if canonical(key) not in {*names, *ALWAYS}]
    if not missing:
        return {}
    from cclaunch.store import keys  # only where something is misspelt

    return keys.guesses(missing, names)
