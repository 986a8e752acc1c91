"""
What it cost: the values of an answer, money in integer micro-dollars and tokens, however they were found.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
SUMS = ("requests", "cost_usd_micros", *TOKENS)


class Usage(NamedTuple):
    """
    What was used.

    Attributes:
        since, until: Nanoseconds since the epoch, or None for an open end.
        by: What the rows are grouped by.
        rows: One dictionary a group: the keys of *by*, ``cost_usd`` (USD), ``requests`` and the four token counts.
        total: The same over everything, without the keys.
        lost_usd_micros: What the cost metric counted beyond the events: lost on the way. 0 when nothing was.
    """

    since: int | None
    until: int | None
    by: list[str]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    lost_usd_micros: int


class Group(NamedTuple):
    """
    Requests that have the same values of some keys.

    Attributes:
        values: Those of the keys.
        sums: In the order of ``SUMS``.
        last_ns: About when the last request was: its quarter of an hour.
        estimated: Micro-dollars among the sums that a table of prices says.
        unpriced: Requests with tokens that nothing has a price for.
    """

    values: tuple[Any, ...]
    sums: tuple[int, ...]
    last_ns: int = 0
    estimated: int = 0
    unpriced: int = 0


def folded(found: Iterable[Group], at: Sequence[int]) -> list[Group]:
    """Return *found* with the values at these places only: groups that have them alike are one."""
    alike: dict[str, list[Group]] = {}
    for group in found:
        alike.setdefault(repr([group.values[place] for place in at]), []).append(group)
    return [
        Group(
            tuple([many[0].values[place] for place in at]),
            tuple(map(sum, zip(*(one.sums for one in many), strict=True))),
            max(one.last_ns for one in many),
            sum(one.estimated for one in many),
            sum(one.unpriced for one in many),
        )
        for many in alike.values()
    ]


def assembled(found: Iterable[Group], since: int | None, until: int | None, by: Sequence[str], lost_micros: int) -> Usage:
    """Return *found*, one group for equal values, as rows in order, with the total."""
    rows = sorted(found, key=lambda group: [rank(value) for value in group.values])
    total = [sum(column) for column in zip(*(group.sums for group in rows), strict=True)] or (0,) * len(SUMS)
    shown = [{**dict(zip(by, group.values, strict=True)), **_shown(group.sums)} for group in rows]
    return Usage(since, until, list(by), shown, _shown(total), lost_micros)


def rank(value: Any) -> tuple[int, float, str, str]:
    """Return how a value sorts: numbers by size, then texts and the rest, then what is missing. No two values sort alike."""
    if value is None:
        return 2, 0, "", ""
    kind = type(value).__name__  # 1 is not 1.0, and a text is not what is written like it
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, value, "", kind
    return 1, 0, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), kind


def _shown(sums: Sequence[int]) -> dict[str, Any]:
    named = dict(zip(SUMS, sums, strict=True))
    micros = named.pop("cost_usd_micros")
    return {"cost_usd": micros / 1_000_000, **named}
