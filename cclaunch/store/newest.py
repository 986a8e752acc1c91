"""
The newest events of one name, from all stores.

The problem it owns: whoever wants to know how something stands now pays neither for what happened in 90 days nor for what reads
whole events, and an answer about something else must not fail for it.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cclaunch.errors import StoreError
from cclaunch.store.ledger.opening import only
from cclaunch.store.places import Places

NEWEST = """
SELECT e.time_ns, e.attributes, c.attributes FROM events e LEFT JOIN shared c ON c.key = e.shared
WHERE e.name = ? AND e.time_ns >= ? AND e.time_ns < ? AND e.check_nonce IS NULL ORDER BY e.time_ns DESC LIMIT ?
"""


class Said(NamedTuple):
    """What an event says: its *attributes*, at *time_ns*."""

    time_ns: int
    attributes: Mapping[str, Any]


def newest(places: Places, name: str, since: int, until: int, count: int) -> list[Said]:
    """
    Return what the newest *count* events called *name* say, with *since* <= time < *until* (ns), the newest first.

    A place that cannot be asked says nothing: what is in the way is told where its events are asked for.
    """
    found = [*_own(places.database, (name, since, until, count))]
    if places.vlogs:
        from cclaunch.store.vlogs import read  # it speaks HTTP

        with contextlib.suppress(StoreError):
            there = read.events(places.vlogs, limit=count, since=since, until=until, where={"event.name": name})
            found += [Said(one.time_ns, one.attributes) for one in there]
    return sorted(found, key=lambda one: one.time_ns, reverse=True)[:count]


def _own(database: str, asked: tuple[str, int, int, int]) -> Iterator[Said]:
    if not os.path.isfile(database):
        return
    with contextlib.suppress(sqlite3.Error, ValueError), contextlib.closing(only(database)) as connection:
        for time_ns, own, common in connection.execute(NEWEST, asked):
            yield Said(time_ns, {**json.loads(common or "{}"), **json.loads(own)})
