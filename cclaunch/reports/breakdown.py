"""
What was used, divided by one key or several: rows in an order, the first of them, and subtotals.

The problem it owns: what is left out is told, and what is shown adds up.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cclaunch.reports.figures import NOTHING, Figures, figures_of, together
from cclaunch.store.ledger.periods import WEEKDAYS
from cclaunch.store.spending import Group, rank

SORTS: dict[str, Callable[[Figures], int]] = {
    "cost": lambda figures: figures.micros,
    "requests": lambda figures: figures.requests,
    "tokens": lambda figures: figures.tokens,
}
"""Word of ``--sort`` -> by what, the most first; ``time`` is not of the figures."""

SESSION = "session.id"
TIMES = frozenset(("hour", "day", "week", "month", "weekday"))
"""Keys whose values have an order of their own."""


class Row(NamedTuple):
    """The *values* of the keys, the *figures*, and *last_ns*: about when the last of these requests was."""

    values: tuple[Any, ...]
    figures: Figures
    last_ns: int


class Breakdown(NamedTuple):
    """
    Attributes:
        keys: What the rows are divided by.
        rows: The rows, in order; those with the same first value are neighbours.
        subtotals: First value -> figures of its rows, also those that are not shown; empty with one key.
        hidden: How many rows there are beyond *rows*, and *rest*, what they used.
        total: All of it.
    """

    keys: tuple[str, ...]
    rows: list[Row]
    subtotals: dict[str, Figures]
    hidden: int
    rest: Figures
    total: Figures


def breakdown(
    groups: Iterable[Group], keys: Sequence[str], sort: str | None = None, top: int | None = None, week_start: int = 0
) -> Breakdown:
    """
    Return *groups* in order.

    Args:
        groups: One for equal values of *keys*.
        sort: A key of ``SORTS``, or ``time``; None: time for keys of time, newest first for sessions, else cost.
        top: At most so many values of the first key: of times and sessions the newest, else those that come first.
        week_start: The weekday that comes first, 0 for Monday.
    """
    rows = [Row(group.values, figures_of(group), group.last_ns) for group in groups]
    by_first: dict[str, list[Row]] = {}
    for row in rows:
        by_first.setdefault(_mark(row.values[:1]), []).append(row)
    parts = sorted(by_first.values(), key=_order(keys[0] if keys else "", sort, week_start))
    key = keys[0] if keys else ""
    shown, hidden = _cut(parts, top, newest=_is_timed(key, sort), dearest=key == "weekday" and sort is None)
    return Breakdown(
        tuple(keys),
        [row for part in shown for row in sorted(part, key=_within(keys, sort, week_start))],
        {_mark(part[0].values[:1]): _sum(part) for part in parts} if len(keys) > 1 else {},
        sum(map(len, hidden)),
        together(map(_sum, hidden)),
        together(map(_sum, parts)) if parts else NOTHING,
    )


def subtotal(found: Breakdown, value: Any) -> Figures:
    """Return what all rows with the first *value* used."""
    return found.subtotals[_mark((value,))]


def _mark(values: tuple[Any, ...]) -> str:
    """Return a text that is the same for equal values only: 1 is not true, and lists have no hash."""
    return repr(values)


def _sum(part: Iterable[Row]) -> Figures:
    return together(row.figures for row in part)


def _is_timed(key: str, sort: str | None) -> bool:
    return sort in (None, "time") and key in TIMES - {"weekday"}


def _order(key: str, sort: str | None, week_start: int) -> Callable[[Sequence[Row]], Any]:
    """Return how parts with the same value of *key* sort."""
    if key == "weekday" and sort in (None, "time"):
        return lambda part: (WEEKDAYS.index(part[0].values[0]) - week_start) % 7
    if _is_timed(key, sort):
        return lambda part: part[0].values[0]
    if sort == "time" or (sort is None and key == SESSION):
        return lambda part: (-max(row.last_ns for row in part), _name(part))
    measure = SORTS[sort or "cost"]

    def by_measure(part: Sequence[Row]) -> Any:
        figures = _sum(part)
        return -measure(figures), -figures.tokens, _name(part)

    return by_measure


def _name(part: Sequence[Row]) -> Any:
    """Return how the first value of *part* sorts: it decides where nothing else does, so that equal answers have one order."""
    return rank(part[0].values[0]) if part[0].values else ()


def _within(keys: Sequence[str], sort: str | None, week_start: int) -> Callable[[Row], Any]:
    """Return how rows with the same first value sort among each other."""
    order = _order(keys[1] if len(keys) > 1 else "", sort, week_start)
    return lambda row: (order([row._replace(values=row.values[1:])]), [rank(value) for value in row.values[2:]])


def _cut(parts: list[list[Row]], top: int | None, *, newest: bool, dearest: bool) -> tuple[list[list[Row]], list[list[Row]]]:
    """Return (parts that are shown, parts that are not), both in order: the *newest*, the *dearest* or the first *top*."""
    if top is None or len(parts) <= top:
        return parts, []
    if dearest:
        kept = {id(part) for part in sorted(parts, key=lambda part: -_sum(part).micros)[:top]}
        return [part for part in parts if id(part) in kept], [part for part in parts if id(part) not in kept]
    return (parts[len(parts) - top :], parts[: len(parts) - top]) if newest else (parts[:top], parts[top:])
