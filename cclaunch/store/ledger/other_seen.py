"""
What transcripts told, taken over from another ledger, which may be damaged or older.

The problem it owns: there a request may stand by itself that is joined here, or the other way round, and a part of either may be
lost. So nothing is believed that has no row: what is not known for sure is read again from its transcript, and counted once. What
is kept of the files is not taken over, for they may have told more than what is left of it.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from cclaunch.store.damage import UNREADABLE
from cclaunch.store.ledger import cursors
from cclaunch.store.ledger.arriving import add_up_events
from cclaunch.store.ledger.clothing import dress_there
from cclaunch.store.ledger.forget import leave
from cclaunch.store.ledger.forget_transcripts import FORGOTTEN, forget_transcripts, forgotten_until
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.joining import BOTH, GO
from cclaunch.store.ledger.request import EVENT, TRANSCRIPT, Request
from cclaunch.store.ledger.schema import HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.seen import COPIED, GONE, KEEP, known_of
from cclaunch.store.ledger.tombstones import Tombstones

ROWS = "SELECT hour, key, time_ns, request, flags FROM seen ORDER BY hour {0}, key {0}"
ALONE_HERE = f"""
INSERT OR IGNORE INTO seen (hour, key, time_ns, request, flags) SELECT ?1, ?2, ?3, ?2, ?4
WHERE EXISTS (SELECT 1 FROM requests WHERE time_ns = ?3 AND key = ?2 AND witnesses = {TRANSCRIPT})
"""


def take_border(connection: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """Have transcripts be forgotten here as far as they are there, in the transaction that is open."""
    border = _border_of(other)
    if border > forgotten_until(connection):
        if connection.execute("SELECT 1 FROM seen LIMIT 1").fetchone():
            forget_transcripts(connection, border)  # what was told here later is read again
        cursors.move(connection, FORGOTTEN, border)


def _border_of(other: sqlite3.Connection) -> int:
    with contextlib.suppress(*UNREADABLE):
        return forgotten_until(other)
    return 0


def _border(connection: sqlite3.Connection, other: sqlite3.Connection) -> int:
    """
    Return up to when what transcripts told the other one does not count: it was forgotten here since.

    Where it was forgotten there as well, a person has named what is older and there still.
    """
    border = forgotten_until(connection)
    return border if border > _border_of(other) else 0


def insert(connection: sqlite3.Connection, other: sqlite3.Connection, requests: Sequence[Request]) -> None:
    """
    Insert *requests* of the other one and add up what they change, in the transaction that is open.

    All that events told of, and of what transcripts alone told what is not known here. Whether a transcript told of an event's,
    too, is said by `take`.
    """
    border = _border(connection, other)
    alone = [one for one in requests if one.witnesses == TRANSCRIPT]
    known = known_of(connection, alone)
    alone = [one for one in alone if one.key not in known and one.time_ns >= border]
    told = [one._replace(witnesses=EVENT) for one in requests if one.witnesses != TRANSCRIPT]
    forgotten = Tombstones(connection)
    quarters = insert_requests(connection, [*told, *alone], forgotten)
    for one in alone:
        hour, flags = one.time_ns // HOUR_NS, COPIED  # as long as nobody says whose it is
        with contextlib.suppress(*UNREADABLE):
            row = other.execute("SELECT flags FROM seen WHERE hour = ? AND key = ?", (hour, one.key)).fetchone()
            flags = row[0] if row else COPIED
        connection.execute(ALONE_HERE, (hour, one.key, one.time_ns, flags))
    add_up_events(connection, quarters, forgotten.late)
    add_up(connection, dress_there(connection, quarters))


def take(connection: sqlite3.Connection, other: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> set[int]:
    """
    Take over *rows* of the `seen` of the *other* one, in the transaction that is open.

    What was joined there is joined here, if its event is here; what was forgotten stays away, or goes.

    Returns:
        The quarters that are to be added up anew.
    """
    changed: set[int] = set()
    border = _border(connection, other)
    for hour, key, time_ns, request, flags in rows:
        if (hour + 1) * HOUR_NS <= border or (request == key and not flags & GONE):
            continue
        here = connection.execute("SELECT time_ns, request, flags FROM seen WHERE hour = ? AND key = ?", (hour, key)).fetchone()
        if here is not None and (here[1] != key or here[2] & GONE):
            continue  # it is joined here, or forgotten
        if not flags & GONE and not _is_event(connection, time_ns, request):
            continue
        if here is not None:
            connection.execute(GO, (here[0], key))
            changed.add(here[0] // QUARTER_NS)
        connection.execute(KEEP, (hour, key, time_ns, request, flags))
        if flags & GONE and here is not None:
            leave(connection, raw=False)  # its bytes stand in the pages still
        if not flags & GONE:
            connection.execute(BOTH, (time_ns, request))
            changed.add(time_ns // QUARTER_NS)
    return changed


def _is_event(connection: sqlite3.Connection, time_ns: int, key: int) -> bool:
    query = f"SELECT 1 FROM requests WHERE time_ns = ? AND key = ? AND witnesses <> {TRANSCRIPT}"
    return connection.execute(query, (time_ns, key)).fetchone() is not None
