"""
Tombstones: what was forgotten, known again without being told.

The problem it owns: a record that was forgotten may come again by any way in, years later; and who reads the ledger must not
learn from it what was forgotten. So a rule holds hashes of keys and values, and what was deleted is known by its key.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Container, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cclaunch.store.filters import printed
from cclaunch.store.ledger.request import TRANSCRIPT, Request
from cclaunch.store.ledger.witnessed import HOST
from cclaunch.store.record_key import number_of
from cclaunch.store.rows import model_name, text
from cclaunch.store.shared import OF_A_REQUEST

FOREVER = (1 << 63) - 1
NEAR_NS = 600 * 1_000_000_000
"""So near a transcript's request is taken for a forgotten event that is like it: from further away than both would be joined."""

RAW, SCRUB = "raw", "scrub"
"""Cursors: up to which raw event the rules were asked; whether pages and copies still hold what was forgotten."""

hashed = lru_cache(4096)(number_of)
NOTHING = number_of("")
"""The value of what is missing, as ``--where KEY=`` has it."""

SESSION = number_of("session.id")
SPELLED: Mapping[str, Callable[[Any], str | None]] = {"model": model_name, "cclaunch.profile": text, "service.name": text}
ITS_OWN = frozenset(map(number_of, (*OF_A_REQUEST, HOST)))
"""What no session says of its requests: each says it itself, or nobody does."""

Facts = Mapping[int, int]
"""Hash of a key -> hash of its value, as it is shown."""


class Rule(NamedTuple):
    """What is forgotten from *since* to *until* (ns): that of which every key of *asks* has one of the values, hashes all."""

    since: int
    until: int
    asks: Mapping[int, frozenset[int]]

    def holds(self, facts: Facts) -> bool:
        """Say whether what is known by *facts* is meant, whenever it was."""
        return all(facts.get(key, NOTHING) in values for key, values in self.asks.items())

    def may_hold(self, facts: Facts) -> bool:
        """Say whether what is known by *facts* alone may be meant: what its session would say of it is not known."""
        asks = [key for key in self.asks if key in facts or key in ITS_OWN]
        return bool(self.asks) and all(facts.get(key, NOTHING) in self.asks[key] for key in asks)

    def covers(self, time_ns: int) -> bool:
        """Say whether that moment is meant."""
        return self.since <= time_ns < self.until


class Late(NamedTuple):
    """A *session* of which events came, of the time from *first_ns* to *last_ns*, that were forgotten."""

    session: str
    first_ns: int
    last_ns: int


def likeness(request: str | None, sent: int | None, output: int | None, read: int | None, written: int | None) -> int:
    """
    Return by what the words of two witnesses on one request are alike: a hash of its id and of what a cut answer shows, too.

    Without an id, of all tokens.
    """
    told = [request, sent or 0, read or 0] if request else ["", sent or 0, output or 0, read or 0, written or 0]
    return number_of("\x02".join(map(str, told)))


def facts_of(attributes: Mapping[str, Any], session: str | None, asked: Container[int] | None = None) -> dict[int, int]:
    """
    Return what a record is known by: its *attributes*, spelled as the ledger spells them, and its *session*.

    *asked*: the hashes of the keys that matter, as each value costs; None for all.
    """
    facts = {}
    for key, value in attributes.items():
        mark = hashed(key)
        if asked is None or mark in asked:
            facts[mark] = hashed(printed(SPELLED[key](value) if key in SPELLED else value))
    facts[SESSION] = hashed(session or "")
    return facts


def forgets(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger that is open has rules."""
    return connection.execute("SELECT 1 FROM forgotten_rules").fetchone() is not None


def is_left(connection: sqlite3.Connection) -> bool:
    """Say whether something is left to do in other files of what was forgotten."""
    return connection.execute("SELECT 1 FROM cursors WHERE source = ?", (SCRUB,)).fetchone() is not None


def rules_of(connection: sqlite3.Connection) -> list[Rule]:
    """
    Return all rules of the ledger that is open.

    A time alone is forgotten when it is over: a rule that says otherwise was made under a clock that was ahead, and would take
    whatever is recorded now.
    """
    found = []
    for since, until, rule in connection.execute("SELECT since_ns, until_ns, rule FROM forgotten_rules"):
        asks = {int(key): frozenset(values) for key, values in json.loads(rule).items()}
        if asks or until <= time.time_ns():
            found.append(Rule(since, until, asks))
    return found


def add_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Keep *rule*, in the transaction that is open; of those that ask nothing, the one that reaches furthest is enough."""
    asks = json.dumps({str(key): sorted(values) for key, values in sorted(rule.asks.items())})
    if not rule.asks and not rule.since:
        connection.execute("DELETE FROM forgotten_rules WHERE rule = '{}' AND until_ns <= ?", (rule.until,))
    query = "INSERT OR IGNORE INTO forgotten_rules (since_ns, until_ns, rule) VALUES (?, ?, ?)"
    connection.execute(query, (rule.since, rule.until, asks))


class Tombstones:
    """What was forgotten, as the ledger of *connection* knows it. Of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.rules = rules_of(connection)
        self._connection = connection
        self._keys = connection.execute("SELECT EXISTS (SELECT 1 FROM forgotten)").fetchone()[0] == 1
        self._spans: dict[tuple[str, str | None], list[tuple[int, int]]] = {}
        self._asks = any(rule.asks.keys() - {SESSION} for rule in self.rules)
        self._late: dict[str, tuple[int, int]] = {}

    def __bool__(self) -> bool:
        """Say whether anything was ever forgotten."""
        return bool(self.rules) or self._keys

    def spans(self, attributes: str, session: str | None) -> list[tuple[int, int]]:
        """Return the times (since, until) in which what has the set *attributes* and is of *session* is forgotten."""
        mark = attributes, session
        if mark not in self._spans:
            facts = facts_of(json.loads(attributes), session) if self.rules else {}
            self._spans[mark] = [(rule.since, rule.until) for rule in self.rules if rule.holds(facts)]
        return self._spans[mark]

    def hold(self, one: Request) -> bool:
        """Say whether *one* was forgotten, whoever brings it."""
        if any(since <= one.time_ns < until for since, until in self.spans(one.attributes, one.session)):
            return True
        if not self._keys:
            return False
        if self._connection.execute("SELECT 1 FROM forgotten WHERE time_ns = ? AND key = ?", (one.time_ns, one.key)).fetchone():
            return True
        return bool(one.witnesses & TRANSCRIPT) and self._is_near(one)

    def may_hold(self, time_ns: int, attributes: Mapping[str, Any], session: str | None) -> bool:
        """
        Say whether what only a transcript told was forgotten with the events that would have said whose it is: none is near.

        Something of its *session* was, and a rule means it, whatever the session may have said beside its own *attributes*.
        """
        if not self._asks or session is None:
            return False
        query = "SELECT 1 FROM forgotten_sessions WHERE session = ?"
        if self._connection.execute(query, (hashed(session),)).fetchone() is None:
            return False
        facts = facts_of(attributes, session)
        return any(rule.covers(time_ns) and rule.may_hold(facts) for rule in self.rules)

    def note(self, session: str | None, first_ns: int, last_ns: int) -> None:
        """Note that events of *session* came, of the time from *first_ns* to *last_ns*, that were forgotten."""
        if self._asks and session is not None:
            before = self._late.get(session, (first_ns, last_ns))
            self._late[session] = min(before[0], first_ns), max(before[1], last_ns)

    @property
    def late(self) -> list[Late]:
        """Return what was noted."""
        return [Late(session, *ends) for session, ends in self._late.items()]

    def _is_near(self, one: Request) -> bool:
        """Say whether an event was forgotten at about the same time that is like what a transcript tells of."""
        query = "SELECT 1 FROM forgotten WHERE request IN (?, ?) AND time_ns BETWEEN ? AND ?"
        written = (one.cache_5m or 0) + (one.cache_1h or 0)
        like = likeness(one.request, one.input, one.output, one.cache_read, written)
        alone = like if one.request is None else number_of(one.request)  # so the first version has kept it
        ends = one.time_ns - NEAR_NS, one.time_ns + NEAR_NS
        return self._connection.execute(query, (like, alone, *ends)).fetchone() is not None
