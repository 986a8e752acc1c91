"""
Which pull request a session was at, and from when: what our status line was told by claude, and has posted.

The problem it owns: that is known late, comes twice and in any order. So no request carries it, and nothing that was counted ever
changes: it stands beside the session, and a question that names it looks there. Who does not ask for it pays nothing.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store.ledger.insert import session_id
from cclaunch.store.ledger.names import PULL_REQUEST, was_sent
from cclaunch.store.ledger.opening import has_launched
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.tombstones import Rule, Tombstones, facts_of
from cclaunch.store.rows import integer, text

LONGEST = 128
"""Characters of a name."""

MOST = 100
"""Moments of one session: the first ones are kept, whatever order they come in."""

HIGHEST = 1_000_000_000
FORGOTTEN = ""
"""The name from a moment on whose name was forgotten: what was known before must not reach over it."""

INSERT = (
    "INSERT INTO pull_requests (session, since_ns, name) VALUES (?, ?, ?)"
    " ON CONFLICT (session, since_ns) DO UPDATE SET name = min(name, excluded.name)"
)
KEEP_FIRST = f"""
DELETE FROM pull_requests WHERE session = ?1
    AND since_ns > (SELECT since_ns FROM pull_requests WHERE session = ?1 ORDER BY since_ns LIMIT 1 OFFSET {MOST - 1})
"""
IN_SLICE = f"""
SELECT e.time_ns, e.attributes, c.attributes FROM telemetry.events e LEFT JOIN telemetry.shared c ON c.key = e.shared
WHERE e.id > ? AND e.id <= ? AND +e.name = '{otel.PULL_REQUEST}' AND +e.check_nonce IS NULL
"""


def _at(session: str, time_ns: str) -> str:
    """Return the expression of the name that *session* had at *time_ns* (expressions, too); NULL where none was known."""
    newest = f"SELECT nullif(name, '') FROM pull_requests p WHERE p.session = {session} AND p.since_ns <= {time_ns}"
    return f"iif({session} IN (SELECT session FROM pull_requests), ({newest} ORDER BY p.since_ns DESC LIMIT 1), NULL)"


OF_QUARTER = _at("quarters.session", f"quarters.quarter * {QUARTER_NS}")
OF_REQUEST = _at("requests.session", "requests.time_ns")
UNCUT = f""" AND NOT EXISTS (SELECT 1 FROM pull_requests p WHERE p.session = quarters.session
    AND p.since_ns > quarters.quarter * {QUARTER_NS} AND p.since_ns < (quarters.quarter + 1) * {QUARTER_NS})"""
"""Without the quarters of an hour in which the session's name changes: what is added up there is of two names."""

REQUESTS_CUT = f"""(
    SELECT DISTINCT session AS whose, since_ns - since_ns % {QUARTER_NS} AS cut FROM pull_requests WHERE since_ns % {QUARTER_NS}
) CROSS JOIN requests ON requests.session = whose AND time_ns >= cut AND time_ns < cut + {QUARTER_NS}"""
"""The requests of those; *cut*: the moment at which the quarter begins."""


class Told(NamedTuple):
    """An event: from *time_ns* on *session* was at the pull request *name*; *attributes*: all that it says."""

    time_ns: int
    session: str
    name: str
    attributes: Mapping[str, Any]


def told(time_ns: int, attributes: Mapping[str, Any]) -> Told | None:
    """Return what an event of that moment with these attributes tells, or None where it names no session or no pull request."""
    session, number = text(attributes.get("session.id")), integer(attributes.get("pr_number"), HIGHEST)
    if session is None or not number:
        return None
    repository = attributes.get("pr_repository")
    name = f"{repository}#{number}"
    if not isinstance(repository, str) or not _is_repository(repository) or len(name) > LONGEST:
        name = f"#{number}"
    return Told(time_ns, session, name, attributes)


def _is_repository(said: str) -> bool:
    """Say whether that is an owner and a name, and nothing that a terminal or a name would stumble over."""
    owner, slash, name = said.partition("/")
    return bool(owner and slash and name) and said.isprintable() and not any(one in "#/ " for one in owner + name)


def is_any(connection: sqlite3.Connection) -> bool:
    """Say whether any session was ever at a pull request."""
    return has_launched(connection) and connection.execute("SELECT 1 FROM pull_requests LIMIT 1").fetchone() is not None


def sessions_of(connection: sqlite3.Connection, names: Sequence[str]) -> list[int] | None:
    """Return the sessions that were ever at one of the pull requests *names*; None: what others have may count, too."""
    if "" in names or was_sent(connection, PULL_REQUEST):
        return None
    query = f"SELECT DISTINCT session FROM pull_requests WHERE name IN ({', '.join('?' * len(names))})"
    return [row[0] for row in connection.execute(query, names)]


def take(connection: sqlite3.Connection, some: Iterable[Told], forgotten: Tombstones | None = None) -> None:
    """Have the ledger know *some*, but for what was *forgotten*, in the transaction that is open."""
    forgotten = Tombstones(connection) if forgotten is None else forgotten
    sessions: dict[str, int] = {}
    for one in some:
        if forgotten.rules and _is_forgotten(one, forgotten.rules):
            continue
        if one.session not in sessions:
            sessions[one.session] = session_id(connection, one.session)
        connection.execute(INSERT, (sessions[one.session], one.time_ns, one.name))
    connection.executemany(KEEP_FIRST, [(number,) for number in sessions.values()])


def _is_forgotten(one: Told, rules: Sequence[Rule]) -> bool:
    facts = facts_of({**one.attributes, PULL_REQUEST: one.name}, one.session)
    return any(rule.covers(one.time_ns) and rule.holds(facts) for rule in rules)


def take_slice(connection: sqlite3.Connection, ends: tuple[int, int], forgotten: Tombstones) -> None:
    """Read those in a slice of rowids of the attached telemetry.db."""
    rows = connection.execute(IN_SLICE, ends).fetchall()
    made = (told(time_ns, {**json.loads(common or "{}"), **json.loads(own)}) for time_ns, own, common in rows)
    take(connection, [one for one in made if one is not None], forgotten)


def take_over(connection: sqlite3.Connection, rows: Iterable[tuple[int, int, str]], names: Mapping[int, str]) -> None:
    """Have the ledger know what another one knows: its *rows* (session, since_ns, name), and the *names* of its sessions."""
    some = [Told(since, names[session], name, {}) for session, since, name in rows if session in names and isinstance(name, str)]
    take(connection, some)
