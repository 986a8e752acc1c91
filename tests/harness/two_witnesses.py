"""
A ledger in memory, and what two witnesses tell it of the same requests.

The problem it owns: a test names a request once, and each witness tells of it in its own way.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cclaunch.store.ledger.arriving import add_up_events
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.from_transcripts import Taken, take
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.opening import make
from cclaunch.store.ledger.request import BY_EVENT, EVENT, LAUNCH, Request
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.ledger.witnessed import File, Witnessed
from cclaunch.store.record_key import number_of

SECOND = 1_000_000_000
NOON = 1_790_000_000 // 900 * 900 * SECOND
"""A moment at which a quarter of an hour begins."""

MODEL = "claude-opus-4-8"


def told(number: int, second: float = 0, **changes: Any) -> Witnessed:
    """Return what a transcript tells of the request *number*, at some *second* behind ``NOON``."""
    return Witnessed(
        key=number_of(f"message {number}"),
        time_ns=NOON + round(second * SECOND),
        session="a-session",
        copied=False,
        request=f"req_{number}",
        micros=900,
        input=10,
        output=20,
        cache_read=30,
        cache_5m=40,
        cache_1h=0,
        partial=False,
        model=MODEL,
        version="2.1.330",
        repository="from-the-directory",
        branch="main",
        host=None,
    )._replace(**changes)


def event(number: int, second: float = 0, attributes: Mapping[str, Any] | None = None, **changes: Any) -> Request:
    """Return what an event tells of the same request."""
    said = {"model": MODEL, "query_source": "sdk", "cclaunch.profile": "team-a", **(attributes or {})}
    return Request(
        time_ns=NOON + round(second * SECOND),
        key=number_of(f"event {number}"),
        session="a-session",
        attributes=set_of(said),
        request=f"req_{number}",
        micros=1000,
        input=10,
        output=20,
        cache_read=30,
        cache_5m=40,
        cache_1h=0,
        origin=BY_EVENT,
        witnesses=EVENT,
        sender=LAUNCH,
    )._replace(**changes)


def ledger() -> sqlite3.Connection:
    """Return an empty one."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    make(connection)
    return connection


def file_of(number: int = 1, **changes: Any) -> File:
    """Return what is kept of file *number*."""
    return File(number, b"known", {}, anew=True)._replace(**changes)


def tell(connection: sqlite3.Connection, *transcript: Witnessed, **words: Any) -> Taken:
    """Have a transcript tell of requests."""
    with connection:
        connection.execute("BEGIN")
        return take(connection, [(file_of(), transcript)], **words)


def send(connection: sqlite3.Connection, *events: Request) -> None:
    """Have events arrive."""
    with connection:
        connection.execute("BEGIN")
        forgotten = Tombstones(connection)
        add_up_events(connection, insert_requests(connection, events, forgotten), forgotten.late)


def columns(connection: sqlite3.Connection, names: str) -> list[tuple[Any, ...]]:
    """Return these columns of all requests, in the order of time."""
    return connection.execute(f"SELECT {names} FROM requests ORDER BY time_ns, key").fetchall()


def dressed(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the attributes of all requests, in the order of time."""
    query = 'SELECT t.attributes FROM requests r JOIN sets t ON t.id = r."set" ORDER BY r.time_ns, r.key'
    return [json.loads(row[0]) for row in connection.execute(query)]


def is_added_up(connection: sqlite3.Connection) -> bool:
    """Say whether all quarters of an hour are what their requests add up to."""
    query = 'SELECT * FROM quarters ORDER BY quarter, session, "set"'
    there = connection.execute(query).fetchall()
    quarters: Iterable[int] = [row[0] for row in connection.execute(f"SELECT DISTINCT time_ns / {QUARTER_NS} FROM requests")]
    connection.execute("BEGIN")
    connection.execute("DELETE FROM quarters")
    add_up(connection, quarters)
    anew = connection.execute(query).fetchall()
    connection.execute("ROLLBACK")
    return there == anew


def sums(connection: sqlite3.Connection) -> Sequence[int]:
    """Return (requests, micro-dollars, those of them that are estimated, seen by both, by a transcript alone)."""
    query = (
        "SELECT ifnull(sum(requests), 0), ifnull(sum(micros), 0), ifnull(sum(estimated), 0), sum(both), sum(unseen) FROM quarters"
    )
    row: Sequence[int] = connection.execute(query).fetchone()
    return row
