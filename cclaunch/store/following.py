"""
Events as they arrive, from all places: what was stored since the last look, each once.

Our own database numbers its rows, so nothing can be missed there. VictoriaLogs has no such number, and events come
late (claude sends every few seconds, a queue after an outage much later): what is recent is looked at each time, and
the last hour now and then. What arrives later than that is not followed; it is in the store all the same.
"""

import os
import time

from cclaunch.errors import StoreMissing, StoreUnreachable
from cclaunch.store import reader, stores
from cclaunch.store.filters import Where
from cclaunch.store.places import Places
from cclaunch.store.reader import Event
from cclaunch.store.vlogs import read

MOST_AT_ONCE = 1000
NS = 1_000_000_000
RECENT_NS = 60 * NS
LATE_NS = 3600 * NS
LOOK_BACK_S = 10.0
POLL_VLOGS_S = 1.0


class DatabaseTail:
    """Follows our own database at *path*, which may be made, or deleted and made again, meanwhile."""

    def __init__(self, path: str, where: Where) -> None:
        self._path = path
        self._where = where
        self._seen = 0
        self._identity = 0

    def start(self, count: int) -> list[Event]:
        """Return the last *count* events and remember where they end."""
        try:
            with reader.reading(self._path) as connection:
                self._seen = reader.newest_rowid(connection)
                self._identity = _inode(self._path)
                last = reader.events(connection, limit=count, where=self._where) if count else []
        except StoreMissing:
            return []
        # One stored between the two questions belongs to what follows: it must not be shown twice.
        return [event for event in last if event.rowid <= self._seen]

    def fresh(self) -> list[Event]:
        """Return what was stored since, at most ``MOST_AT_ONCE``."""
        if _inode(self._path) != self._identity:  # its rows are numbered anew
            self._identity, self._seen = _inode(self._path), 0
        try:
            with reader.reading(self._path) as connection:
                newest = reader.newest_rowid(connection)
                found = reader.events(connection, after=self._seen, limit=MOST_AT_ONCE, where=self._where)
        except StoreMissing:
            return []
        # With a filter, most rows pass unseen: go on behind them. A full answer may have more behind its last row.
        full = len(found) == MOST_AT_ONCE
        self._seen = found[-1].rowid if full else max(newest, self._seen, *(event.rowid for event in found))
        return found


def _inode(path: str) -> int:
    """Return what tells one file at *path* from its successor; 0 when there is none."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


class VlogsTail:
    """Follows the VictoriaLogs at *url*, which may be away for a while."""

    def __init__(self, url: str, where: Where) -> None:
        self._url = url
        self._where = where
        self._seen: dict[object, int] = {}
        self._asked = self._looked_back = time.monotonic()

    def start(self, count: int) -> list[Event]:
        """Return the last *count* events; those of the last hour are known from now on. Raises StoreUnreachable."""
        last = read.events(self._url, limit=count, where=self._where)
        self._unseen(time.time_ns() - LATE_NS)
        self._seen |= {_key(event): event.time_ns for event in last}
        return last

    def fresh(self) -> list[Event]:
        """Return what arrived since; nothing while VictoriaLogs does not answer."""
        now = time.monotonic()
        if now - self._asked < POLL_VLOGS_S:
            return []
        self._asked = now
        late = now - self._looked_back >= LOOK_BACK_S
        try:
            found = self._unseen(time.time_ns() - (LATE_NS if late else RECENT_NS))
        except StoreUnreachable:
            return []  # what it has missed by then is found by looking back
        self._looked_back = now if late else self._looked_back
        return found

    def _unseen(self, since_ns: int) -> list[Event]:
        found = read.events(self._url, limit=None, since=since_ns, where=self._where)
        fresh = [event for event in found if _key(event) not in self._seen]
        border = time.time_ns() - 2 * LATE_NS
        self._seen = {key: moment for key, moment in self._seen.items() if moment >= border}
        self._seen |= {_key(event): event.time_ns for event in fresh}
        return fresh


def _key(event: Event) -> object:
    return stores.twin_key(event) or (event.time_ns, event.name, event.session_id, repr(event.attributes))


class Tail:
    """
    Follows all *places*; an event that turns up at both is shown once.

    Attributes:
        troubles: A sentence on each place that did not answer at the start; it is asked again all the same.
    """

    def __init__(self, places: Places, where: Where) -> None:
        self._tails: list[DatabaseTail | VlogsTail] = [DatabaseTail(places.database, where)]
        if places.vlogs:
            self._tails.append(VlogsTail(places.vlogs, where))
        self._shown: dict[object, None] = {}
        self.troubles: list[str] = []

    def start(self, count: int) -> list[Event]:
        """Return the last *count* events, the oldest first. Raises StoreTooNew, StoreBroken."""
        found: list[Event] = []
        for tail in self._tails:
            try:
                found += tail.start(count)
            except StoreUnreachable as error:
                self.troubles.append(error.left_out())
        found = stores.without_twins(found)
        return self._once(found[len(found) - min(count, len(found)) :])

    def fresh(self) -> list[Event]:
        """Return what arrived since the last call."""
        return self._once([event for tail in self._tails for event in tail.fresh()])

    def _once(self, found: list[Event]) -> list[Event]:
        if len(self._tails) == 1:
            return found
        kept = []
        for event in found:
            key = stores.twin_key(event)
            if key is None or key not in self._shown:
                kept.append(event)
                self._shown[key] = None
        while len(self._shown) > 10 * MOST_AT_ONCE:
            del self._shown[next(iter(self._shown))]
        return kept
