"""
What is asked of `usage`: the keys, the time, the order; what is refused (see `reports/keys`) is refused as click does.

The problem it owns: a time that nobody gave is told.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from cclaunch.commands.shared.filters import refusing
from cclaunch.reports import keys

if TYPE_CHECKING:
    from cclaunch.hot.paths import Paths

DAYS = 14
"""Days that rows by time and sessions are of, today among them, unless something else is asked for."""

LISTS = frozenset(("hour", "day", "session.id"))
"""Keys whose rows have no end."""


class Asked(NamedTuple):
    """
    A question.

    Attributes:
        by: The keys to group by, as they were written.
        where: Key -> the values of which it must have one.
        since, until: Nanoseconds since the epoch, or None for an open end.
        sort, top: The order, and how many values of the first key; None: as it comes, and all.
        week_start: The number of the weekday on which weeks begin.
        only_recent: Whether it was us who set *since*.
    """

    by: list[str]
    where: dict[str, list[str]]
    since: int | None
    until: int | None
    sort: str | None
    top: int | None
    week_start: int
    only_recent: bool


def keys_of(ctx: click.Context, by: Sequence[str]) -> list[str]:
    """Return the keys to group by: repeated or joined by commas, each once."""
    with refusing(ctx):
        return keys.keys_of(by)


def recent(asked: Iterable[str], now_ns: int) -> int | None:
    """Return when the last days begin (ns), where rows by time or sessions are asked for, else None."""
    from cclaunch.store.filters import canonical

    if not any(canonical(key) in LISTS for key in asked):
        return None
    from cclaunch.reports.calendar import last_days

    return last_days(DAYS, now_ns).since


def refuse_per_request(ctx: click.Context, asked: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError for a (option, key) of each request alone, or of who it was: no total is kept of it."""
    with refusing(ctx):
        keys.refuse_per_request(asked)


def refuse_unknown(ctx: click.Context, asked: Iterable[str], sent: Callable[[], Collection[str]], paths: "Paths") -> None:
    """Raise a usage error for a key that is neither built in, nor in any profile, nor was ever sent, with those like it."""

    def set_up() -> set[str]:
        from cclaunch.profiles.disk import attribute_names

        return attribute_names(paths)

    with refusing(ctx):
        keys.refuse_unknown(asked, sent, set_up)
