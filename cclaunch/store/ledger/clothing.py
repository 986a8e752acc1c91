"""
What is said of a request that only a transcript saw: what the nearest event of its session says of the session.

The problem it owns: a transcript knows no profile, no team and no project. Its session's events do, also when they arrive later;
but what they say of one request (model, effort, agent) is theirs alone. Where a session has no event, no profile is claimed.
"""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import set_id
from cclaunch.store.ledger.joining import spans
from cclaunch.store.ledger.request import OTHER, TRANSCRIPT, UNKNOWN
from cclaunch.store.ledger.schema import DAY_NS, NOBODY, QUARTER_NS
from cclaunch.store.ledger.witnessed import HOST, Witnessed
from cclaunch.store.shared import OF_A_REQUEST

OF_ITSELF = ("model", "app.version", "vcs.repository.name", "vcs.ref.head.name", HOST)
"""What a transcript says of a request, as attributes: the last fields of `Witnessed`, in their order."""

ITS_OWN = ("model", HOST)
"""What a request keeps that is dressed by another one."""

WITH_EVENTS = (
    "SELECT DISTINCT quarter FROM quarters WHERE quarter >= ? AND quarter <= ? AND session = ? AND requests > unseen ORDER BY 1"
)
EVENTS = (
    'SELECT time_ns, "set", sender FROM requests'
    f" WHERE time_ns >= ? AND time_ns < ? AND session = ? AND witnesses <> {TRANSCRIPT} ORDER BY time_ns, key"
)
CONCERNED = f"""
SELECT DISTINCT session FROM quarters WHERE quarter >= ? AND quarter <= ? AND unseen AND session <> {NOBODY}
    AND session IN (SELECT session FROM quarters WHERE quarter >= ? AND quarter <= ? AND requests > unseen)
"""
WITH_ALONE = f"SELECT DISTINCT session FROM quarters WHERE quarter >= ? AND quarter <= ? AND unseen AND session <> {NOBODY}"
ALONE = (
    'SELECT time_ns, key, "set", sender FROM requests INDEXED BY requests_by_transcript'
    f" WHERE witnesses = {TRANSCRIPT} AND time_ns >= ? AND time_ns <= ? AND session = ?"
)


class Event(NamedTuple):
    """An event of a session: when (ns), the id of its *set* and who has sent it."""

    time_ns: int
    set: int
    sender: int


class Nearest:
    """The events of the *session* (its id) within a day of the times from *first_ns* to *last_ns*, looked up as needed."""

    def __init__(self, connection: sqlite3.Connection, session: int, first_ns: int, last_ns: int) -> None:
        ends = (first_ns - DAY_NS) // QUARTER_NS, (last_ns + DAY_NS) // QUARTER_NS
        self._quarters = [row[0] for row in connection.execute(WITH_EVENTS, (*ends, session))]
        self._connection = connection
        self._session = session
        self._events: dict[int, list[Event]] = {}

    @property
    def is_any(self) -> bool:
        """Say whether there is any event."""
        return bool(self._quarters)

    def at(self, time_ns: int) -> Event | None:
        """Return the event that is nearest to *time_ns*, of two the earlier one; None without one within a day."""
        near = [one for one in self.around(time_ns) if one is not None and abs(one.time_ns - time_ns) <= DAY_NS]
        return min(near, key=lambda one: (abs(one.time_ns - time_ns), one.time_ns)) if near else None

    def around(self, time_ns: int) -> tuple[Event | None, Event | None]:
        """Return the last event before *time_ns* and the first one from then on."""
        quarter = time_ns // QUARTER_NS
        place = bisect_left(self._quarters, quarter)
        before = after = None
        for number in range(min(place, len(self._quarters) - 1), max(place - 2, -1), -1):
            earlier = [one for one in self._of(self._quarters[number]) if one.time_ns < time_ns]
            if earlier:
                before = earlier[-1]
                break
        for number in range(place, min(place + 2, len(self._quarters))):
            later = [one for one in self._of(self._quarters[number]) if one.time_ns >= time_ns]
            if later:
                after = later[0]
                break
        return before, after

    def _of(self, quarter: int) -> list[Event]:
        if quarter not in self._events:
            ends = quarter * QUARTER_NS, (quarter + 1) * QUARTER_NS
            self._events[quarter] = [Event(*row) for row in self._connection.execute(EVENTS, (*ends, self._session))]
        return self._events[quarter]


class Clothing:
    """Dresses requests of one transaction: what was looked up once is known."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sets: dict[tuple[Any, ...], str] = {}
        self._texts: dict[int, Mapping[str, Any]] = {}

    def alone(self, one: Witnessed) -> tuple[str, int]:
        """Return (the set of *one*, as text; who has sent it), where no event of its session is near."""
        told = one.model, one.version, one.repository, one.branch, one.host
        if told not in self._sets:
            self._sets[told] = set_of({name: value for name, value in zip(OF_ITSELF, told, strict=True) if value is not None})
        return self._sets[told], OTHER if one.host is None else UNKNOWN

    def by(self, event: Event, own: tuple[Any, ...]) -> tuple[str, int]:
        """Return (the set, as text; who has sent it) of a request whose nearest *event* that is; *own*: values of ``ITS_OWN``."""
        told = event.set, *own
        if told not in self._sets:
            kept = {key: value for key, value in self.attributes(event.set).items() if key not in OF_A_REQUEST}
            self._sets[told] = set_of(kept | {key: value for key, value in zip(ITS_OWN, own, strict=True) if value is not None})
        return self._sets[told], event.sender

    def attributes(self, number: int) -> Mapping[str, Any]:
        """Return the attributes of the set with that id."""
        if number not in self._texts:
            row = self._connection.execute("SELECT attributes FROM sets WHERE id = ?", (number,)).fetchone()
            self._texts[number] = json.loads(row[0])
        return self._texts[number]


def dress_anew(connection: sqlite3.Connection, quarters: Iterable[int]) -> set[int]:
    """
    Dress what transcripts alone told of near the events in *quarters*, of which some are new, in the transaction that is open.

    Returns:
        The quarters that are to be added up anew.
    """
    changed: set[int] = set()
    clothing = Clothing(connection)
    for since, until in spans(quarters, 0):
        ends = since // QUARTER_NS, until // QUARTER_NS
        around = (since - DAY_NS) // QUARTER_NS, (until + DAY_NS) // QUARTER_NS
        for (session,) in connection.execute(CONCERNED, (*around, *ends)).fetchall():
            changed |= _dress(connection, clothing, session, (since, until))
    return changed


def dress_there(connection: sqlite3.Connection, quarters: Iterable[int]) -> set[int]:
    """Dress what transcripts alone told of in *quarters*, where it was inserted as another ledger had it; return as above."""
    changed: set[int] = set()
    clothing = Clothing(connection)
    for since, until in spans(quarters, 0):
        ends = since // QUARTER_NS, until // QUARTER_NS
        for (session,) in connection.execute(WITH_ALONE, ends).fetchall():
            rows = connection.execute(ALONE, (since, until, session)).fetchall()
            changed |= set(_redressed(connection, clothing, Nearest(connection, session, since, until), rows))
    return changed


def _dress(connection: sqlite3.Connection, clothing: Clothing, session: int, ends: tuple[int, int]) -> set[int]:
    nearest = Nearest(connection, session, *ends)
    before, _ = nearest.around(ends[0])
    _, after = nearest.around(ends[1] + 1)  # what lies beyond those has a nearer event than the new ones
    since = ends[0] - DAY_NS if before is None else max(ends[0] - DAY_NS, before.time_ns)
    until = ends[1] + DAY_NS if after is None else min(ends[1] + DAY_NS, after.time_ns)
    nearest = Nearest(connection, session, since, until)
    rows = connection.execute(ALONE, (since, until, session)).fetchall()
    return set(_redressed(connection, clothing, nearest, rows))


def _redressed(
    connection: sqlite3.Connection, clothing: Clothing, nearest: Nearest, rows: Iterable[tuple[int, int, int, int]]
) -> Iterator[int]:
    for time_ns, key, number, sender in rows:
        event = nearest.at(time_ns)
        if event is None:
            continue
        own = clothing.attributes(number)
        text, sent_by = clothing.by(event, tuple(own.get(name) for name in ITS_OWN))
        dressed = set_id(connection, text)
        if (dressed, sent_by) != (number, sender):
            connection.execute(
                'UPDATE requests SET "set" = ?, sender = ? WHERE time_ns = ? AND key = ?', (dressed, sent_by, time_ns, key)
            )
            yield time_ns // QUARTER_NS
