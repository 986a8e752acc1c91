"""
Who sent a request: a launch of ours, whose instance id was registered; another program of this user; nobody knows.

The problem it owns: a launch says who it is by a name in a directory, before claude starts, and nothing else. So the names are
read after the events that are judged by them, and taken away after what they said is committed. What was sent before the
ledger knew of any launch cannot be told from a launch's, nor ever will: it stays unknown.
"""

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cclaunch import otel
from cclaunch.hot.alive import ENDED
from cclaunch.store.ledger import cursors
from cclaunch.store.ledger.request import LAUNCH, OTHER, UNKNOWN
from cclaunch.store.ledger.schema import DAY_NS
from cclaunch.store.record_key import number_of

INSTANCE = "service.instance.id"
SOURCE = "launches"
NAME = re.compile(r"(?:[0-9a-f]*\.[0-9]+\.[0-9]+|ended)\.([0-9a-f-]{36})")

SILENT_NS = 90 * DAY_NS
"""A launch that has sent nothing for so long is no longer known; its requests keep their verdict."""

SEEN = (
    "INSERT INTO launches (instance, sender, seen_ns) VALUES (?, ?, ?) ON CONFLICT (instance)"
    " DO UPDATE SET seen_ns = excluded.seen_ns, sender = max(sender, excluded.sender)"
    f" WHERE seen_ns < excluded.seen_ns - {DAY_NS} OR sender < excluded.sender"
)


class Launches:
    """The names that launches have left in *directory*; an empty text where nobody leaves any."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._registered: set[str] = set()

    def register(self, connection: sqlite3.Connection) -> None:
        """Have the ledger know all launches that have left a name, in the transaction that is open."""
        names = self._names()
        register(connection, (NAME.sub(r"\1", name) for name in names))
        self._registered |= names

    def are_known(self, connection: sqlite3.Connection) -> bool:
        """Say whether the ledger knows all of them, and none of them has ended."""
        query = "SELECT 1 FROM launches WHERE instance = ?"
        return all(
            not name.startswith(ENDED) and connection.execute(query, (number_of(NAME.sub(r"\1", name)),)).fetchone()
            for name in self._names()
        )

    def sweep(self) -> None:
        """Take the names of ended launches away that were registered, when that is committed."""
        for name in self._registered:
            if name.startswith(ENDED):
                with contextlib.suppress(OSError):
                    os.unlink(f"{self._directory}/{name}")
        self._registered.clear()

    def _names(self) -> set[str]:
        try:
            return {name for name in os.listdir(self._directory) if NAME.fullmatch(name)} if self._directory else set()
        except OSError:
            return set()


def register(connection: sqlite3.Connection, instances: Iterable[str]) -> None:
    """Remember that launches of ours have these *instances*, and forget silent ones, in the transaction that is open."""
    now = time.time_ns()
    begun = "INSERT OR IGNORE INTO cursors (source, database, position) VALUES (?, '', ?)"
    connection.execute(begun, (SOURCE, now))
    connection.executemany(SEEN, [(number_of(one), LAUNCH, now) for one in instances])
    connection.execute("DELETE FROM launches WHERE seen_ns < ?", (now - SILENT_NS,))


def sender_of(connection: sqlite3.Connection, attributes: Mapping[str, Any], time_ns: int, *, checked: bool) -> int:
    """
    Return who sent an event with these *attributes*, in the transaction that is open.

    Args:
        connection: The ledger.
        attributes: Those of the event, or what many events have in common.
        time_ns: When it happened, or the first of them.
        checked: Whether the port takes nothing that another user sends.
    """
    if otel.SENDER in attributes:
        return UNKNOWN
    instance = attributes.get(INSTANCE)
    if isinstance(instance, str):
        number = number_of(instance)
        row = connection.execute("SELECT sender FROM launches WHERE instance = ?", (number,)).fetchone()
        if row is None and _is_from_before(connection, time_ns):
            row = (UNKNOWN,)  # and so is what it sends from now on
        if row is not None:
            connection.execute(SEEN, (number, row[0], time.time_ns()))
            return int(row[0])
    return OTHER if checked else UNKNOWN


def _is_from_before(connection: sqlite3.Connection, time_ns: int) -> bool:
    begun = cursors.position(connection, SOURCE)
    return begun is None or time_ns < begun
