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
from cclaunch.store.record_key import number_of
from cclaunch.store.rows import model_name, text

FOREVER = (1 << 63) - 1
NEAR_NS = 600 * 1_000_000_000
"""A transcript and an event name the moment of one request so far apart at most; an id alone may be that of many."""

RAW, SCRUB = "raw", "scrub"
"""Cursors: up to which raw event the rules were asked; whether pages and copies still hold what was forgotten."""

hashed = lru_cache(4096)(number_of)
NOTHING = number_of("")
"""The value of what is missing, as ``--where KEY=`` has it."""

SESSION = number_of("session.id")
SPELLED: Mapping[str, Callable[[Any], str | None]] = {"model": model_name, "cclaunch.profile": text, "service.name": text}
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

    def covers(self, time_ns: int) -> bool:
        """Say whether that moment is meant."""
        return self.since <= time_ns < self.until


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
        return bool(one.witnesses & TRANSCRIPT and one.request) and self._is_near(one)

    def _is_near(self, one: Request) -> bool:
        """Say whether an event was forgotten that a transcript tells of under the same id at about the same time."""
        query = "SELECT 1 FROM forgotten WHERE request = ? AND time_ns BETWEEN ? AND ?"
        ends = one.time_ns - NEAR_NS, one.time_ns + NEAR_NS
        return self._connection.execute(query, (number_of(one.request or ""), *ends)).fetchone() is not None
