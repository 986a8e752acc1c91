"""
Keys that nobody ever sent, and what was probably meant: a misspelt ``--by taem`` answers with nothing but empty rows.

Asked only after the answer: a key that was sent is found in the first rows, so the question is cheap where all is well.
"""

import difflib
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from cclaunch.store.filters import ALIASES, COLUMNS, EVENTS, canonical, expression

SAMPLE = 1000
"""The newest events, whose keys are offered."""

ALWAYS = frozenset(COLUMNS) - {"cclaunch.profile"}
"""What every event has, or may lack without a mistake."""


def guesses(missing: Iterable[str], names: Collection[str]) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, out of *names* and the words that stand for some; nothing where nothing was sent."""
    offered = sorted({*names, *ALIASES, "day"})
    return {key: _near(key, offered) for key in missing} if names else {}


def asked_of(keys: Iterable[str]) -> list[str]:
    """Return those of *keys* of which it must be asked whether anybody ever sent them."""
    return [key for key in keys if canonical(key) not in ALWAYS]


def missing_of(connection: sqlite3.Connection, keys: Iterable[str]) -> list[str]:
    """Return those of *keys* that no event of our own database ever had."""
    return [key for key in asked_of(keys) if not _was_sent(connection, canonical(key))]


def names_of(connection: sqlite3.Connection) -> set[str]:
    """Return the keys of the newest events; empty when there is no event."""
    query = f"SELECT attributes, common FROM {EVENTS} WHERE check_nonce IS NULL ORDER BY id DESC LIMIT {SAMPLE}"
    return {key for row in connection.execute(query) for text in row if text for key in json.loads(text)}


def _was_sent(connection: sqlite3.Connection, key: str) -> bool:
    sql, parameters = expression(key)
    query = f"SELECT 1 FROM {EVENTS} WHERE check_nonce IS NULL AND {sql} IS NOT NULL LIMIT 1"
    return connection.execute(query, parameters).fetchone() is not None


def _near(key: str, names: list[str]) -> list[str]:
    """Return at most three names that look like *key*: spelled alike, or beginning with it, in whatever case."""
    folded = {name.casefold(): name for name in names}
    wanted = key.casefold()
    alike = [*difflib.get_close_matches(wanted, folded, n=3), *(name for name in folded if wanted and name.startswith(wanted))]
    return [folded[name] for name in dict.fromkeys(alike)][:3]
