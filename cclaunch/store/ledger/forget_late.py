"""
Events that come after they were forgotten: what transcripts alone told of their sessions goes with them.

The problem it owns: an event is forgotten by what it says of its session, and a transcript does not know that. So where such an
event comes late, and is kept out, nothing else of its session may stand here for want of its word.
"""

import sqlite3
from collections.abc import Iterable

from cclaunch.store.ledger.clothing import ALONE, Clothing, Nearest
from cclaunch.store.ledger.forget import leave
from cclaunch.store.ledger.insert import add_up, known_session
from cclaunch.store.ledger.joining import GO
from cclaunch.store.ledger.schema import DAY_NS, HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.seen import GONE
from cclaunch.store.ledger.tombstones import Late, Tombstones
from cclaunch.store.record_key import number_of

KEEP_OUT = f"UPDATE seen SET flags = flags | {GONE} WHERE hour = ? AND key = ?"
Row = tuple[int, int]


def follow(connection: sqlite3.Connection, late: Iterable[Late]) -> None:
    """Forget what transcripts alone told near the events *late*, and add up what is left, in the transaction that is open."""
    forgotten, clothing = Tombstones(connection), Clothing(connection)
    going: list[Row] = []
    for one in late:
        connection.execute("INSERT OR IGNORE INTO forgotten_sessions (session) VALUES (?)", (number_of(one.session),))
        session = known_session(connection, one.session)
        if session is not None:
            connection.execute("DELETE FROM metered WHERE session = ?", (session,))  # it would call them lost
            going += _undressed(connection, forgotten, clothing, one, session)
    if not going:
        return
    connection.execute("PRAGMA secure_delete = ON")
    connection.executemany(KEEP_OUT, [(time_ns // HOUR_NS, key) for time_ns, key in going])
    connection.executemany(GO, going)
    add_up(connection, {time_ns // QUARTER_NS for time_ns, _ in going})
    leave(connection, raw=False)  # names go then, too: whoever reads events at this moment has their numbers in hand


def _undressed(connection: sqlite3.Connection, forgotten: Tombstones, clothing: Clothing, late: Late, session: int) -> list[Row]:
    """Return the (time, key) of what has no event near but those, and was forgotten with them."""
    ends = late.first_ns - DAY_NS, late.last_ns + DAY_NS
    nearest = Nearest(connection, session, *ends)
    found = []
    for time_ns, key, number, _ in connection.execute(ALONE, (*ends, session)).fetchall():
        if nearest.at(time_ns) is None and forgotten.may_hold(time_ns, clothing.attributes(number), late.session):
            found.append((time_ns, key))
    return found
