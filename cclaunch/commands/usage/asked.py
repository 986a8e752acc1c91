"""
What is asked: the keys, the time, the order; what was meant where little is said, and what is refused.

The problem it owns: an answer to another question than the person's is worse than none. An unknown key is named with those that
are like it, and a time that nobody gave is told.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from cclaunch.commands.shared.filters import advice, shown

if TYPE_CHECKING:
    from cclaunch.hot.paths import Paths

DEFAULT_BY = ("day", "model")
MOST_KEYS = 20
WELL_KNOWN = frozenset("hour day week month weekday model profile team project repository branch pr session session.id".split())
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


def only_sessions(keys: Sequence[str]) -> bool:
    """Say whether sessions are asked for, and nothing beside them."""
    from cclaunch.store.filters import canonical

    return [canonical(key) for key in keys] == ["session.id"]


def keys_of(ctx: click.Context, by: Sequence[str]) -> list[str]:
    """Return the keys to group by: repeated or joined by commas, each once."""
    words = [word.strip() for given in by for word in given.split(",")]
    keys = list(dict.fromkeys(word for word in words if word))
    if not keys and by:
        raise click.UsageError("--by: it is empty; say what to group by", ctx)
    if not keys:
        return list(DEFAULT_BY)
    from cclaunch.commands.usage.sheet import DOUBTS, MEASURES  # the first screen has no rows

    if taken := sorted(set(keys) & {field.name for field in (*MEASURES, *DOUBTS)}):
        raise click.UsageError(f"--by {taken[0]}: that is what is counted, nothing to group by", ctx)
    if len(keys) > MOST_KEYS:
        raise click.UsageError(f"--by: {len(keys)} keys are too many, at most {MOST_KEYS} make a table", ctx)
    return keys


def recent(keys: Iterable[str], now_ns: int) -> int | None:
    """Return when the last days begin (ns), where rows by time or sessions are asked for, else None."""
    from cclaunch.store.filters import canonical

    if not any(canonical(key) in LISTS for key in keys):
        return None
    from cclaunch.reports.calendar import last_days

    return last_days(DAYS, now_ns).since


def refuse_per_request(asked: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError for a (option, key) of each request alone, or of who it was: no total is kept of it."""
    asked = [(option, key) for option, key in asked if key not in WELL_KNOWN]
    if not asked:
        return
    from cclaunch.store.filters import canonical
    from cclaunch.store.ledger.attribute_sets import is_kept

    for option, key in asked:
        if not is_kept(canonical(key)):
            raise click.UsageError(
                f"{option} {key}: money is not kept by that, for it differs from request to request or says who it was;"
                f" `cclaunch events --where {key}=VALUE` looks at events"
            )


def refuse_unknown(ctx: click.Context, asked: Iterable[str], sent: Callable[[], Collection[str]], paths: "Paths") -> None:
    """Raise a usage error for a key that is neither built in, nor in any profile, nor was ever sent, with those like it."""
    from cclaunch.store.filters import canonical

    built_in = _built_in()
    unknown = [key for key in asked if canonical(key) not in built_in]
    if not unknown:
        return
    known = {*sent(), *built_in}
    from cclaunch.store.keys import guesses  # only where something may be misspelt

    known |= _of_profiles(paths)
    for key, near in guesses([key for key in unknown if key not in known], known).items():
        raise click.UsageError(f"no request ever had `{shown(key)}`{advice(near)}", ctx)


def _built_in() -> set[str]:
    """Return the keys that mean something before anything was recorded."""
    from cclaunch.store.filters import ALIASES
    from cclaunch.store.ledger.periods import LABELS
    from cclaunch.store.shared import REPEATED

    return {*LABELS, *ALIASES.values(), *REPEATED, "team", "project", "pr", "service.name"}


def _of_profiles(paths: "Paths") -> set[str]:
    """Return every attribute that a profile of the person's has; one that cannot be read has none."""
    from cclaunch.errors import CclaunchError
    from cclaunch.profiles.disk import load_profile, profile_names

    found: set[str] = set()
    for name in profile_names(paths):
        with contextlib.suppress(CclaunchError):
            found.update(load_profile(paths, name).attributes)
    return found
