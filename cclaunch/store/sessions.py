"""
Which sessions there are: those of the ledger, and those that only have events so far, here or at VictoriaLogs.

The problem it owns: a person types the beginning of an id, and it has to be found in an index, not among all rows. A place that
cannot be read names no session: whoever asks it for the rows says what is wrong.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from sqlite3 import Connection
from typing import Any, NamedTuple

from cclaunch.errors import StoreError
from cclaunch.store import reader
from cclaunch.store.ledger import opening
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.places import Places

FROM_LEDGER = "SELECT name FROM sessions WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
FROM_EVENTS = "SELECT DISTINCT session_id FROM events WHERE session_id >= ? AND session_id < ? ORDER BY session_id LIMIT ?"

REPOSITORY = '$."vcs.repository.name"'
LEDGER_KNOWS = f"""
SELECT s.name, (
    SELECT min(time_ns) FROM requests
    WHERE session = q.session AND time_ns >= q.first * {QUARTER_NS} AND time_ns < (q.first + 1) * {QUARTER_NS}
), t.attributes ->> ?1
FROM (SELECT session, min(quarter) AS first, "set" FROM quarters GROUP BY session) q
JOIN sessions s ON s.id = q.session JOIN sets t ON t.id = q."set" WHERE s.name IN ({{marks}})"""
"""A session's first request lies in its first quarter of an hour, and there are few of those: no row is read in vain."""

EVENTS_KNOW = """
SELECT e.session_id, min(e.time_ns), coalesce(e.attributes ->> ?1, c.attributes ->> ?1)
FROM events e LEFT JOIN shared c ON c.key = e.shared WHERE e.session_id IN ({marks}) GROUP BY e.session_id"""


class Known(NamedTuple):
    """A session by its *name*: when it began (ns since the epoch), and its *repository*; None where that is not known."""

    name: str
    first_ns: int | None
    repository: str | None


def beginning_with(places: Places, beginning: str, most: int) -> list[str]:
    """Return at most *most* sessions whose id begins with *beginning*, in order; an exact one comes first."""
    if not beginning:
        return []
    ends = beginning, _after(beginning), most
    found = {row[0] for row in _rows(places, FROM_LEDGER, FROM_EVENTS, ends)}
    if places.vlogs:
        from cclaunch.store.vlogs import sessions as vlogs  # it speaks HTTP

        found.update(_told(partial(vlogs.beginning_with, places.vlogs, beginning, most)))
    return sorted(found)[:most]


def known_of(places: Places, names: Sequence[str]) -> list[Known]:
    """Return what is known of the sessions called *names*, those that began last first."""
    marks = ", ".join(f"?{number + 2}" for number in range(len(names)))
    rows: list[Any] = list(_rows(places, LEDGER_KNOWS.format(marks=marks), EVENTS_KNOW.format(marks=marks), (REPOSITORY, *names)))
    if places.vlogs:
        from cclaunch.store.vlogs import sessions as vlogs

        rows += _told(partial(vlogs.known_of, places.vlogs, names))
    found = {name: Known(name, None, None) for name in names}
    for name, first_ns, repository in rows:
        before = found[name]
        first = min(time for time in (before.first_ns, first_ns) if time is not None)
        found[name] = Known(name, first, before.repository or repository)
    return sorted(found.values(), key=lambda one: (-(one.first_ns or 0), one.name))


def _rows(places: Places, of_ledger: str, of_events: str, values: Sequence[Any]) -> Iterator[Any]:
    """Yield what the ledger and the events answer."""
    asked: tuple[tuple[str, Callable[[str], AbstractContextManager[Connection]], str], ...] = (
        (places.ledger, opening.reading, of_ledger),
        (places.database, reader.reading, of_events),
    )
    for path, opened, query in asked:
        if os.path.exists(path):
            yield from _told(partial(_all, opened, path, query, values))


def _all(opened: Callable[[str], AbstractContextManager[Connection]], path: str, query: str, values: Sequence[Any]) -> list[Any]:
    with opened(path) as connection:
        return connection.execute(query, values).fetchall()


def _told(ask: Callable[[], list[Any]]) -> list[Any]:
    try:
        return ask()
    except StoreError:
        return []


def _after(beginning: str) -> str:
    """Return the first text that sorts behind all that begin with *beginning*."""
    return beginning + "\U0010ffff"
