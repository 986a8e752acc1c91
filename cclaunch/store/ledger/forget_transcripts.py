"""
All that transcripts told is forgotten: as if none had ever been read, and none is read again.

The problem it owns: who wants that wants nothing of it left: neither requests nor hashes of them, nor of the files. So nothing
can tell what was there, but the moment: what is older is not taken again, until a person asks for it.
"""

import sqlite3

from cclaunch.store.ledger import cursors
from cclaunch.store.ledger.forget import Gone, drop_orphans, leave
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.request import EVENT, TRANSCRIPT

FORGOTTEN = "transcripts forgotten"
"""Cursor: up to which moment (ns) nothing is taken from transcripts any more."""

TOTALS = (
    "SELECT count(*), ifnull(sum(micros), 0), count(DISTINCT session), min(time_ns), max(time_ns)"
    f" FROM requests INDEXED BY requests_by_transcript WHERE witnesses = {TRANSCRIPT}"
)


def find_transcripts(connection: sqlite3.Connection) -> Gone:
    """Return what transcripts alone told, in the ledger of *connection*, which need not be able to write."""
    return Gone(*connection.execute(TOTALS).fetchone()) if has_transcripts(connection) else Gone(0, 0, 0, None, None)


def forget_transcripts(connection: sqlite3.Connection, now_ns: int) -> Gone:
    """Forget all that transcripts told up to *now_ns*, in the transaction that is open; return what they alone told."""
    gone = find_transcripts(connection)
    connection.execute("PRAGMA secure_delete = ON")
    quarters = [row[0] for row in connection.execute("SELECT DISTINCT quarter FROM quarters WHERE unseen OR both")]
    # What the metric counted may be missing again, where an estimate has filled it.
    connection.execute("UPDATE metered SET owed = 1 WHERE session IN (SELECT session FROM quarters WHERE unseen)")
    connection.execute(f"DELETE FROM requests WHERE witnesses = {TRANSCRIPT}")
    connection.execute(f"UPDATE requests SET witnesses = {EVENT} WHERE witnesses = {EVENT | TRANSCRIPT}")
    connection.execute("DELETE FROM seen")
    connection.execute("DELETE FROM files")
    cursors.move(connection, FORGOTTEN, now_ns)
    add_up(connection, quarters)
    drop_orphans(connection)
    leave(connection, raw=False)
    return gone


def forgotten_until(connection: sqlite3.Connection) -> int:
    """Return up to when (ns) transcripts were forgotten; 0 where they never were."""
    return cursors.position(connection, FORGOTTEN) or 0
