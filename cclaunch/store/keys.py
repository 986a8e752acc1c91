"""
Keys that nobody ever sent, and what was probably meant: a misspelt ``--by taem`` answers with nothing but empty rows.

Asked only after the answer: a key that was sent is found in the first rows, so the question is cheap where all is well.
"""

import difflib
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from cclaunch.store.filters import ALIASES, COLUMNS, canonical, expression
from cclaunch.store.retention import COUNTED
from cclaunch.store.spending import LABELS

SAMPLE = 1000
"""The newest events, whose keys are offered."""

ALWAYS = frozenset(COLUMNS) - {"cclaunch.profile"}
"""What every event has, or may lack without a mistake."""


def unsent(connection: sqlite3.Connection, keys: Iterable[str], *, requests: bool) -> Mapping[str, list[str]]:
    """
    Return key -> the names most like it, for each of *keys* that no event ever had.

    Args:
        connection: A reader's.
        keys: As they were typed.
        requests: Ask the requests, which cost something, and the daily totals; else all events.
    """
    missing = missing_of(connection, keys, requests=requests)
    return guesses(missing, names_of(connection, requests=requests) if missing else [])


def guesses(missing: Iterable[str], names: Collection[str]) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, out of *names* and the words that stand for some; nothing where nothing was sent."""
    offered = sorted({*names, *ALIASES, "day"})
    return {key: _near(key, offered) for key in missing} if names else {}


def asked_of(keys: Iterable[str]) -> list[str]:
    """Return those of *keys* of which it must be asked whether anybody ever sent them."""
    return [key for key in keys if canonical(key) not in ALWAYS]


def missing_of(connection: sqlite3.Connection, keys: Iterable[str], *, requests: bool) -> list[str]:
    """Return those of *keys* that no event (or request) of our own database ever had."""
    scope = _scope(requests)
    return [key for key in asked_of(keys) if not _was_sent(connection, canonical(key), scope, requests)]


def names_of(connection: sqlite3.Connection, *, requests: bool) -> set[str]:
    """Return the keys of the newest events; empty when there is no event."""
    query = f"SELECT attributes FROM events WHERE {_scope(requests)} ORDER BY id DESC LIMIT {SAMPLE}"
    return {key for row in connection.execute(query) for key in json.loads(row[0])}


def _scope(requests: bool) -> str:
    return COUNTED if requests else "check_nonce IS NULL"


def _was_sent(connection: sqlite3.Connection, key: str, scope: str, requests: bool) -> bool:
    sql, parameters = expression(key)
    if connection.execute(f"SELECT 1 FROM events WHERE {scope} AND {sql} IS NOT NULL LIMIT 1", parameters).fetchone():
        return True
    if not requests or key not in LABELS:
        return False
    return any(json.loads(row[0]).get(LABELS[key]) is not None for row in connection.execute("SELECT DISTINCT labels FROM daily"))


def _near(key: str, names: list[str]) -> list[str]:
    """Return at most three names that look like *key*: spelled alike, or beginning with it, in whatever case."""
    folded = {name.casefold(): name for name in names}
    wanted = key.casefold()
    alike = [*difflib.get_close_matches(wanted, folded, n=3), *(name for name in folded if wanted and name.startswith(wanted))]
    return [folded[name] for name in dict.fromkeys(alike)][:3]
