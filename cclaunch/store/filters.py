"""
Keys and conditions: what ``--by team`` and ``--where team=core`` mean in SQL, and in Python where SQL cannot say it.

A key is any text that an exporter sent, and it stays a parameter. Attributes are stored as compact JSON, so a value is
compared as the JSON text that it has there: ``true``, ``5``, ``["a"]`` and ``"a"`` match as they are printed, to the
last digit. A key that is no plain member of a JSON path (a quote, a backslash) is looked up by a function of ours.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from cclaunch import otel
from cclaunch.store.schema import dump
from cclaunch.store.spending import TOKENS

Where = Mapping[str, str | Collection[str]]
"""Key -> the value it must have, or several of which it must have one. An empty value: without the key, or empty."""

DAY = "date(time_ns / 1000000000, 'unixepoch', 'localtime')"

EVENTS = "(SELECT e.*, c.attributes AS common FROM events e LEFT JOIN shared c ON c.key = e.shared)"
"""Events, with what they share beside their own attributes: what the conditions here are about."""

ALIASES = {
    "branch": "vcs.ref.head.name",
    "profile": "cclaunch.profile",
    "repository": "vcs.repository.name",
    "session": "session.id",
    "agent": "agent.name",
    "skill": "skill.name",
    "mcp": "mcp_server.name",
}
"""Word -> the attribute that it stands for."""

COLUMNS = {
    "day": DAY,
    "model": "model",
    "cclaunch.profile": "profile",
    "session.id": "session_id",
    "service.name": "service",
    "request_id": "request_id",
    "prompt.id": "prompt_id",
    "event.name": "name",
}
"""What has a column of its own, or is worked out from one: texts, NULL where the attribute is missing or empty."""

NUMBERS = ("duration_ms", "cost_usd_micros", *TOKENS)
"""Attributes whose column holds the number even when it was sent as text; it is the number that is shown."""

FUNCTION = "attribute"
Sql = tuple[str, list[Any]]
"""An expression, and its parameters in their order."""


def register(connection: sqlite3.Connection) -> None:
    """Give *connection* the function that looks up what a JSON path cannot name."""
    connection.create_function(FUNCTION, 3, _odd_attribute, deterministic=True)


@lru_cache(2)
def _parsed(attributes: str) -> Mapping[str, Any]:
    """Return the attributes of a row; several keys of one row are asked one after the other."""
    found: Mapping[str, Any] = json.loads(attributes)
    return found


def _odd_attribute(attributes: str, common: str | None, key: str) -> str | None:
    own = _parsed(attributes)
    value = own[key] if key in own else _parsed(common).get(key) if common else None
    return None if value is None else dump(value)


def canonical(key: str) -> str:
    """Return the attribute that *key* stands for."""
    return ALIASES.get(key, key)


def expression(key: str) -> Sql:
    """Return what *key* is in a row of ``events``; ``decoded`` turns its result into the value. NULL where it is missing."""
    key = canonical(key)
    if key in COLUMNS:
        return COLUMNS[key], []
    sql, parameters = _attribute(key)
    if key in NUMBERS:
        return f"CASE WHEN {key} IS NULL OR {sql} IS NULL THEN {sql} ELSE {key} END", [*parameters, *parameters]
    return sql, parameters


def _is_odd(key: str) -> bool:
    """Say whether *key* is no plain member of a JSON path."""
    return any(character in '"\\' or character < " " for character in key)


def member(column: str, key: str) -> Sql:
    """Return the JSON text of what *key* is in the JSON object of *column*; NULL where it is missing."""
    if _is_odd(key):
        return f"{FUNCTION}({column}, NULL, ?)", [key]
    return f"nullif({column} -> ?, 'null')", [f'$."{key}"']


def _attribute(key: str) -> Sql:
    """Return the JSON text of an attribute."""
    if _is_odd(key):
        return f"{FUNCTION}(attributes, common, ?)", [key]
    return "nullif(coalesce(attributes -> ?, common -> ?), 'null')", [f'$."{key}"'] * 2


def decoded(key: str, value: Any) -> Any:
    """Return the value that the result of ``expression(key)`` stands for."""
    return json.loads(value) if isinstance(value, str) and canonical(key) not in COLUMNS else value


def printed(value: Any) -> str:
    """Return a value as it is shown: a text as it is, anything else as compact JSON, nothing as an empty text."""
    return "" if value is None else value if isinstance(value, str) else dump(value)


def matches(value: Any, wanted: Collection[str]) -> bool:
    """Say whether *value* is one of those that are *wanted*."""
    return printed(value) in wanted


def _model(value: str) -> str:
    from cclaunch.store.rows import model_name  # all kinds of rows come with it

    return model_name(value) or value


def wanted_of(key: str, given: str | Collection[str]) -> list[str]:
    """Return the values that are wanted of *key*, each as the store spells it."""
    spell: Callable[[str], str] = {
        "model": _model,
        "event.name": lambda value: value.removeprefix(otel.EVENT_PREFIX),
    }.get(canonical(key), str)
    return [spell(value) for value in ([given] if isinstance(given, str) else given)]


def within(since: int | None, until: int | None) -> Sql:
    """Return the condition of a time range of events, since <= time < until in ns; None is an open end."""
    ends = [("time_ns >= ?", since), ("time_ns < ?", until)]
    return " AND ".join(["TRUE", *(sql for sql, end in ends if end is not None)]), [end for _, end in ends if end is not None]


def conditions(where: Where) -> Sql:
    """Return the condition that a row of ``events`` has to meet: every key of *where*, and one of the values of each."""
    parts, parameters = ["TRUE"], list[Any]()
    for key, given in where.items():
        sql, values = _condition(canonical(key), wanted_of(key, given))
        parts.append(f"({sql})")
        parameters += values
    return " AND ".join(parts), parameters


def _condition(key: str, wanted: list[str]) -> Sql:
    if key in COLUMNS:
        sql, parameters = COLUMNS[key], list[Any]()
        texts: list[Any] = list(wanted)
    else:
        sql, parameters = _attribute(key)
        texts = [text for value in wanted for text in json_texts(value)]
    found = f"{sql} IN ({', '.join('?' * len(texts))})"
    values = [*parameters, *texts]
    if key in NUMBERS:
        numbers = [number for value in wanted if (number := _number(value)) is not None]
        found = f"{key} IS NULL AND {found} OR {sql} IS NOT NULL AND {key} IN ({', '.join('?' * len(numbers))})"
        values += [*parameters, *numbers]
    if "" in wanted:
        found += f" OR {sql} IS NULL"
        values += parameters
    return found, values


def json_texts(value: str) -> list[str]:
    """Return the JSON texts that are shown as *value*: a text, and what is none when it is spelled as we spell it."""
    other = _no_text(value)
    return [dump(value), *([value] if other is not None else [])]


def _no_text(value: str) -> Any:
    """Return the number, boolean, array or object that is shown as *value*, or None."""
    try:
        found = json.loads(value)
        return found if not isinstance(found, str) and dump(found) == value else None
    except (ValueError, RecursionError):
        return None


def _number(value: str) -> int | float | None:
    """Return the number that is shown as *value* and that a column can hold, or None."""
    found = _no_text(value)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or abs(found) >= 1 << 63:
        return None
    return None if isinstance(found, float) and found.is_integer() else found
