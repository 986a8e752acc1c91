"""
What was done beside requests, from VictoriaLogs: quarters of an hour in which it counts another number than was read.

The problem it owns: as `from_vlogs` has it, nothing there is numbered, and what comes late lies among what was read. Nobody waits
for tools: the last hours are looked at once a minute, all there is once a day, and the lock is held only while a quarter of an
hour is written.
"""

import time
from collections.abc import Iterator

from cclaunch.store.ledger.doing_days import add_up_days
from cclaunch.store.ledger.doings import KINDS, Done, add_up, common_of, done
from cclaunch.store.ledger.from_vlogs import key_of
from cclaunch.store.ledger.schema import DAY_NS, HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.vlogs import requests

LOOK_BACK_NS = 60_000_000_000
AGAIN_NS = 2 * HOUR_NS
PREFIX = "doings "
ALL, LATELY = "all", "lately"
KNOWN = "SELECT substr(source, 8), position FROM cursors WHERE source >= 'doings ' AND source < 'doings!' AND database = ?"
MOVE = (
    "INSERT INTO cursors (source, database, position) VALUES (?, ?, ?)"
    " ON CONFLICT (source) DO UPDATE SET database = excluded.database, position = excluded.position"
)


def take_vlogs(places: Places, until: float | None) -> int:
    """
    Read what the VictoriaLogs of *places* counts otherwise than before; return how many quarters of an hour are left.

    Args:
        until: The deadline in ``time.monotonic()``'s seconds, a quarter of an hour more or less; None: to the end.

    Raises:
        Busy, StoreError, sqlite3.Error: The ledger cannot be written.
        StoreUnreachable: VictoriaLogs does not answer.
    """
    now, url = time.time_ns(), places.vlogs
    with writing(places) as connection:
        known: dict[str, int] = dict(connection.execute(KNOWN, (url,)).fetchall())
    whole = now - known.get(ALL, 0) >= DAY_NS
    if not whole and 0 <= now - known.get(LATELY, 0) < LOOK_BACK_NS:
        return 0
    there = requests.counts(url, None if whole else now - AGAIN_NS, KINDS)
    changed = sorted((quarter for quarter, count in there.items() if count != known.get(str(quarter))), reverse=True)
    for number, quarter in enumerate(changed):
        if number and until is not None and time.monotonic() >= until:
            return len(changed) - number
        _write(places, quarter, list(_between(url, quarter)), there[quarter])
    with writing(places) as connection, connection:
        for name in (ALL, LATELY) if whole else (LATELY,):
            connection.execute(MOVE, (PREFIX + name, url, now))
        gone = [name for name in known if whole and name.isdigit() and int(name) not in there]  # it keeps nothing for ever
        connection.executemany("DELETE FROM cursors WHERE source = ?", [(PREFIX + name,) for name in gone])
    return 0


def _between(url: str, quarter: int) -> Iterator[Done]:
    """Yield what was done in a *quarter* of an hour; what was sent twice is told once."""
    told = set()
    for row, found in requests.between(url, quarter * QUARTER_NS, (quarter + 1) * QUARTER_NS, KINDS):
        if found is None or (key := key_of(row, found)) in told:
            continue
        told.add(key)
        attributes = {**found.attributes, "model": found.model}
        common = common_of(found.attributes)
        yield done(found.name, found.time_ns, found.session_id, common, attributes, found.attributes.get("duration_ms"))


def _write(places: Places, quarter: int, some: list[Done], count: int) -> None:
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        add_up(connection, quarter, some, Tombstones(connection))
        add_up_days(connection, [quarter])
        connection.execute(MOVE, (f"{PREFIX}{quarter}", places.vlogs, count))
