"""
Pull requests are forgotten: what was done for one of them, and its name.

The problem it owns: no request carries the name, so a rule by it would mean nothing to whatever comes again. What is meant are
times of sessions, and rules are made of those.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from cclaunch.store.ledger.names import PULL_REQUEST
from cclaunch.store.ledger.pull_requests import FORGOTTEN, is_any
from cclaunch.store.ledger.tombstones import FOREVER, SESSION, Rule, hashed
from cclaunch.store.ledger.wanted import Wanted, rules_for

NAMED = "SELECT p.session, s.name, p.since_ns, p.name FROM pull_requests p JOIN sessions s ON s.id = p.session ORDER BY 1, 3"
FORGET = f"UPDATE pull_requests SET name = '{FORGOTTEN}' WHERE session = ? AND since_ns = ?"
EMPTIED = f"""
DELETE FROM pull_requests WHERE session NOT IN (SELECT session FROM quarters UNION SELECT session FROM metered)
    AND (session IN (SELECT session FROM temp.going) OR session IN (SELECT session FROM pull_requests WHERE name = '{FORGOTTEN}'))
"""
"""Of sessions that were forgotten whole; one that has not sent a request yet keeps what it told."""

BY_ATTRIBUTE = f"SELECT 1 FROM sets WHERE attributes -> '$.{PULL_REQUEST}' IS NOT NULL LIMIT 1"


def forget(connection: sqlite3.Connection, rules: Sequence[Rule]) -> None:
    """
    Forget the names that *rules* mean, and those of sessions of which nothing is left, in the transaction that is open.

    A rule that asks for more than the session means requests; the name goes with the last of them.
    """
    meant = [rule for rule in rules if rule.asks and rule.asks.keys() <= {SESSION, hashed(PULL_REQUEST)}]
    for number, session, since, name in connection.execute(NAMED).fetchall() if meant else ():
        facts = {SESSION: hashed(session), hashed(PULL_REQUEST): hashed(name)}
        if any(rule.covers(since) and rule.holds(facts) for rule in meant):
            connection.execute(FORGET, (number, since))
    connection.execute(EMPTIED)


def pulled_rules(connection: sqlite3.Connection, wanted: Wanted, now_ns: int) -> list[Rule]:
    """Return the rules that *wanted* makes, which asks for pull requests: one for each time that a session was at one of them."""
    others = {key: values for key, values in wanted.where.items() if key != PULL_REQUEST}
    by_attribute = connection.execute(BY_ATTRIBUTE).fetchone() is not None
    made = rules_for(wanted, now_ns) if by_attribute or not is_any(connection) else []
    for session, since, until in _times(connection, wanted.where[PULL_REQUEST]):
        if wanted.session in (None, session):
            for rule in rules_for(wanted._replace(session=session, where=others), now_ns):
                begin, end = max(rule.since, since), min(rule.until, until, now_ns + 1)
                made += [Rule(begin, end, rule.asks)] if begin < end else []
    return made


def _times(connection: sqlite3.Connection, names: Iterable[str]) -> list[tuple[str, int, int]]:
    """Return (session, since, until), in ns, for each time in which a session was at a pull request called as one of *names*."""
    rows = connection.execute(NAMED).fetchall() if is_any(connection) else []
    found = []
    for at, (number, session, since, name) in enumerate(rows):
        last = at + 1 == len(rows) or rows[at + 1][0] != number
        if name in names:
            found.append((session, since, FOREVER if last else rows[at + 1][2]))
    return found
