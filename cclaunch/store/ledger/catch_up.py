"""
Catch-up: the one function that brings the ledger up to what is committed, under a lock.

The problem it owns: whoever asks, the collector after its commits, and the next one after an upgrade all call it, and it
may be killed at any step. So it goes on from a cursor, in slices, each of them whole or not at all.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cclaunch.errors import StoreBroken
from cclaunch.store.damage import UNREADABLE, is_damage, mark_suspect
from cclaunch.store.ledger import from_events
from cclaunch.store.ledger.metered import take_metered
from cclaunch.store.ledger.senders import Launches
from cclaunch.store.ledger.tombstones import forgets
from cclaunch.store.ledger.writing import LOCK_S, writing
from cclaunch.store.places import Places
from cclaunch.store.schema import SCHEMA_VERSION

FIRST_ROWS = 2_000
SLICE_S = 0.1
"""A slice that takes longer is followed by a smaller one: others wait for the lock."""

Tell = Callable[[int, int], None]


class Caught(NamedTuple):
    """
    What catch-up did: *read* rowids of our own database, up to *position*.

    *left*: rowids, and requests of VictoriaLogs, that are left because its time was over. *missing*: requests that VictoriaLogs
    counts and has not given out yet, a second or two after it took them.
    """

    read: int
    left: int
    position: int
    missing: int = 0


def catch_up(
    places: Places, seconds: float | None = None, tell: Tell = lambda done, whole: None, *, everything: bool = False
) -> Caught:
    """
    Bring the ledger up to what is committed at all *places*.

    Args:
        seconds: At most so long, a slice more or less; None: until all is read.
        tell: Called after each slice with how much was read, and how much there was.
        everything: Look at all that VictoriaLogs has, also what was read already.

    Raises:
        Busy: Another one has been at it for long.
        StoreTooNew, StoreBroken: The ledger is not one that this release can write, or the database not one that it can read.
        StoreUnreachable: VictoriaLogs does not answer; our own database was read.
        sqlite3.Error: A file cannot be read or written.
    """
    until = None if seconds is None else time.monotonic() + seconds
    launches = Launches(places.launched)
    with writing(places, LOCK_S if seconds is None else min(LOCK_S, seconds)) as connection:
        caught = _take_events(connection, places, launches, until, tell)
        _take_launches(connection, launches)
    if not places.vlogs or caught.left:
        return caught
    from cclaunch.store.ledger.from_vlogs import take_vlogs  # it asks over HTTP

    taken = take_vlogs(places, launches, until, tell, everything=everything)
    return caught._replace(left=taken.left, missing=taken.missing)


def take_doings(places: Places, seconds: float | None = None) -> int:
    """
    Bring what was done beside requests up to what is committed at all *places*; return how much is left.

    Nobody who asks for money needs it: it goes by a cursor of its own, behind `catch_up`.

    Args:
        seconds: At most so long, a slice more or less; None: until all is read.

    Raises:
        As `catch_up` does.
    """
    until = None if seconds is None else time.monotonic() + seconds
    left = _take_own_doings(places, until, LOCK_S if seconds is None else min(LOCK_S, seconds))
    if places.vlogs and not left:
        from cclaunch.store.ledger.doings_from_vlogs import take_vlogs as take_vlogs_doings  # it asks over HTTP

        left = take_vlogs_doings(places, until)
    return left


def _take_own_doings(places: Places, until: float | None, patience: float) -> int:
    from cclaunch.store.ledger import doings

    if not os.path.exists(places.database):
        return 0
    with writing(places, patience) as connection, _damage_told(connection, places.database, places.ledger):
        from_events.attach(connection, places.database)
        return doings.take_events(connection, until) if _is_readable(connection, places.database) else 0


def _take_launches(connection: sqlite3.Connection, launches: Launches) -> None:
    """Have the ledger know launches that have sent nothing yet; and let the names of ended ones go."""
    if not launches.are_known(connection):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            launches.register(connection)
    launches.sweep()


def _take_events(connection: sqlite3.Connection, places: Places, launches: Launches, until: float | None, tell: Tell) -> Caught:
    database, ledger = places.database, places.ledger
    if not os.path.exists(database):
        return Caught(0, 0, 0)
    with _damage_told(connection, database, ledger):
        from_events.attach(connection, database)
        if not _is_readable(connection, database):
            return Caught(0, 0, 0)
        cursor = from_events.cursor_of(connection)
        whole, done, rows = from_events.left(connection, cursor), 0, FIRST_ROWS
        while done < whole and (until is None or time.monotonic() < until):
            began = time.monotonic()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                moved = from_events.take_slice(connection, cursor, launches, rows)
            done += moved.position - cursor.position
            cursor = moved
            tell(done, whole)
            rows = _next(rows, time.monotonic() - began)
        take_metered(connection)
        if forgets(connection):
            from cclaunch.store.ledger.scrub import sweep_new  # only where something was

            sweep_new(connection, database)
        return Caught(done, whole - done, cursor.position)


def _is_readable(connection: sqlite3.Connection, database: str) -> bool:
    """Say whether the attached *database* has anything. Raises StoreBroken for one that its collector has to change first."""
    version = int(connection.execute("PRAGMA telemetry.user_version").fetchone()[0])
    if 0 < version < SCHEMA_VERSION:
        raise StoreBroken(f"{database} has an older schema ({version})", hint="`cclaunch stack restart` brings it up to date")
    return version > 0


def _next(rows: int, took: float) -> int:
    """Return how many rowids the next slice has, after one of *rows* that took so many seconds."""
    if took > SLICE_S:
        return max(FIRST_ROWS // 10, rows // 2)
    return min(from_events.TOGETHER, rows * 2) if took < SLICE_S / 2 else rows


@contextlib.contextmanager
def _damage_told(connection: sqlite3.Connection, database: str, ledger: str) -> Iterator[None]:
    """Have whoever opens the damaged one next, *ledger* or *database*, look it through, as `reader.reading` does."""
    try:
        yield
    except UNREADABLE as error:
        if is_damage(error):
            mark_suspect(database if _is_sound(connection) else ledger)
        raise


def _is_sound(connection: sqlite3.Connection) -> bool:
    with contextlib.suppress(*UNREADABLE):
        return str(connection.execute("PRAGMA main.quick_check(1)").fetchone()[0]) == "ok"
    return False
