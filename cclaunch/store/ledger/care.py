"""
What the ledger needs now and then: the end of a forgetting that was broken off, the bound that the person has set, a copy.

The problem it owns: nobody waits for it. The collector does it in a thread; `usage` only where no collector lives.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable

from cclaunch.errors import CclaunchError, StoreMissing
from cclaunch.store import trouble
from cclaunch.store.damage import Damaged, mark_suspect
from cclaunch.store.ledger import copies
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.refill import take_ledger
from cclaunch.store.ledger.schema import DAY_NS
from cclaunch.store.ledger.tombstones import Rule, is_left
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.reader import open_reader

NS = 1_000_000_000
LOCK_S = 2.0


def look_after(places: Places, keep_days: int, now_ns: int, say: Callable[[str], None] = lambda text: None) -> None:
    """
    Do what is due; cheap when nothing is. Never raises: what is in the way is handed to *say*, and tried the next time.

    Args:
        keep_days: So long requests are kept; 0 for ever.
    """
    try:
        if os.path.exists(places.ledger) and _is_due(places, keep_days, now_ns):
            with writing(places, LOCK_S) as connection:
                _do(connection, places, keep_days, now_ns)
        if places.copies:
            copies.looked_at(places.copies)
    except (sqlite3.Error, OSError) as error:
        say(trouble.describe(places.ledger, error))
    except Damaged as error:
        mark_suspect(places.ledger)
        say(f"{places.ledger} is damaged ({error}): no copy is made of it")
    except CclaunchError as error:
        say(error.message)


def _is_due(places: Places, keep_days: int, now_ns: int) -> bool:
    with reading(places.ledger) as connection:
        if is_left(connection) or _border(connection, keep_days, now_ns) is not None:
            return True
        holds = connection.execute("SELECT EXISTS (SELECT 1 FROM requests)").fetchone()[0] == 1
    return holds and bool(places.copies) and copies.is_due(places.copies, now_ns / NS)


def _border(connection: sqlite3.Connection, keep_days: int, now_ns: int) -> int | None:
    """Return before what moment (ns) requests go, or None when none has been too old for a day."""
    if not keep_days:
        return None
    first, last = connection.execute("SELECT (SELECT min(time_ns) FROM requests), (SELECT max(time_ns) FROM requests)").fetchone()
    if first is None:
        return None
    border = int(min(now_ns, last + DAY_NS)) - keep_days * DAY_NS  # a clock that is ahead by months deletes nothing
    return border if first < border - DAY_NS else None


def _do(connection: sqlite3.Connection, places: Places, keep_days: int, now_ns: int) -> None:
    whole = is_left(connection)
    border = _border(connection, keep_days, now_ns)
    if border is not None:
        from cclaunch.store.ledger.forget import forget_requests  # rare, as below

        whole = whole or _raw_is_older(places.database, border)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            forget_requests(connection, [Rule(0, border, {})])
    if is_left(connection):
        from cclaunch.store.ledger.scrub import finish

        finish(connection, places, now_ns / NS, whole=whole)
    elif places.copies and copies.is_due(places.copies, now_ns / NS):
        _copy(connection, places, now_ns)


def _copy(connection: sqlite3.Connection, places: Places, now_ns: int) -> None:
    """Make a copy; first take over what the last one has and the ledger lacks: somebody has put an older ledger in its place."""
    before = copies.copies(places.copies)
    if before and copies.has_more(before[0].path, connection):
        take_ledger(connection, before[0].path)
    copies.make(connection, places.copies, now_ns / NS)


def _raw_is_older(database: str, border: int) -> bool:
    """Say whether telemetry.db holds anything from before *border* (ns)."""
    try:
        with contextlib.closing(open_reader(database)) as connection:
            events, points = (f"EXISTS (SELECT 1 FROM {table} WHERE time_ns < ?1)" for table in ("events", "points"))
            return bool(connection.execute(f"SELECT {events} OR {points}", (border,)).fetchone()[0])
    except StoreMissing:
        return False
