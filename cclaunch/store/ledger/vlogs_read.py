"""
What was read of a VictoriaLogs, as the ledger remembers it: among its cursors, under names that begin with `vlogs`.

The problem it owns: VictoriaLogs numbers nothing. But nothing that lies there ever changes: a quarter of an hour in which there
are as many requests as when it was read needs no second look, however late anything may come.
"""

import sqlite3
from collections.abc import Iterable

from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places

NEWEST, HOUR, ALL = "newest", "hour", "all"
"""When the newest request was; when the last hour was looked at again, and all there is (ns)."""

QUARTER = "quarter "
MOVE = (
    "INSERT INTO cursors (source, database, position) VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE"
    " SET database = excluded.database, position = excluded.position"
)


class WasRead:
    """How much of the VictoriaLogs at *url* the ledger of *connection* knows; of another one nothing."""

    def __init__(self, connection: sqlite3.Connection, url: str) -> None:
        query = "SELECT substr(source, 7), position FROM cursors WHERE source >= 'vlogs ' AND source < 'vlogs!' AND database = ?"
        self._found: dict[str, int] = dict(connection.execute(query, (url,)).fetchall())

    def when(self, name: str) -> int:
        """Return what is remembered under *name* (see above); 0 where nothing is."""
        return self._found.get(name, 0)

    def count(self, quarter: int) -> int:
        """Return how many requests of a quarter of an hour were read."""
        return self._found.get(f"{QUARTER}{quarter}", 0)

    def quarters(self) -> list[int]:
        """Return those of which any were read."""
        return [int(name.removeprefix(QUARTER)) for name in self._found if name.startswith(QUARTER)]


def last_look(connection: sqlite3.Connection) -> int:
    """Return when any VictoriaLogs was looked back at last (ns), or 0."""
    query = "SELECT ifnull(max(position), 0) FROM cursors WHERE source = ?"
    return int(connection.execute(query, (f"vlogs {HOUR}",)).fetchone()[0])


def move(connection: sqlite3.Connection, url: str, name: str, position: int) -> None:
    """Remember *position* under *name*, in the transaction that is open."""
    connection.execute(MOVE, (f"vlogs {name}", url, position))


def count(connection: sqlite3.Connection, url: str, quarter: int, requests: int) -> None:
    """Remember that so many *requests* of a quarter were read, in the transaction that is open."""
    move(connection, url, f"{QUARTER}{quarter}", requests)


def drop(connection: sqlite3.Connection, quarters: Iterable[int]) -> None:
    """Forget *quarters* that are no longer there, in the transaction that is open."""
    connection.executemany("DELETE FROM cursors WHERE source = ?", [(f"vlogs {QUARTER}{one}",) for one in quarters])


def begin_anew(places: Places) -> None:
    """
    Forget how far any VictoriaLogs was read: its data was deleted, and another one will answer under its name.

    Raises:
        Busy, StoreError, sqlite3.Error: As `writing` does.
    """
    with writing(places) as connection, connection:
        connection.execute("DELETE FROM cursors WHERE source >= 'vlogs ' AND source < 'vlogs!'")
