"""Sessions, the newest first: when, how long, where, with what, and what each cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch.reports.breakdown import SORTS
from cclaunch.reports.figures import Figures, figures_of, together
from cclaunch.store.spending import Group

KEYS = ("session.id", "vcs.repository.name", "vcs.ref.head.name", "cclaunch.profile", "model")
"""What is asked of the ledger: by session, and what is said of each."""


class Session(NamedTuple):
    """
    One session.

    Attributes:
        name: Its id; None for all requests that name none.
        first_ns, last_ns: Its first and last request, in nanoseconds since the epoch.
        repository, branch, profile: Where most of its money went; None where nothing says so.
        models: Those that answered, the dearest first.
    """

    name: str | None
    first_ns: int
    last_ns: int
    repository: str | None
    branch: str | None
    profile: str | None
    models: list[str]
    figures: Figures


def sessions(groups: Iterable[Group], times: Mapping[str | None, tuple[int, int]], sort: str | None = None) -> list[Session]:
    """
    Return the sessions, the newest first unless something else is asked for.

    Args:
        groups: One for equal values of ``KEYS``.
        times: Session -> its first and its last request (ns).
        sort: A key of ``SORTS``: those with most first.
    """
    parts: dict[str | None, list[Group]] = defaultdict(list)
    for group in groups:
        parts[group.values[0]].append(group)
    found = [_session(name, part, times[name]) for name, part in parts.items() if name in times]
    newest_first = sorted(found, key=lambda one: (-one.last_ns, one.name or ""))
    return sorted(newest_first, key=lambda one: -SORTS[sort](one.figures)) if sort in SORTS else newest_first


def _session(name: str | None, part: Sequence[Group], times: tuple[int, int]) -> Session:
    first, last = times
    repository, branch, profile = (next(iter(_by_cost(part, at)), None) for at in (1, 2, 3))
    figures = together(map(figures_of, part))
    return Session(name, first, last, repository, branch, profile, _by_cost(part, 4), figures)


def _by_cost(part: Sequence[Group], at: int) -> list[Any]:
    """Return the values of a key that are there, the dearest first."""
    costs: dict[Any, int] = defaultdict(int)
    for group in part:
        if isinstance(group.values[at], str):
            costs[group.values[at]] += group.sums[1]
    return sorted(costs, key=lambda value: (-costs[value], value))
