"""
All places on this machine that hold what was recorded, asked as one.

Whoever moved from one backend to the other has data in both, and an export that was repeated during the move lies in
both: it counts once, and our own database is asked first. A place that does not answer costs its part of the
answer and one sentence, unless it is the only one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple, TypeVar

from cclaunch.errors import StoreMissing, StoreUnreachable
from cclaunch.store import keys, losses, reader, spending
from cclaunch.store.filters import Where, canonical
from cclaunch.store.reader import Event
from cclaunch.store.vlogs import metrics_page, read

Answer = TypeVar("Answer")


class Places(NamedTuple):
    """
    Where events may lie.

    Attributes:
        database: The path of the embedded collector's store; there may be none yet.
        vlogs: The URL of VictoriaLogs, or an empty text where there is none.
        metrics: The URL of the page on which the stack's collector shows its metrics, or an empty text.
    """

    database: str
    vlogs: str = ""
    metrics: str = ""


class Told(NamedTuple):
    """The *usage* (None where nothing was ever recorded), and the *troubles* that cost a part of it, a sentence each."""

    usage: "spending.Usage | None"
    troubles: list[str]


def usage(places: Places, since: int | None, until: int | None, by: Sequence[str], where: Where) -> Told:
    """
    Return what was used between *since* and *until* (ns) where *where* holds, grouped by *by*, over all places.

    Raises:
        StoreTooNew, StoreBroken: Our own database cannot be read.
        StoreUnreachable: VictoriaLogs does not answer, and there is nothing else.
    """
    if not places.vlogs:
        return Told(_own(places, lambda connection: spending.usage(connection, since, until, by, where)), [])
    own = _own(places, lambda connection: _parts(connection, since, until, by, where))
    parts = own or _Parts([], 0, {}, set())
    try:
        there = read.groups(places.vlogs, since, until, by, where, parts.counted)
        lost = _lost(parts.lost, read.spent(places.vlogs, list(parts.lost)))
        troubles = []
    except StoreUnreachable as error:
        if own is None:
            raise
        there, lost, troubles = [], sum(parts.lost.values()), [uncounted(error)]
    return Told(spending.assembled([*parts.groups, *there], since, until, by, lost, parts.unknown), troubles)


class _Parts(NamedTuple):
    """What our own database holds of an answer: *lost* is session -> micro-dollars, *counted* the requests in it."""

    groups: list[spending.Group]
    unknown: int
    lost: dict[str, int]
    counted: set[int]


def _parts(connection: Connection, since: int | None, until: int | None, by: Sequence[str], where: Where) -> _Parts:
    found, unknown = spending.groups(connection, since, until, by, where)
    counted = {known for row in spending.identities(connection) if (known := read.identity(*row)) is not None}
    return _Parts(found, unknown, losses.lost_by_session(connection, since, until, where), counted)


def _lost(lost: Mapping[str, int], spent: Mapping[str, tuple[int, int]]) -> int:
    """Return what is lost when what the sessions cost elsewhere is known; half a micro-dollar a request is rounding."""
    left = 0
    for session, missing in lost.items():
        requests, micros = spent.get(session, (0, 0))
        left += missing - micros if missing - micros > 1 + requests else 0
    return left


def unsent(places: Places, asked: Iterable[str], *, requests: bool) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, for each of *asked* that no event (or request) ever had, at any place."""
    missing = keys.asked_of(asked)
    names: set[str] = set()
    if not missing:
        return {}
    if own := _own(places, lambda db: (keys.missing_of(db, missing, requests=requests), keys.names_of(db, requests=requests))):
        missing, names = own[0], own[1]
    if places.vlogs and missing:
        try:
            there = read.field_names(places.vlogs, requests=requests)
        except StoreUnreachable:
            return {}  # it may have been sent
        missing = [key for key in missing if canonical(key) not in there]
        names |= there
    return keys.guesses(missing, names)


def last_event(places: Places) -> Event | None:
    """Return the newest event of all places, or None. Raises what ``usage`` raises."""
    found, _ = events(places, limit=1)
    return found[0] if found else None


def events(places: Places, *, limit: int | None, where: Where | None = None) -> tuple[list[Event], list[str]]:
    """Return (the newest *limit* events of all places, the oldest first; troubles). Raises what ``usage`` raises."""
    own = _own(places, lambda connection: reader.events(connection, limit=limit, where=where))
    if not places.vlogs:
        return own or [], []
    try:
        there = read.events(places.vlogs, limit=limit, where=where)
    except StoreUnreachable as error:
        if own is None:
            raise
        return own, [uncounted(error)]
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


def uncounted(error: StoreUnreachable) -> str:
    """Return the sentence on a place that did not answer."""
    return f"{error.message} ({error.cause}): what is stored there is not part of this answer"
