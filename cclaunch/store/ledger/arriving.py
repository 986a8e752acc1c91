"""
Events that have arrived are added up, and meet what transcripts told before.

The problem it owns: an event may be late by hours, and what a transcript told of it is in the ledger then. Who has no
transcripts, or none of that time, must not feel that anybody looks.
"""

import sqlite3
from collections.abc import Collection

from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.request import TRANSCRIPT
from cclaunch.store.ledger.schema import DAY_NS, QUARTER_NS
from cclaunch.store.ledger.tombstones import Late

IS_ALONE = (
    "SELECT 1 FROM requests INDEXED BY requests_by_transcript"
    f" WHERE witnesses = {TRANSCRIPT} AND time_ns >= ? AND time_ns <= ? LIMIT 1"
)


def add_up_events(connection: sqlite3.Connection, quarters: Collection[int], late: Collection[Late] = ()) -> None:
    """
    Add up *quarters*, into which events were inserted, and whatever they change, in the transaction that is open.

    *late*: those that were kept out, for they were forgotten.
    """
    add_up(connection, quarters)
    if late:
        from cclaunch.store.ledger.forget_late import follow  # rare

        follow(connection, late)
    if not quarters:
        return
    ends = min(quarters) * QUARTER_NS - DAY_NS, (max(quarters) + 1) * QUARTER_NS + DAY_NS
    if connection.execute(IS_ALONE, ends).fetchone():
        from cclaunch.store.ledger.clothing import dress_anew  # only for who has transcripts
        from cclaunch.store.ledger.joining import join_events

        add_up(connection, join_events(connection, quarters))
        add_up(connection, dress_anew(connection, quarters))
