"""
From VictoriaLogs: requests that the stack's collector has handed on, read again with overlap.

The problem it owns: what reaches it late lies among what was read already. So a time is looked at again: ten seconds back each
time, an hour once a minute, all there is once a day. What is known stays as it is. VictoriaLogs may answer slowly, or hang:
the ledger's lock is held only while what has arrived is written, a few hundred requests at a time.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.ledger import vlogs_read
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.request import BY_EVENT, EVENT, NO_COST, UNKNOWN, Request
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.senders import INSTANCE, Launches, sender_of
from cclaunch.store.ledger.vlogs_read import ALL, HOUR, NEWEST, WasRead
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.record_key import record_key, texts_of
from cclaunch.store.rows import cost_micros, integer, text
from cclaunch.store.vlogs import read, requests
from cclaunch.store.vlogs.read import Found, Row

NS = 1_000_000_000
OVERLAP_NS = 10 * NS
HOUR_NS = 3600 * NS
LOOK_BACK_NS = 60 * NS
DAY_NS = 86_400 * NS

TOGETHER = 500
"""Requests of one transaction: more are never in memory at once."""

MOST_AT_ONCE = 20_000
"""Requests of one question: a quarter of an hour that has more is read in parts."""

Tell = Callable[[int, int], None]


class _Read(NamedTuple):
    """A *request*, whose sender is not known yet, and the attributes that tell it."""

    request: Request
    told_by: dict[str, Any]


def take_vlogs(places: Places, launches: Launches, until: float | None, tell: Tell, *, everything: bool = False) -> int:
    """
    Read what the VictoriaLogs of *places* holds and the ledger may not know.

    Args:
        until: The deadline in ``time.monotonic()``'s seconds, a quarter of an hour's requests more or less; None: to the end.
        tell: Called with how many requests were read, and how many there were to read.
        everything: Look at all there is, also when that was done a moment ago.

    Returns:
        How many requests are left, because the time was over.

    Whose requests these are, the *launches* say that have left their names by then.

    Raises:
        Busy: Another one has been at the ledger for long.
        StoreUnreachable: VictoriaLogs does not answer; what was read until then is in the ledger.
        StoreError, sqlite3.Error: The ledger cannot be written.
    """
    now = time.time_ns()
    with writing(places) as connection:
        known = WasRead(connection, places.vlogs)
    newest = known.when(NEWEST)
    whole = everything or now - known.when(ALL) >= DAY_NS
    since = max(0, min(newest, now) - OVERLAP_NS)  # a clock that goes before ours hides nobody else
    if not whole and now - known.when(HOUR) < LOOK_BACK_NS:
        _take(places, launches, requests.between(places.vlogs, since, None), newest)
        return 0
    there = requests.counts(places.vlogs, None if whole else min(since, now - HOUR_NS))
    changed = sorted((quarter for quarter, count in there.items() if count != known.count(quarter)), reverse=True)
    left = total = sum(there[quarter] for quarter in changed)
    for number, quarter in enumerate(changed):
        if number and until is not None and time.monotonic() >= until:
            return left
        newest = _take_quarter(places, launches, quarter, there[quarter], newest)
        left -= there[quarter]
        tell(total - left, total)
    _looked(places, [ALL, HOUR] if whole else [HOUR], now, set(known.quarters()) - there.keys() if whole else ())
    return 0


def _take_quarter(places: Places, launches: Launches, quarter: int, count: int, newest: int) -> int:
    """Read a quarter of an hour that has *count* requests; return when the newest of all is, *newest* of those before."""
    parts = -(-count // MOST_AT_ONCE)
    begin = quarter * QUARTER_NS
    for part in range(parts):
        ends = begin + QUARTER_NS * part // parts, begin + QUARTER_NS * (part + 1) // parts
        newest = _take(places, launches, requests.between(places.vlogs, *ends), newest)
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        vlogs_read.count(connection, places.vlogs, quarter, count)
    return newest


def _take(places: Places, launches: Launches, rows: Iterable[tuple[Row, Found]], newest: int) -> int:
    """Write *rows* into the ledger, a transaction for each few hundred; return when the newest of all is."""
    found = (_read(places.vlogs, row, one) for row, one in rows)
    for some in _batches(found):
        newest = max(newest, *(one.request.time_ns for one in some))
        with writing(places) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            launches.register(connection)
            made = [one.request._replace(sender=_sender(connection, one)) for one in some]
            add_up(connection, insert_requests(connection, made))
            vlogs_read.move(connection, places.vlogs, NEWEST, newest)
    return newest


def _sender(connection: sqlite3.Connection, one: _Read) -> int:
    return sender_of(connection, one.told_by, one.request.time_ns, checked=False)


def _batches(found: Iterator[_Read]) -> Iterator[list[_Read]]:
    while some := list(islice(found, TOGETHER)):
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
    written = integer(attributes.get("cache_creation_tokens"), limits.MOST_TOKENS)
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
        None if written is None else max(written - (hour or 0), 0),
        hour,
        NO_COST if micros is None else BY_EVENT,
        EVENT,
        UNKNOWN,
    )
