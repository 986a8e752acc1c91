"""
The row of a request that only a transcript saw: priced by the table, dressed by its session, and read back when more is told.

The problem it owns: it stands among the events' rows and is added up like them, so it says by itself that it is an estimate.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

from cclaunch.store import limits
from cclaunch.store.ledger.clothing import OF_ITSELF, Clothing, Nearest
from cclaunch.store.ledger.insert import INSERT, known_session, session_id, set_id
from cclaunch.store.ledger.request import BY_TABLE, NO_COST, TRANSCRIPT, Request
from cclaunch.store.ledger.seen import COPIED, PARTIAL, Known
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.ledger.witnessed import Witnessed

STORED = """
SELECT s.name, r.request, r.micros, r.input, r.output, r.cache_read, r.cache_5m, r.cache_1h, t.attributes
FROM requests r LEFT JOIN sessions s ON s.id = r.session JOIN sets t ON t.id = r."set" WHERE r.time_ns = ? AND r.key = ?
"""


def stored(connection: sqlite3.Connection, known: Known) -> Witnessed:
    """Return what was told before of a request that has a row of its own."""
    session, request, *figures, text = connection.execute(STORED, (known.time_ns, known.key)).fetchone()
    attributes = json.loads(text)
    flags = bool(known.flags & COPIED), bool(known.flags & PARTIAL)
    model, *told = (attributes.get(name) for name in OF_ITSELF)
    return Witnessed._make((known.key, known.time_ns, session, flags[0], request, *figures, flags[1], str(model or ""), *told))


def insert_alone(connection: sqlite3.Connection, told: Sequence[Witnessed]) -> list[Witnessed]:
    """Insert a row for each of *told*, in the transaction that is open; return those that stay away: they were forgotten."""
    forgotten = Tombstones(connection)
    may_be_held = bool(forgotten)  # asked once, not for each of thousands
    clothing = Clothing(connection)
    worn: dict[tuple[object, ...], tuple[str, int]] = {}
    sets: dict[str, int] = {}
    away, rows = [], []
    for name, some in _by_session(told).items():
        session = None if name is None else known_session(connection, name)
        nearest = _nearest(connection, session, some)
        for one in some:
            event = nearest.at(one.time_ns) if nearest else None
            # Parts of what was told: what is worn where no event is near; below, what stands in a row as it was told.
            mark: tuple[object, ...] = one[12:] if event is None else (event.set, event.sender, one.model, one.host)
            if mark not in worn:
                worn[mark] = clothing.alone(one) if event is None else clothing.by(event, (one.model, one.host))
            attributes, sender = worn[mark]
            if may_be_held and _is_forgotten(forgotten, _request(one, attributes, sender), is_dressed=event is not None):
                away.append(one)
                continue
            if name is not None and session is None:
                session = session_id(connection, name)
            if attributes not in sets:
                sets[attributes] = set_id(connection, attributes)
            micros = limits.bounded(one.micros, limits.MOST_MICROS)  # sums of more would overflow
            origin = NO_COST if micros is None else BY_TABLE
            told_of = one.request, micros, *one[6:11]
            rows.append((one.time_ns, one.key, session, sets[attributes], *told_of, origin, TRANSCRIPT, sender))
    rows.sort(key=itemgetter(0))  # as they lie: so each page is met once
    connection.executemany(INSERT, rows)
    return away


def _by_session(told: Sequence[Witnessed]) -> dict[str | None, list[Witnessed]]:
    sessions: dict[str | None, list[Witnessed]] = defaultdict(list)
    for one in told:
        sessions[one.session].append(one)
    return sessions


def _nearest(connection: sqlite3.Connection, session: int | None, some: Sequence[Witnessed]) -> Nearest | None:
    if session is None:
        return None
    times = [one.time_ns for one in some]
    nearest = Nearest(connection, session, min(times), max(times))
    return nearest if nearest.is_any else None


def _is_forgotten(forgotten: Tombstones, one: Request, *, is_dressed: bool) -> bool:
    """Say whether *one* was forgotten, by itself or with the events that would have said whose it is."""
    return forgotten.hold(one) or (not is_dressed and forgotten.may_hold(one.time_ns, json.loads(one.attributes), one.session))


def _request(one: Witnessed, attributes: str, sender: int) -> Request:
    """Return the request as the tombstones are asked for it."""
    return Request(one.time_ns, one.key, one.session, attributes, *one[4:11], NO_COST, TRANSCRIPT, sender)
