"""
Forgetting: what a rule means goes from the ledger for good, in one transaction with the tombstone that keeps it away.

The problem it owns: from the moment on which a request is gone, nothing may bring it back; so what is left to do in other files
(raw events, the pages that SQLite has freed, copies) is written down in the same transaction, for whoever finishes it.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from cclaunch.store.ledger import cursors, forget_pull_requests
from cclaunch.store.ledger.agreeing import APART_NS
from cclaunch.store.ledger.forget_doings import forget_doings
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.schema import HOUR_NS, NOBODY, QUARTER_NS
from cclaunch.store.ledger.seen import BETWEEN_LINES_NS, GONE
from cclaunch.store.ledger.tombstones import RAW, SCRUB, SESSION, Rule, add_rule, facts_of, hashed, likeness, rules_of
from cclaunch.store.record_key import number_of

GOING = """
FROM requests r JOIN temp.going g ON g.session = ifnull(r.session, 0) AND g."set" = r."set"
    AND r.time_ns >= g.since_ns AND r.time_ns < g.until_ns
"""
AT_AN_END = f"(r.time_ns < g.since_ns + {APART_NS} OR r.time_ns >= g.until_ns - {APART_NS})"
METERED = """
FROM metered m JOIN temp.going g ON g.session = m.session AND g."set" = m."set"
    AND m.last_ns >= g.since_ns AND m.last_ns < g.until_ns
"""
TOTALS = f"SELECT count(*), ifnull(sum(r.micros), 0), count(DISTINCT r.session), min(r.time_ns), max(r.time_ns) {GOING}"
LIKENESS = "likeness(r.request, r.input, r.output, r.cache_read, ifnull(r.cache_5m, 0) + ifnull(r.cache_1h, 0))"
SEEN = f"""
UPDATE seen SET flags = flags | {GONE} WHERE hour >= ? AND hour <= ? AND (time_ns, request) IN (SELECT r.time_ns, r.key {GOING})
"""
HELD = "SELECT r.time_ns, r.key FROM forgotten f JOIN requests r ON r.time_ns = f.time_ns AND r.key = f.key"
HAVE = ("quarters", "metered", "doings")
"""What names sessions and sets."""

ORPHANS = tuple(
    f"DELETE FROM {names} WHERE id NOT IN ({' UNION '.join(f'SELECT {column} FROM {table}' for table in tables)})"
    for names, column, tables in (("sessions", "session", (*HAVE, "pull_requests")), ("sets", '"set"', HAVE))
)


class Gone(NamedTuple):
    """What is forgotten: requests of the ledger with their time range (ns), and *events*: raw ones, of all kinds."""

    requests: int
    micros: int
    sessions: int
    first_ns: int | None
    last_ns: int | None
    events: int = 0

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.requests or self.events)


def find(connection: sqlite3.Connection, rules: Sequence[Rule]) -> Gone:
    """Find what *rules* mean in the ledger of *connection*, which need not be able to write, and return it."""
    connection.execute("PRAGMA temp_store = MEMORY")  # no name of what goes is written anywhere once more
    connection.execute(
        'CREATE TEMP TABLE IF NOT EXISTS going (session INTEGER, "set" INTEGER, since_ns INTEGER, until_ns INTEGER)'
    )
    connection.execute('CREATE INDEX IF NOT EXISTS temp.going_by_set ON going (session, "set")')
    connection.execute("DELETE FROM temp.going")
    names = dict(connection.execute("SELECT id, name FROM sessions"))
    facts: dict[int, dict[int, int]] = {}
    pairs = 'SELECT DISTINCT session, "set" FROM quarters UNION SELECT session, "set" FROM metered'
    for session, set_id in connection.execute(pairs).fetchall():
        if set_id not in facts:
            row = connection.execute("SELECT attributes FROM sets WHERE id = ?", (set_id,)).fetchone()
            facts[set_id] = facts_of(json.loads(row[0]), None)
        known = {**facts[set_id], SESSION: hashed(names.get(session, ""))}
        going = [(session, set_id, rule.since, rule.until) for rule in rules if rule.holds(known)]
        connection.executemany("INSERT INTO temp.going VALUES (?, ?, ?, ?)", going)
    return Gone(*connection.execute(TOTALS).fetchone())


def forget_requests(connection: sqlite3.Connection, rules: Sequence[Rule]) -> Gone:
    """Delete what *rules* mean from the ledger, and keep it away, in the transaction that is open; return what it was."""
    gone = find(connection, rules)
    connection.create_function("likeness", 5, likeness, deterministic=True)
    connection.execute("PRAGMA secure_delete = ON")
    for rule in rules:
        add_rule(connection, rule)
    # What is known by its time alone needs no key, but near the ends of that: another witness names another moment.
    by_time = "" if all(rule.asks for rule in rules) else f" WHERE {AT_AN_END}"
    keys = f"INSERT OR IGNORE INTO forgotten (time_ns, key, request) SELECT r.time_ns, r.key, {LIKENESS} {GOING}{by_time}"
    connection.execute(keys)
    for rule in rules:
        if not rule.asks and not rule.since:
            connection.execute("DELETE FROM forgotten WHERE time_ns < ?", (rule.until - APART_NS,))
            connection.execute("DELETE FROM seen WHERE hour < ?", (rule.until // HOUR_NS,))
    if gone.first_ns is not None and gone.last_ns is not None:
        hours = (gone.first_ns - BETWEEN_LINES_NS) // HOUR_NS, (gone.last_ns + BETWEEN_LINES_NS) // HOUR_NS
        connection.execute(SEEN, hours)
    quarters = [row[0] for row in connection.execute(f"SELECT DISTINCT r.time_ns / {QUARTER_NS} {GOING}")]
    forget_doings(connection, rules, GOING)
    _forget_sessions(connection)
    connection.execute(f"DELETE FROM requests WHERE (time_ns, key) IN (SELECT r.time_ns, r.key {GOING})")
    add_up(connection, quarters)
    forget_pull_requests.forget(connection, rules)
    drop_orphans(connection)
    leave(connection)
    return gone


def forget_again(connection: sqlite3.Connection) -> None:
    """Delete what stands here and was forgotten elsewhere, whose tombstones were taken over, in the transaction that is open."""
    for rule in rules_of(connection):
        if find(connection, [rule]):
            forget_requests(connection, [rule])
    rows = connection.execute(HELD).fetchall()
    if rows:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"UPDATE seen SET flags = flags | {GONE} WHERE (time_ns, request) IN ({HELD})")
        connection.executemany("DELETE FROM requests WHERE time_ns = ? AND key = ?", rows)
        add_up(connection, {time_ns // QUARTER_NS for time_ns, _ in rows})
        forget_pull_requests.forget(connection, rules_of(connection))
        drop_orphans(connection)
        leave(connection)


def _forget_sessions(connection: sqlite3.Connection) -> None:
    """Forget what claude's own metric counted of the sessions concerned: it would call lost what was forgotten."""
    touched = f"SELECT r.session {GOING} UNION SELECT m.session {METERED}"
    rows = connection.execute(f"SELECT id, name FROM sessions WHERE id <> {NOBODY} AND id IN ({touched})").fetchall()
    marks = [(number_of(name),) for _, name in rows]
    connection.executemany("INSERT OR IGNORE INTO forgotten_sessions (session) VALUES (?)", marks)
    connection.executemany("DELETE FROM metered WHERE session = ?", [(id,) for id, _ in rows])


def drop_orphans(connection: sqlite3.Connection) -> None:
    """Delete the names of sessions and the sets that nothing has any more, in the transaction that is open."""
    for statement in ORPHANS:
        connection.execute(statement)


def leave(connection: sqlite3.Connection, *, raw: bool = True) -> None:
    """Write down what is left to do in other files; *raw*: also in that of the raw events, from its beginning."""
    if raw:
        connection.execute("DELETE FROM cursors WHERE source = ?", (RAW,))
    cursors.move(connection, SCRUB, 1)
