"""Who sent a request: a launch of ours, whose instance id was registered; another program of this user; nobody knows."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from cclaunch import otel
from cclaunch.store.ledger.request import LAUNCH, OTHER, UNKNOWN
from cclaunch.store.record_key import number_of

INSTANCE = "service.instance.id"


def register(connection: sqlite3.Connection, instances: Iterable[str]) -> None:
    """Remember that launches of ours have these *instances*, in the transaction that is open."""
    connection.executemany("INSERT OR IGNORE INTO launches (instance) VALUES (?)", [(number_of(one),) for one in instances])


def sender_of(connection: sqlite3.Connection, attributes: Mapping[str, Any], *, checked: bool) -> int:
    """Return who sent an event with these *attributes*. *checked*: the port takes nothing that another user sends."""
    if otel.SENDER in attributes:
        return UNKNOWN
    instance = attributes.get(INSTANCE)
    if isinstance(instance, str):
        query = "SELECT 1 FROM launches WHERE instance = ?"
        if connection.execute(query, (number_of(instance),)).fetchone():
            return LAUNCH
    return OTHER if checked else UNKNOWN
