"""
From VictoriaLogs: requests that the stack's collector has handed on, read again with overlap.

The problem it owns: what reaches it late lies among what was read already. So a time is looked at again: ten seconds back each
time, an hour once a minute, all there is once a day. What is known stays as it is. VictoriaLogs may answer slowly, or hang:
the ledger's lock is held only while what has arrived is written, a few hundred requests at a time.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.ledger import pull_requests, vlogs_read
from cclaunch.store.ledger.arriving import add_up_events
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import insert_requests
from cclaunch.store.ledger.request import BY_EVENT, EVENT, NO_COST, UNKNOWN, Request
from cclaunch.store.ledger.schema import DAY_NS, HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.senders import INSTANCE, Launches, sender_of
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.ledger.vlogs_read import ALL, HOUR, NEWEST, WasRead
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.record_key import record_key, texts_of
from cclaunch.store.rows import cost_micros, integer, text, written
from cclaunch.store.vlogs import read, requests
from cclaunch.store.vlogs.read import Found, Row

NS = 1_000_000_000
OVERLAP_NS = 10 * NS
LOOK_BACK_NS = 60 * NS

TOGETHER = 500
"""Requests of one transaction: more are never in memory at once."""

MOST_AT_ONCE = 20_000
"""Requests of one question: a quarter of an hour that has more is read in parts."""

Tell = Callable[[int, int], None]


class _Read(NamedTuple):
    """A *request*, whose sender is not known yet, and the attributes that tell it."""

    request: Request
    told_by: dict[str, Any]


class Taken(NamedTuple):
    """Requests that are *left* because the time was over, and those that are *missing*: counted over there, not given out yet."""

    left: int
    missing: int


def take_vlogs(places: Places, launches: Launches, until: float | None, tell: Tell, *, everything: bool = False) -> Taken:
    """
    Read what the VictoriaLogs of *places* holds and the ledger may not know.

    Args:
        launches: Who has left a name by now: whose requests these are.
        until: The deadline in ``time.monotonic()``'s seconds, a quarter of an hour's requests more or less; None: to the end.
        tell: Called with how many requests were read, and how many there were to read.
        everything: Look at all there is, also when that was done a moment ago.

    Raises:
        Busy: Another one has been at the ledger for long.
        StoreUnreachable: VictoriaLogs does not answer; what was read until then is in the ledger.
        StoreError, sqlite3.Error: The ledger cannot be written.
    """
    now = time.time_ns()
    with writing(places) as connection:
        known = WasRead(connection, places.vlogs)
    reader = _Reader(places, launches, known.when(NEWEST))
    whole = everything or now - known.when(ALL) >= DAY_NS
    since = max(0, min(reader.newest, now) - OVERLAP_NS)  # a clock that goes before ours hides nobody else
    if not whole and now - known.when(HOUR) < LOOK_BACK_NS:
        reader.take(since, None)
        return Taken(0, 0)
    there = requests.counts(places.vlogs, None if whole else min(since, now - HOUR_NS))
    changed = sorted((quarter for quarter, count in there.items() if count != known.count(quarter)), reverse=True)
    left = total = sum(there[quarter] for quarter in changed)
    missing = 0
    for number, quarter in enumerate(changed):
        if number and until is not None and time.monotonic() >= until:
            return Taken(left, missing)
        missing += max(0, there[quarter] - reader.take_quarter(quarter, there[quarter]))
        left -= there[quarter]
        tell(total - left, total)
    _looked(places, [ALL, HOUR] if whole else [HOUR], now, set(known.quarters()) - there.keys() if whole else ())
    return Taken(0, missing)


class _Reader:
    """Reads times of the VictoriaLogs of *places* into the ledger. *newest*: when the newest request of all was, in ns."""

    def __init__(self, places: Places, launches: Launches, newest: int) -> None:
        self.newest = newest
        self._places = places
        self._launches = launches

    def take_quarter(self, quarter: int, count: int) -> int:
        """Read a quarter of an hour that has *count* requests, and remember how many came; return that."""
        parts = -(-count // MOST_AT_ONCE)
        begin = quarter * QUARTER_NS
        ends = [begin + QUARTER_NS * part // parts for part in range(parts + 1)]
        came = sum(self.take(first, last) for first, last in pairwise(ends))
        with writing(self._places) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            vlogs_read.count(connection, self._places.vlogs, quarter, came)
        return came

    def take(self, begin: int, end: int | None) -> int:
        """Write what happened in a time (ns) into the ledger, a transaction for each few hundred; return how many rows came."""
        came = 0
        url = self._places.vlogs
        for rows in _batches(requests.between(url, begin, end)):
            came += len(rows)
            some = [_read(url, row, one) for row, one in rows if one is not None and one.name == otel.REQUEST]
            beside = [one for row, one in rows if one is not None and one.name == otel.PULL_REQUEST]
            if some or beside:
                self._write(some, [told for one in beside if (told := pull_requests.told(one.time_ns, one.attributes))])
        return came

    def _write(self, some: list[_Read], beside: list[pull_requests.Told]) -> None:
        self.newest = max(self.newest, *(one.request.time_ns for one in some), *(one.time_ns for one in beside))
        with writing(self._places) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            self._launches.register(connection)
            made = [one.request._replace(sender=_sender(connection, one)) for one in some]
            forgotten = Tombstones(connection)
            add_up_events(connection, insert_requests(connection, made, forgotten), forgotten.late)
            pull_requests.take(connection, beside, forgotten)
            vlogs_read.move(connection, self._places.vlogs, NEWEST, self.newest)


def _sender(connection: sqlite3.Connection, one: _Read) -> int:
    return sender_of(connection, one.told_by, one.request.time_ns, checked=False)


def _batches(rows: Iterator[tuple[Row, Found | None]]) -> Iterator[list[tuple[Row, Found | None]]]:
    while some := list(islice(rows, TOGETHER)):
        yield some


def _looked(places: Places, names: Iterable[str], now: int, gone: Iterable[int]) -> None:
    """Remember when it was looked back, and forget quarters that are *gone*: VictoriaLogs keeps nothing for ever."""
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        for name in names:
            vlogs_read.move(connection, places.vlogs, name, now)
        vlogs_read.drop(connection, gone)


def _read(url: str, row: Row, found: Found) -> _Read:
    try:
        return _Read(
            _request(row, found), {key: found.attributes[key] for key in (INSTANCE, otel.SENDER) if key in found.attributes}
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise requests.strange(url, error) from error


def key_of(row: Row, found: Found) -> int:
    """Return the key of the event in a *row* that was read as *found*."""
    return record_key(found.time_ns, found.name, row.get("_msg", ""), texts_of(read.sent(row)))


def _request(row: Row, found: Found) -> Request:
    attributes: dict[str, Any] = found.attributes
    hour = integer(attributes.get("cache_creation_1h_tokens"), limits.MOST_TOKENS)
    whole = integer(attributes.get("cache_creation_tokens"), limits.MOST_TOKENS)
    micros = cost_micros(attributes)
    return Request(
        found.time_ns,
        key_of(row, found),
        found.session_id,
        set_of(attributes),
        text(attributes.get("request_id")),
        micros,
        integer(attributes.get("input_tokens"), limits.MOST_TOKENS),
        integer(attributes.get("output_tokens"), limits.MOST_TOKENS),
        integer(attributes.get("cache_read_tokens"), limits.MOST_TOKENS),
        *written(whole, hour),
        NO_COST if micros is None else BY_EVENT,
        EVENT,
        UNKNOWN,
    )
