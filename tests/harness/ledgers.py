"""
The ledger of a store that a test has written: brought up to date and asked, as `cclaunch usage` does it.

The problem it owns: a test knows its telemetry.db by a reader's connection, and the ledger lies beside it.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from cclaunch.store import losses
from cclaunch.store.filters import Where
from cclaunch.store.ledger import opening
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import Places
from cclaunch.store.retention import RETENTION_NS, retain
from cclaunch.store.spending import Usage
from cclaunch.store.usage import unsent as unsent_of
from cclaunch.store.usage import usage as asked


def places_at(path: str | Path, vlogs: str = "", metrics: str = "") -> Places:
    """Return the places of the database at *path*, with a ledger of its own beside it."""
    return Places(str(path), f"{path}-ledger", f"{path}-ledger-lock", vlogs, metrics)


def path_of(reader: sqlite3.Connection) -> str:
    """Return the path of the database that is open."""
    return str(next(row[2] for row in reader.execute("PRAGMA database_list")))


def usage(
    reader: sqlite3.Connection,
    since: int | None = None,
    until: int | None = None,
    by: Sequence[str] = ("day", "model"),
    where: Where | None = None,
) -> Usage:
    """Return what was used, as the ledger beside the database that is open tells it."""
    found = asked(places_at(path_of(reader)), since, until, by, where or {}).usage
    assert found is not None
    return found


def lost_usd_micros(reader: sqlite3.Connection, since: int | None, until: int | None, where: Where | None = None) -> int:
    """Return what was lost, as the ledger beside the database that is open tells it."""
    places = places_at(path_of(reader))
    catch_up(places)
    with opening.reading(places.ledger) as connection:
        return losses.lost_usd_micros(connection, since, until, where)


def forget_old(connection: sqlite3.Connection, now_ns: int, keep_ns: int = RETENTION_NS) -> int:
    """Have the ledger read all there is, then delete what is older than *keep_ns*; return how many events went."""
    catch_up(places_at(path_of(connection)))
    read_to = connection.execute("SELECT ifnull(max(id), 0) FROM events").fetchone()[0]
    return retain(connection, now_ns, read_to, keep_ns, lambda _: None)


def unsent(reader: sqlite3.Connection, keys: Sequence[str]) -> Mapping[str, list[str]]:
    """Return those of *keys* that no request ever had, with the names that are like them."""
    places = places_at(path_of(reader))
    catch_up(places)
    return unsent_of(places, keys)
