"""
What it costs to take requests into the ledger, beside the least that could be done.

The problem it owns: the yardstick is a bare `executemany` of the same rows into the same table, in the same run and in
transactions of the same length; and a file's size is told per request, the stored-once attribute sets apart.
"""

import os
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.insert import COLUMNS, INSERT
from cclaunch.store.ledger.schema import SINCE_2, SINCE_3, SINCE_4, TABLES
from cclaunch.store.places import Places

TOGETHER = 4_000
APART = ("sets", "sqlite_autoindex_sets_1", "sessions", "sqlite_autoindex_sessions_1", "metered")
"""What is stored once for many requests."""


class CaughtUp(NamedTuple):
    """Seconds of the processor: of a catch-up with *requests*, of a bare insertion of the same rows, and of both tables' rows."""

    requests: int
    seconds: float
    bare: float
    bare_with_sums: float


def caught_up(places: Places) -> CaughtUp:
    """Have the ledger read all there is at *places*; measure the bare insertion of what it has then."""
    began = time.process_time()
    catch_up(places)
    seconds = time.process_time() - began
    ledger = sqlite3.connect(f"file:{places.ledger}?mode=ro", uri=True)
    requests = ledger.execute("SELECT count(*) FROM requests").fetchone()[0]
    beside = Path(f"{places.ledger}-bare")
    bare = sqlite3.connect(beside, isolation_level=None)
    try:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        for statement in (*TABLES, *SINCE_2, *SINCE_3, *SINCE_4):
            bare.execute(statement)
        alone = _inserted(bare, INSERT, ledger.execute(f"SELECT {COLUMNS} FROM requests"))
        width = len(ledger.execute("SELECT * FROM quarters LIMIT 1").fetchone())
        sums = _inserted(
            bare, f"INSERT INTO quarters VALUES ({', '.join('?' * width)})", ledger.execute("SELECT * FROM quarters")
        )
        return CaughtUp(requests, seconds, alone, alone + sums)
    finally:
        bare.close()
        ledger.close()
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(f"{beside}{suffix}"):
                os.unlink(f"{beside}{suffix}")


def _inserted(connection: sqlite3.Connection, statement: str, rows: sqlite3.Cursor) -> float:
    """Return the seconds that inserting *rows* took; reading them is left out."""
    seconds = 0.0
    while many := rows.fetchmany(TOGETHER):
        began = time.process_time()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, many)
        connection.execute("COMMIT")
        seconds += time.process_time() - began
    return seconds


def bytes_a_request(path: str) -> tuple[float, float]:
    """Return (bytes of the ledger's file for each request, stored-once things apart; all of them)."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        requests = connection.execute("SELECT count(*) FROM requests").fetchone()[0]
        pages = connection.execute("PRAGMA page_size").fetchone()[0]
        whole = connection.execute("PRAGMA page_count").fetchone()[0] * pages
        apart = sum(_size(connection, name) for name in APART)
    return (whole - apart) / requests, whole / requests


def _size(connection: sqlite3.Connection, name: str) -> int:
    """Return the bytes of a table or an index; reckoned from its content where this SQLite cannot tell."""
    try:
        return int(connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (name,)).fetchone()[0] or 0)
    except sqlite3.OperationalError:
        column = {"sets": "attributes", "sessions": "name"}.get(name)
        return int(connection.execute(f"SELECT sum(length({column})) FROM {name}").fetchone()[0] or 0) if column else 0
