"""
Rows that were read of a damaged database: whether they can be rows of ours, and how they get into the new one.

A damaged page may hold anything, and the same row may be found twice: what is there already stays.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from cclaunch.store.insert import ATTRIBUTES, EVENT_COLUMNS, INSERT_POINT, INSERT_SERIES, INSERT_SHARED
from cclaunch.store.record_key import number_of

PLACES = ", ".join("?" * len(EVENT_COLUMNS))
INSERT_EVENT = f"INSERT OR IGNORE INTO events (id, {', '.join(EVENT_COLUMNS)}) VALUES (?, {PLACES})"
INSERT_EVENT_ANEW = f"INSERT OR IGNORE INTO events ({', '.join(EVENT_COLUMNS)}) VALUES ({PLACES})"


def is_event(row: Sequence[Any]) -> bool:
    """Say whether *row* can be an event: a damaged page may hold anything."""
    key, moment, name, body = row[1:5]
    kinds = isinstance(key, bytes | int) and isinstance(moment, int) and isinstance(name, str) and isinstance(body, str)
    return kinds and _is_object(row[1 + ATTRIBUTES])


def is_series(row: Sequence[Any]) -> bool:
    """Say whether *row* can be a series."""
    return isinstance(row[1], bytes) and isinstance(row[2], str) and isinstance(row[8], int) and _is_object(row[-1])


def is_shared(row: Sequence[Any]) -> bool:
    """Say whether *row* (key, newest time, text) can be what events share: its key is made of its text."""
    key, last, text = row
    return isinstance(last, int) and _is_object(text) and key == number_of(text)


def _is_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def insert_shared(target: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Insert what events share: *rows* of key, newest time and text."""
    target.executemany(INSERT_SHARED, rows)


def insert_events(target: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Insert *rows* under their old ids; under a new one what finds its id taken. What is there already stays."""
    if target.executemany(INSERT_EVENT, rows).rowcount < len(rows):
        target.executemany(INSERT_EVENT_ANEW, [row[1:] for row in rows])


def insert_series(target: sqlite3.Connection, row: Sequence[Any], points: Sequence[Sequence[Any]]) -> None:
    """Insert the series *row* and those of its *points* (start, time, value) that can be some."""
    series = target.execute(INSERT_SERIES, row[1:]).fetchone()[0]
    good = [point for point in points if isinstance(point[0], int) and isinstance(point[1], int) and isinstance(point[2], float)]
    target.executemany(INSERT_POINT, [(series, *point) for point in good])
