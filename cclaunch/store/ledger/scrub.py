"""
What was forgotten leaves the files: raw events, the pages that SQLite has freed, the logs, and the weekly copies.

The problem it owns: all of it lies beside a collector that may be writing, takes long where there is much, and may be killed at
any step. The ledger says what is left to do, and each step may be done twice.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator

from cclaunch.errors import StoreError
from cclaunch.store import trouble
from cclaunch.store.connection import connect
from cclaunch.store.damage import Damaged, mark_suspect
from cclaunch.store.ledger import copies, raw
from cclaunch.store.ledger.cursors import move, position
from cclaunch.store.ledger.forget import drop_orphans
from cclaunch.store.ledger.metered import OVERLAP_NS
from cclaunch.store.ledger.opening import MENDED
from cclaunch.store.ledger.tombstones import RAW, SCRUB, rules_of
from cclaunch.store.places import Places

PATIENCE_MS = 10_000
"""How long another one that writes is waited for."""

FOLD_S = 10.0
"""How long one that reads is waited for, who keeps the log from being emptied."""

SERIES = "raw series"
Tell = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def say_nothing(what: str, done: int, whole: int) -> None:
    """Tell nobody."""


def sweep_new(connection: sqlite3.Connection, database: str) -> int:
    """
    Delete the raw rows that came since the last time and were forgotten; return how many events went.

    Args:
        connection: The ledger's, to which telemetry.db is attached.
        database: The path of telemetry.db.
    """
    rules = rules_of(connection)
    if not rules:
        return 0
    name = str(connection.execute("SELECT name FROM telemetry.identity").fetchone()[0])
    low, top = position(connection, RAW, name) or 0, raw.newest(connection)
    found = any(raw.forgotten_ids(connection, rules, begin, end) for begin, end in raw.slices(min(low, top), top))
    last = int(connection.execute("SELECT ifnull(max(last_ns), 0) FROM telemetry.series").fetchone()[0])
    series = position(connection, SERIES, name) or 0
    if low == top and last <= series:
        return 0
    gone = 0
    if found or last > series:
        writer = _open(database)
        try:
            gone = raw.sweep(writer, rules, min(low, top), lambda done, whole: None) if found else 0
            points = raw.sweep_series(writer, rules, series - OVERLAP_NS)
            if gone or points:
                raw.forget_shared(writer, rules)
        finally:
            writer.close()
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        move(connection, RAW, top, name)
        move(connection, SERIES, last, name)
        if gone:
            move(connection, SCRUB, 1)  # its bytes may stand in the pages still
    return gone


def finish(
    connection: sqlite3.Connection,
    places: Places,
    now_s: float,
    tell: Tell = say_nothing,
    *,
    whole: bool = True,
    raw_events: bool = True,
) -> None:
    """
    Do all that is left to do of what was forgotten. The ledger's lock is held.

    Args:
        connection: The ledger's.
        now_s: The time of the copy that is made, in seconds since the epoch.
        whole: Make telemetry.db anew (VACUUM) as well: it holds something that was forgotten.
        raw_events: Look at telemetry.db at all.

    Raises:
        StoreError: Something is in the way; the rest is done at the next time.
    """
    copies.look_soon(places.copies)
    if raw_events:
        with _said(places.database):
            _finish_raw(connection, places.database, tell, whole)
    with _said(places.ledger):
        _finish_ledger(connection, places, now_s, tell)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM cursors WHERE source = ?", (SCRUB,))


@contextlib.contextmanager
def _said(path: str) -> Iterator[None]:
    """Say what kept us from writing the database at *path*."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        what = "it is forgotten, and leaves the files when that is mended"
        raise StoreError(trouble.describe(path, error), cause=what) from error
    except Damaged as error:
        mark_suspect(path)
        raise StoreError(f"{path} is damaged ({error})", hint=MENDED) from error


def _finish_raw(connection: sqlite3.Connection, database: str, tell: Tell, whole: bool) -> None:
    if not os.path.exists(database):
        return
    rules = rules_of(connection)
    writer = _open(database)
    try:
        name = str(writer.execute("SELECT name FROM identity").fetchone()[0])
        top = raw.newest(writer)
        raw.sweep(writer, rules, 0, lambda done, top: tell("deleting raw events", done, top))
        raw.sweep_series(writer, rules, 0)
        raw.drop_unused(writer)
        if whole:
            tell("making telemetry.db anew", 0, 0)
            writer.execute("VACUUM")
        _fold(writer, database)
    finally:
        writer.close()
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        move(connection, RAW, top, name)


def _finish_ledger(connection: sqlite3.Connection, places: Places, now_s: float, tell: Tell) -> None:
    tell("making the ledger anew", 0, 0)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        drop_orphans(connection)
    connection.execute("VACUUM")
    _fold(connection, places.ledger)
    if not places.copies:
        return
    copies.make(connection, places.copies, now_s, alone=True)  # the tombstones are worth one, whatever else there is


def _open(database: str) -> sqlite3.Connection:
    """Return a connection that may write to telemetry.db beside the collector. Raises StoreError, sqlite3.Error."""
    writer = connect(database)
    writer.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    return writer


def _fold(connection: sqlite3.Connection, path: str) -> None:
    """Empty the log of the database at *path*, in which what was deleted may stand. Raises StoreError."""
    until = time.monotonic() + FOLD_S
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > until:
            raise StoreError(
                f"{path} is being read by another program: {path}-wal may hold what was forgotten until it ends",
                hint="close it there; the rest is done by itself",
            )
        time.sleep(0.05)
