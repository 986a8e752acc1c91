"""
From VictoriaLogs: requests that the stack's collector has handed on, read again with overlap.

The problem it owns: VictoriaLogs numbers nothing, and what reaches it late lies among what was read already. So a time is read
again: ten seconds back each time, an hour now and then, all there is once a day. What is known stays as it is.
"""

import sqlite3
import time
from typing import Any

from cclaunch.store import limits
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.request import BY_EVENT, EVENT, NO_COST, Request
from cclaunch.store.ledger.senders import Launches, sender_of
from cclaunch.store.record_key import record_key, texts_of
from cclaunch.store.rows import cost_micros, integer, text
from cclaunch.store.vlogs import read
from cclaunch.store.vlogs.read import Row

NS = 1_000_000_000
OVERLAP_NS = 10 * NS
HOUR_NS = 3600 * NS
LOOK_BACK_NS = 60 * NS
DAY_NS = 86_400 * NS


def take_vlogs(connection: sqlite3.Connection, url: str, launches: Launches) -> None:
    """
    Read what the VictoriaLogs at *url* holds and the ledger may not know, a transaction for each slice of time.

    Whose requests these are, the *launches* say that have left their names by then.

    Raises:
        StoreUnreachable: It does not answer; what was read until then is in the ledger.
    """
    now = time.time_ns()
    cursors = _Cursors(connection, url)
    newest = cursors.of("newest")
    since, whole = _since(newest, cursors, now)
    for rows in read.request_slices(url, since):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            launches.register(connection)
            requests = [_request(connection, row) for row in rows]
            add_up(connection, insert_requests(connection, requests))
            newest = max(newest, *(one.time_ns for one in requests))
            cursors.move("newest", newest)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for name in whole:
            cursors.move(name, now)


def _since(newest: int, cursors: "_Cursors", now: int) -> tuple[int | None, list[str]]:
    """Return (from when to read, which looks back that is)."""
    if now - cursors.of("all") >= DAY_NS:
        return None, ["all", "hour"]
    if now - cursors.of("hour") >= LOOK_BACK_NS:
        return min(newest - OVERLAP_NS, now - HOUR_NS), ["hour"]
    return newest - OVERLAP_NS, []


class _Cursors:
    """How far one VictoriaLogs was read, and when it was looked back at last: name -> ns since the epoch."""

    def __init__(self, connection: sqlite3.Connection, url: str) -> None:
        self._connection = connection
        self._url = url

    def of(self, name: str) -> int:
        """Return the cursor called *name*; 0 when there is none."""
        query = "SELECT position FROM cursors WHERE source = ? AND database = ?"
        row = self._connection.execute(query, (f"vlogs {name}", self._url)).fetchone()
        return row[0] if row else 0

    def move(self, name: str, position: int) -> None:
        """Set the cursor called *name*, in the transaction that is open."""
        self._connection.execute(
            "INSERT INTO cursors (source, database, position) VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE"
            " SET database = excluded.database, position = excluded.position",
            (f"vlogs {name}", self._url, position),
        )


def key_of(row: Row, found: read.Found) -> int:
    """Return the key of the event in a *row* that was read as *found*."""
    return record_key(found.time_ns, found.name, row.get("_msg", ""), texts_of(read.sent(row)))


def _request(connection: sqlite3.Connection, row: Row) -> Request:
    found = read.read_row(row)
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
        sender_of(connection, attributes, found.time_ns, checked=False),
    )
