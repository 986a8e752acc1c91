"""
The last requests of all, and when a session had its last one.

The problem it owns: who looks once a second must read a few rows, however many there are. Requests lie in the order of time, so
the last ones are at the end; where only some are asked for, it is looked back no further than a day.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.ledger.names import SESSION, Names
from cclaunch.store.ledger.request import BY_TABLE
from cclaunch.store.ledger.schema import DAY_NS, QUARTER_NS

KEYS = ("model", "vcs.repository.name", "cclaunch.profile")
LATEST = (
    'SELECT r.time_ns, s.name, r."set", r.micros, r.origin, ifnull(r.input, 0) + ifnull(r.output, 0) + ifnull(r.cache_read, 0)'
    " + ifnull(r.cache_5m, 0) + ifnull(r.cache_1h, 0) FROM requests r LEFT JOIN sessions s ON s.id = r.session"
    " WHERE r.time_ns >= ? AND r.time_ns < ?{only} ORDER BY r.time_ns DESC LIMIT ?"
)
SETS = 'SELECT DISTINCT "set" FROM quarters WHERE quarter >= ? AND quarter <= ?'
OF_SETS = ' AND r."set" IN (SELECT value FROM json_each(?))'
OF_SESSIONS = " AND ifnull(s.name, '') IN (SELECT value FROM json_each(?))"
LAST = (
    "SELECT max(r.time_ns) FROM requests r WHERE r.time_ns >= ? AND r.time_ns < ?"
    " AND r.session = (SELECT id FROM sessions WHERE name = ?)"
)


class Latest(NamedTuple):
    """
    One request.

    Attributes:
        time_ns: When it happened, in nanoseconds since the epoch.
        session: The id of its session, or None.
        model, repository, profile: None where nothing says.
        micros: What it cost, in micro-dollars; None where nothing says.
        estimated: Whether it is a table that says so.
        tokens: Of all kinds together.
    """

    time_ns: int
    session: str | None
    model: str | None
    repository: str | None
    profile: str | None
    micros: int | None
    estimated: bool
    tokens: int


def latest(connection: sqlite3.Connection, until: int, count: int, where: Where) -> list[Latest]:
    """Return the last *count* requests before *until* (ns) where *where* holds, the newest first; with one, those of a day."""
    only, values = _only(connection, until, where)
    since = until - DAY_NS if where else 0
    rows = connection.execute(LATEST.format(only=only), (since, until, *values, count)).fetchall()
    names = Names(connection, KEYS, {})
    names.learn({row[2] for row in rows}, ())
    return [_request(row, names) for row in rows]


def _only(connection: sqlite3.Connection, until: int, where: Where) -> tuple[str, list[str]]:
    """Return the condition that *where* makes of requests of the last day, and its parameters."""
    wanted: Mapping[str, Collection[str]] = {canonical(key): wanted_of(key, given) for key, given in where.items()}
    parts, values = "", list[str]()
    if SESSION in wanted:
        parts, values = OF_SESSIONS, [json.dumps(list(wanted[SESSION]))]
    if wanted.keys() - {SESSION}:
        sets = {row[0] for row in connection.execute(SETS, ((until - DAY_NS) // QUARTER_NS, until // QUARTER_NS))}
        names = Names(connection, [], wanted)
        names.learn(sets, ())
        parts += OF_SETS
        values.append(json.dumps([number for number in sets if names.of(number, 0) is not None]))
    return parts, values


def _request(row: tuple[Any, ...], names: Names) -> Latest:
    time_ns, session, number, micros, origin, tokens = row
    name = names.of(number, 0)
    said = names.values(name) if name is not None else (None,) * len(KEYS)
    model, repository, profile = (value if isinstance(value, str) else None for value in said)
    return Latest(time_ns, session, model, repository, profile, micros, origin == BY_TABLE, tokens)


def last_of(connection: sqlite3.Connection, session: str, about_ns: int) -> int | None:
    """Return the last request of *session* (ns) in the quarter of an hour that begins at *about_ns*; None without any there."""
    found: int | None = connection.execute(LAST, (about_ns, about_ns + QUARTER_NS, session)).fetchone()[0]
    return found
