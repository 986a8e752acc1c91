"""
The events of all places on this machine, asked as one.

Whoever moved from one backend to the other has data in both, and an export that was repeated during the move lies in
both: it is shown once, and our own database is asked first. A place that does not answer costs its part of the
answer and one sentence, unless it is the only one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import TypeVar

from cclaunch import otel
from cclaunch.errors import StoreMissing, StoreUnreachable
from cclaunch.store import keys, reader
from cclaunch.store.filters import Where, canonical
from cclaunch.store.places import Places
from cclaunch.store.reader import Event
from cclaunch.store.vlogs import metrics_page, read

Answer = TypeVar("Answer")


def unsent(places: Places, asked: Iterable[str]) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, for each of *asked* that no event ever had, at any place."""
    missing = keys.asked_of(asked)
    if not missing:
        return {}
    names: set[str] = set()
    if own := _own(places, lambda connection: (keys.missing_of(connection, missing), keys.names_of(connection))):
        missing, names = own
    if places.vlogs and missing:
        try:
            there = read.field_names(places.vlogs)
        except StoreUnreachable:
            return {}  # it may have been sent
        missing = [key for key in missing if canonical(key) not in there]
        names |= there
    return keys.guesses(missing, names)


def last_event(places: Places) -> Event | None:
    """Return the newest event that claude sent, of all places, or None. Raises what ``usage`` raises."""
    found, _ = events(places, limit=1, without=otel.OF_STATUS_LINE)
    return found[0] if found else None


def events(
    places: Places, *, limit: int | None, where: Where | None = None, without: Sequence[str] = ()
) -> tuple[list[Event], list[str]]:
    """
    Return (the newest *limit* events of all places, the oldest first; troubles), *without* those of these names.

    Raises what ``usage`` raises.
    """
    own = _own(places, lambda connection: reader.events(connection, limit=limit, where=where, without=without))
    if not places.vlogs:
        return own or [], []
    try:
        there = read.events(places.vlogs, limit=limit, where=where, without=without)
    except StoreUnreachable as error:
        if own is None:
            raise
        return own, [error.left_out()]
    found = without_twins([*(own or []), *there])
    return (found if limit is None else found[len(found) - min(limit, len(found)) :]), []


def without_twins(found: Iterable[Event]) -> list[Event]:
    """Return events in order; one that was found at two places is there once."""
    kept = {twin_key(event) or number: event for number, event in reversed(list(enumerate(found)))}
    return sorted(reversed(kept.values()), key=_order)


def twin_key(event: Event) -> tuple[object, ...] | None:
    """Return what tells an event from all others; None for one that its sender did not number."""
    sequence = event.attributes.get("event.sequence")
    return None if sequence is None else (event.time_ns, event.name, event.session_id, sequence)


def _order(event: Event) -> tuple[int, int]:
    sequence = event.attributes.get("event.sequence")
    return event.time_ns, sequence if isinstance(sequence, int) else -1


def find_check(places: Places, nonce: str) -> tuple[bool, bool]:
    """
    Say whether the (event, metric) that ``cclaunch check`` sent with *nonce* can be read back, wherever they went.

    Raises:
        StoreTooNew, StoreBroken, StoreUnreachable: A place cannot be asked.
    """
    event, metric = _own(places, lambda connection: reader.find_check(connection, nonce)) or (False, False)
    event = event or bool(places.vlogs and read.find_check(places.vlogs, nonce))
    return event, metric or bool(places.metrics and metrics_page.has_check(places.metrics, nonce))


def _own(places: Places, ask: Callable[[Connection], Answer]) -> Answer | None:
    """Return what our own database answers, or None when there is none."""
    try:
        with reader.reading(places.database) as connection:
            return ask(connection)
    except StoreMissing:
        return None
