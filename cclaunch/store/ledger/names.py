"""
What attribute sets and sessions are called under the keys of a question.

The problem it owns: thousands of sets are called by a few names, and each is looked at once, by SQLite, which takes a value out
of a set's JSON in a fraction of the time that reading it whole takes. The value's JSON text is what tells values apart: it
tells 1 from true and holds lists, which Python's equality and hash cannot do.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cclaunch.store.filters import matches, member, register
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.schema import dump

SESSION = "session.id"
PULL_REQUEST = "pr"
"""The key of what stands beside a session (see `pull_requests`); where nothing does, an attribute that is called so counts."""

ANY_SET = 0
"""Stands for all sets where none needs to be told from another: it has no attribute."""


Name = tuple[str | None, ...]
"""For each key the JSON text of its value, None where there is none."""


class Names:
    """The names of sets and sessions: under *keys*, where they have one of the values that are *wanted* of a key."""

    def __init__(self, connection: sqlite3.Connection, keys: Sequence[str], wanted: Mapping[str, Collection[str]]) -> None:
        self._connection = connection
        self._keys = keys
        self._pulled = wanted.get(PULL_REQUEST)
        self._looked = [*keys, PULL_REQUEST] if self._pulled is not None and PULL_REQUEST not in keys else keys
        self._wanted = {key: values for key, values in wanted.items() if key not in (SESSION, PULL_REQUEST) and key not in LABELS}
        self._sets: dict[int, Name | None] = {ANY_SET: (None,) * len(self._looked)}
        self._sessions: dict[int, str] = {}
        self._meets: dict[tuple[str, str | None], bool] = {}

    def learn(self, sets: Collection[int], sessions: Collection[int]) -> None:
        """Look up these *sets* and *sessions*, by their ids."""
        if sessions:
            query = f"SELECT id, name FROM sessions WHERE id IN ({', '.join(map(str, sessions))})"
            self._sessions = {number: dump(name) for number, name in self._connection.execute(query)}
        if not sets:
            return
        register(self._connection)
        parts = [("NULL", []) if key == SESSION else member("attributes", key) for key in (*self._looked, *self._wanted)]
        columns = "".join(f", {sql}" for sql, _ in parts)
        known = self._connection.execute("SELECT count(*) FROM sets").fetchone()[0]
        only = f" WHERE id IN ({', '.join(map(str, sets))})" if len(sets) < known / 2 else ""  # as dear as to look at one
        query = f"SELECT id{columns} FROM sets{only}"
        width = len(self._looked)
        rows = self._connection.execute(query, [value for _, values in parts for value in values])
        if not self._wanted:
            self._sets = {row[0]: row[1:] for row in rows}
            return
        for number, *texts in rows:
            met = all(self._meet(key, text) for key, text in zip(self._wanted, texts[width:], strict=True))
            self._sets[number] = tuple(texts[:width]) if met else None

    def _meet(self, key: str, text: str | None) -> bool:
        known = key, text
        if known not in self._meets:
            self._meets[known] = matches(None if text is None else json.loads(text), self._wanted[key])
        return self._meets[known]

    def of(self, set_id: int, session: int, pull: str | None = None) -> Name | None:
        """Return what requests of this set, session and pull request are called, or None when they were not asked for."""
        name = self._sets[set_id]
        if name is not None and PULL_REQUEST in self._looked:
            name = self._at(name, pull)
        if name is None or SESSION not in self._keys:
            return name
        return tuple(self._sessions.get(session) if key == SESSION else text for key, text in zip(self._keys, name, strict=True))

    def _at(self, name: Name, pull: str | None) -> Name | None:
        at = self._looked.index(PULL_REQUEST)
        if pull is not None:
            name = (*name[:at], dump(pull), *name[at + 1 :])
        if self._pulled is not None and not matches(self.values(name)[at], self._pulled):
            return None
        return name[: len(self._keys)]

    @staticmethod
    def values(name: Name) -> tuple[Any, ...]:
        """Return the values that *name* stands for."""
        return tuple([None if text is None else json.loads(text) for text in name])


def was_sent(connection: sqlite3.Connection, key: str) -> bool:
    """Say whether any request ever had an attribute called *key*."""
    register(connection)
    sql, parameters = member("attributes", key)
    return connection.execute(f"SELECT 1 FROM sets WHERE {sql} IS NOT NULL LIMIT 1", parameters).fetchone() is not None
