"""
What it cost: money and tokens of ``api_request`` events, once per request, in integer micro-dollars.

Days whose rows are gone are read from the daily totals, which keep five labels. What they cannot tell is never left
out in silence: grouped by another key they are a row without it, and filtered by one they are named beside the answer.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch.store.filters import TOKENS, Where, canonical, conditions, decoded, expression, matches, wanted_of, within
from cclaunch.store.losses import lost_usd_micros
from cclaunch.store.retention import COUNTED
from cclaunch.store.schema import dump

SUMS = ("requests", "cost_usd_micros", *TOKENS)

LABELS = {
    "model": "model",
    "cclaunch.profile": "profile",
    "team": "team",
    "project": "project",
    "vcs.repository.name": "repository",
}
"""Attribute -> its name among the labels of a daily total."""

ONCE = f"id IN (SELECT min(id) FROM events WHERE {COUNTED} GROUP BY coalesce(request_id, hex(key)))"
"""Which rows are counted: the first that was stored of each request, before any filter, so that parts add up to the whole."""


class Usage(NamedTuple):
    """
    What was used.

    Attributes:
        since, until: Nanoseconds since the epoch, or None for an open end.
        by: What the rows are grouped by.
        rows: One dictionary a group: the keys of *by*, ``cost_usd`` (USD), ``requests`` and the four token counts.
        total: The same over everything, without the keys.
        lost_usd_micros: What the cost metric counted beyond the events: lost on the way. 0 when nothing was.
        unknown_usd_micros: What was spent on days that are kept as totals only and cannot say whether they match
            a filter; it is part of no row and not of the total.
    """

    since: int | None
    until: int | None
    by: list[str]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    lost_usd_micros: int
    unknown_usd_micros: int


class Group(NamedTuple):
    """The values of the keys, and the sums in the order of ``SUMS``."""

    values: tuple[Any, ...]
    sums: tuple[int, ...]


def usage(
    connection: sqlite3.Connection,
    since: int | None = None,
    until: int | None = None,
    by: Sequence[str] = ("day", "model"),
    where: Where | None = None,
) -> Usage:
    """Return what was used between *since* and *until* (ns) where *where* holds, grouped by *by*; None is a missing key."""
    where = where or {}
    found, unknown = groups(connection, since, until, by, where)
    return assembled(found, since, until, by, lost_usd_micros(connection, since, until, where), unknown)


def groups(
    connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Where
) -> tuple[list[Group], int]:
    """Return (groups, micro-dollars of old days that cannot be told); the same values may come in several groups."""
    folded, unknown = _folded(connection, since, until, by, where)
    return [*_raw(connection, since, until, by, where), *folded], unknown


def assembled(
    found: Iterable[Group], since: int | None, until: int | None, by: Sequence[str], lost_micros: int, unknown_micros: int
) -> Usage:
    """Return what *found* adds up to: one row for equal values, in order, and the total."""
    rows = merged(found)
    total = (0,) * len(SUMS)
    for group in rows:
        total = _added(total, group.sums)
    shown = [{**dict(zip(by, group.values, strict=True)), **_shown(group.sums)} for group in rows]
    return Usage(since, until, list(by), shown, _shown(total), lost_micros, unknown_micros)


def merged(found: Iterable[Group]) -> list[Group]:
    """Return *found* with one group for equal values, in the order in which they are shown."""
    together: dict[tuple[str, ...], Group] = {}
    for group in found:
        # The JSON text tells 1 from true and holds lists: what Python's equality and hash cannot do.
        key = tuple(dump(value) for value in group.values)
        before = together.get(key, Group(group.values, (0,) * len(SUMS)))
        together[key] = Group(group.values, _added(before.sums, group.sums))
    return sorted(together.values(), key=lambda group: [_rank(value) for value in group.values])


def identities(connection: sqlite3.Connection) -> Iterator[tuple[str | None, int, str | None, int | None]]:
    """Yield (request_id, time_ns, session_id, sequence) of every request whose row is still there."""
    yield from map(tuple, connection.execute(f"SELECT request_id, time_ns, session_id, sequence FROM events WHERE {COUNTED}"))


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(first + second for first, second in zip(one, other, strict=True))


def _rank(value: Any) -> tuple[int, float, str]:
    """Return how a value sorts: numbers by size, then texts and the rest, then what is missing."""
    if value is None:
        return 2, 0, ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, value, ""
    return 1, 0, value if isinstance(value, str) else dump(value)


def _shown(sums: Sequence[int]) -> dict[str, Any]:
    named = dict(zip(SUMS, sums, strict=True))
    micros = named.pop("cost_usd_micros")
    return {"cost_usd": micros / 1_000_000, **named}


def _raw(
    connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Where
) -> Iterator[Group]:
    """Yield the groups of the events that are still there."""
    found = [expression(key) for key in by]
    time, ends = within(since, until)
    condition, values = conditions(where)
    keys = "".join(f"{sql}, " for sql, _ in found)
    parameters = [value for _, several in found for value in several]
    grouping = f"GROUP BY {', '.join(str(number + 1) for number in range(len(by)))}" if by else ""
    query = (
        f"SELECT {keys} count(*), {', '.join(f'sum({name})' for name in SUMS[1:])} FROM events"
        f" WHERE {ONCE} AND {time} AND {condition} {grouping}"
    )
    for row in connection.execute(query, [*parameters, *ends, *values]):
        if row[len(by)]:
            shown = tuple(decoded(key, value) for key, value in zip(by, row, strict=False))
            yield Group(shown, tuple(int(value or 0) for value in tuple(row)[len(by) :]))


def _folded(
    connection: sqlite3.Connection, since: int | None, until: int | None, by: Sequence[str], where: Where
) -> tuple[list[Group], int]:
    """
    Return (groups, micro-dollars that cannot be told) of the days whose rows are gone.

    A day counts when it begins within the range. There are few of them: one for each day and set of labels.
    """
    time, ends = within(since, until)
    days = "SELECT *, unixepoch(day, 'utc') * 1000000000 AS time_ns FROM daily"
    query = f"SELECT day, labels, {', '.join(SUMS)} FROM ({days}) WHERE {time}"
    known = {key: wanted_of(key, given) for key, given in where.items() if _is_kept(key)}
    found, unknown = [], 0
    for day, labels, *sums in connection.execute(query, ends):
        values = {"day": day, **json.loads(labels)}
        if not all(matches(_label(values, key), wanted) for key, wanted in known.items()):
            continue
        if len(known) < len(where):
            unknown += sums[SUMS.index("cost_usd_micros")]
        else:
            found.append(Group(tuple(_label(values, key) for key in by), tuple(sums)))
    return found, unknown


def _is_kept(key: str) -> bool:
    return key == "day" or canonical(key) in LABELS


def _label(values: Mapping[str, Any], key: str) -> Any:
    return values["day"] if key == "day" else values.get(LABELS.get(canonical(key), ""))


def unkept(where: Where) -> list[str]:
    """Return the keys of *where* that the totals of old days do not keep."""
    return [key for key in where if not _is_kept(key)]
