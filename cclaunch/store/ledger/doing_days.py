"""
What was done beside requests, by the local day: added up from quarters of an hour, so that a year is as many rows as it has days.

The problem it owns: a day is one of the clock on the wall. So it is written down by which clock these are; by another one all of
them are added up anew, and whoever asks by another one meanwhile is answered from the quarters.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from cclaunch.store.ledger.periods import NS, begin_of, date_of
from cclaunch.store.ledger.schema import QUARTER_NS

SOURCE = "doing days"
"""The cursor whose database is the clock."""

QUARTERS_S = QUARTER_NS // NS
LOOKED_AT = range(1_704_067_200, 2_082_758_400, 10 * 86_400)
"""Moments of the years 2024 to 2035: between two of them no clock is set twice."""

ADD_UP = """
INSERT INTO doing_days (day, what, bin, times, failed, ms)
SELECT ?, what, bin, sum(times), sum(failed), sum(ms) FROM doings WHERE quarter >= ? AND quarter < ? GROUP BY what, bin
"""


def clock() -> str:
    """Return what tells the clock on the wall from another one: Athens and Cairo have the names, and other days of setting it."""
    return f"{time.timezone} {' '.join(time.tzname)} {zlib.crc32(repr(_set_at()).encode()):08x}"


def _set_at() -> list[tuple[int, int]]:
    """Return when the clock is set, and how far from UTC (s) it goes then."""
    found = [(LOOKED_AT[0], _offset(LOOKED_AT[0]))]
    for low, high in pairwise(LOOKED_AT):
        if _offset(high) == found[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(middle) == found[-1][1] else (low, middle)
        found.append((high, _offset(high)))
    return found


def _offset(second: int) -> int:
    return time.localtime(second).tm_gmtoff


def is_of_this_clock(connection: sqlite3.Connection) -> bool:
    """Say whether the days of the ledger are those of this clock."""
    row = connection.execute("SELECT database FROM cursors WHERE source = ?", (SOURCE,)).fetchone()
    return row is not None and row[0] == clock()


def quarters_of(day: date) -> tuple[int, int]:
    """Return the quarters of an hour that begin on the local *day*, as a range."""
    return -(-begin_of(day) // QUARTERS_S), -(-begin_of(day + timedelta(days=1)) // QUARTERS_S)


def day_of(quarter: int) -> date:
    """Return the local day on which a *quarter* of an hour begins."""
    return date_of(quarter * QUARTERS_S)


def add_up_days(connection: sqlite3.Connection, quarters: Iterable[int]) -> None:
    """Add up anew the days of *quarters*, in the transaction that is open; all days where they are of another clock."""
    if not is_of_this_clock(connection):
        connection.execute("DELETE FROM doing_days")
        query = "INSERT OR REPLACE INTO cursors (source, database, position) VALUES (?, ?, 0)"
        connection.execute(query, (SOURCE, clock()))
        quarters = [row[0] for row in connection.execute("SELECT DISTINCT quarter FROM doings")]
    for day in sorted({day_of(quarter) for quarter in quarters}):
        connection.execute("DELETE FROM doing_days WHERE day = ?", (day.isoformat(),))
        connection.execute(ADD_UP, (day.isoformat(), *quarters_of(day)))
