"""
What was done beside requests, forgotten.

The problem it owns: it is added up by quarters of an hour, and a rule may mean a part of one. So all of that quarter goes, and
what is left of its events is added up anew while they are kept.
"""

import json
import sqlite3
from collections.abc import Sequence

from cclaunch.store.ledger.doing_days import add_up_days
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.ledger.tombstones import Rule, facts_of

SOURCE = "doings"
"""The cursor of how far events were read for it."""


def forget_doings(connection: sqlite3.Connection, rules: Sequence[Rule], going: str) -> None:
    """
    Delete what *rules* mean, in the transaction that is open: whole quarters of an hour, of which the rest is added up anew.

    Args:
        going: The end of a query of the requests ``r`` that go, which are still there.
    """
    before = {row[0] for row in connection.execute("SELECT DISTINCT quarter FROM doings")}
    pairs = f"SELECT DISTINCT r.time_ns / {QUARTER_NS}, ifnull(r.session, {NOBODY}) {going}"
    gone = connection.execute(f"DELETE FROM doings WHERE (quarter, session) IN ({pairs})").rowcount
    query = 'SELECT DISTINCT d.session, s.name, d."set", t.attributes FROM doings d LEFT JOIN sessions s ON s.id = d.session'
    for session, name, set_number, attributes in connection.execute(f'{query} JOIN sets t ON t.id = d."set"').fetchall():
        facts = facts_of(json.loads(attributes), name)
        for rule in rules:
            if rule.holds(facts):
                ends = session, set_number, rule.since // QUARTER_NS, -(-rule.until // QUARTER_NS)
                gone += connection.execute(
                    'DELETE FROM doings WHERE session = ? AND "set" = ? AND quarter >= ? AND quarter < ?', ends
                ).rowcount
    if gone:
        add_up_days(connection, before)
        connection.execute("DELETE FROM doing_names WHERE id NOT IN (SELECT what FROM doings)")
        connection.execute("DELETE FROM cursors WHERE source = ? OR (source >= 'doings ' AND source < 'doings!')", (SOURCE,))
