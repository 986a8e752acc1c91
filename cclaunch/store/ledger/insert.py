"""
The one way in: requests into the ledger, each once, and the quarters of an hour that they change added up anew.

The problem it owns: whoever brings a request (events, VictoriaLogs, transcripts, a copy), what was forgotten stays away and
what is known stays as it is. Sums are never counted up: a quarter is added up from its requests, so nothing can make the
two differ.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from cclaunch.store.ledger.request import EVENT, LAUNCHED, SURE, Request
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.record_key import number_of

COLUMNS = (
    'time_ns, key, session, "set", request, micros, input, output, cache_read, cache_5m, cache_1h, origin, witnesses, sender'
)
INSERT = f"INSERT OR IGNORE INTO requests ({COLUMNS}) VALUES ({', '.join('?' * 14)})"

SUMS = ("micros", "input", "output", "cache_read", "cache_5m", "cache_1h")

ADD_UP = f"""
INSERT INTO quarters (quarter, session, "set", requests, {", ".join((*SUMS, *SURE, "launched"))})
SELECT ?1, ifnull(session, {NOBODY}), "set", count(*),
    {", ".join(f"ifnull(sum({value}), 0)" for value in (*SUMS, *SURE.values(), LAUNCHED))}
FROM requests WHERE time_ns >= ?1 * {QUARTER_NS} AND time_ns < (?1 + 1) * {QUARTER_NS} GROUP BY 2, 3
"""


def set_id(connection: sqlite3.Connection, attributes: str) -> int:
    """Return the id of the attribute set *attributes* (its text), which is made when it is the first."""
    key = number_of(attributes)
    if row := connection.execute("SELECT id FROM sets WHERE key = ?", (key,)).fetchone():
        return int(row[0])
    return int(connection.execute("INSERT INTO sets (key, attributes) VALUES (?, ?)", (key, attributes)).lastrowid or 0)


def known_session(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the id of the session called *name*, if the ledger has it."""
    row = connection.execute("SELECT id FROM sessions WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def session_id(connection: sqlite3.Connection, name: str) -> int:
    """Return the id of the session called *name*, which is made when it is the first."""
    if (found := known_session(connection, name)) is not None:
        return found
    return int(connection.execute("INSERT INTO sessions (name) VALUES (?)", (name,)).lastrowid or 0)


def insert_requests(connection: sqlite3.Connection, requests: Iterable[Request], forgotten: Tombstones | None = None) -> set[int]:
    """
    Insert *requests*, in the transaction that is open; return the quarters that are to be added up anew.

    What was *forgotten* is left out, whoever brings it, and noted there.
    """
    forgotten = Tombstones(connection) if forgotten is None else forgotten
    sets: dict[str, int] = {}
    sessions: dict[str, int] = {}
    quarters: set[int] = set()
    for one in requests:
        if forgotten and forgotten.hold(one):
            if one.witnesses & EVENT:
                forgotten.note(one.session, one.time_ns, one.time_ns)
            continue
        if one.attributes not in sets:
            sets[one.attributes] = set_id(connection, one.attributes)
        if one.session is not None and one.session not in sessions:
            sessions[one.session] = session_id(connection, one.session)
        session = None if one.session is None else sessions[one.session]
        if connection.execute(INSERT, (one.time_ns, one.key, session, sets[one.attributes], *one[4:])).rowcount:
            quarters.add(one.time_ns // QUARTER_NS)
    return quarters


def add_up(connection: sqlite3.Connection, quarters: Iterable[int]) -> None:
    """Add up *quarters* anew, in the transaction that is open."""
    numbers: Sequence[tuple[int]] = [(number,) for number in quarters]
    connection.executemany("DELETE FROM quarters WHERE quarter = ?", numbers)
    connection.executemany(ADD_UP, numbers)
