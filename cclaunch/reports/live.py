"""
What happens now: today, dollars per hour, the sessions that live with what each cost, the last requests.

The problem it owns: it is asked again and again beside people's work, so each of its questions reads a few rows only; and a
session that is quiet, but whose claude still runs, is live as well.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from cclaunch.reports.calendar import since_day, today_of
from cclaunch.reports.figures import NOTHING, Figures, figures_of, together
from cclaunch.reports.sessions import KEYS, Session, sessions
from cclaunch.store.ledger.latest import Latest
from cclaunch.store.spending import Group

MINUTES = 10
RECENT_NS = MINUTES * 60 * 1_000_000_000
"""A session is live for so long after its last request; and of that time is what an hour costs now."""

SESSION = "session.id"
Where = Mapping[str, Collection[str]]


class Asked(Protocol):
    """The ledger, open for the questions of one answer (`store.usage.Ledger`)."""

    extent: tuple[int, int] | None

    def groups(self, since: int | None, until: int | None, by: Sequence[str], where: Where) -> Sequence[Group]:
        """Return what was used between two moments (ns), one group for equal values of *by*."""

    def latest(self, until: int, count: int, where: Where) -> list[Latest]:
        """Return the last requests, the newest first."""

    def last_of(self, session: str, about_ns: int) -> int | None:
        """Return the last request of a session (ns) in a quarter of an hour."""


class Live(NamedTuple):
    """
    What happens.

    Attributes:
        now_ns: The moment that it is of, in nanoseconds since the epoch.
        today: What was used today.
        recent: What was used in the last MINUTES.
        sessions: Those that live, the dearest first; the first of a session's models is what it uses now.
        requests: The last ones, the newest first.
        empty: Whether nothing was ever recorded.
    """

    now_ns: int
    today: Figures
    recent: Figures
    sessions: list[Session]
    requests: list[Latest]
    empty: bool = False

    @property
    def hourly_micros(self) -> int:
        """Return what an hour costs at the pace of the last MINUTES, in micro-dollars."""
        return self.recent.micros * 60 // MINUTES


def live(ledger: Asked, now_ns: int, where: Where, running: Collection[str], count: int) -> Live:
    """
    Return what happens now.

    Args:
        ledger: Is asked.
        now_ns: The present.
        where: Key -> the values of which what is counted must have one.
        running: The sessions whose process lives, whether they say anything or not.
        count: So many of the last requests.
    """
    if ledger.extent is None:
        return Live(now_ns, NOTHING, NOTHING, [], [], empty=True)
    until = now_ns + 1
    today = together(map(figures_of, ledger.groups(*since_day(today_of(now_ns), now_ns), [], where)))
    groups = ledger.groups(now_ns - RECENT_NS, until, [SESSION, "model"], where)
    using: dict[str, dict[str | None, int]] = defaultdict(dict)
    for group in groups:
        session, model = group.values
        if isinstance(session, str):
            using[session][model] = group.sums[1]
    found = _sessions(ledger, now_ns, where, {*using, *running})
    recent = together(map(figures_of, groups))
    return Live(now_ns, today, recent, [_using(one, using) for one in found], ledger.latest(until, count, where))


def _sessions(ledger: Asked, now_ns: int, where: Where, names: Collection[str]) -> list[Session]:
    """Return the sessions called *names*, with all that each of them cost, the dearest first."""
    asked = [name for name in sorted(names) if SESSION not in where or name in where[SESSION]]
    if not asked:
        return []
    groups = ledger.groups(None, now_ns + 1, KEYS, {**where, SESSION: asked})
    about: dict[str, int] = {}
    for group in groups:
        about[group.values[0]] = max(group.last_ns, about.get(group.values[0], 0))
    last = {name: ledger.last_of(name, quarter) or quarter for name, quarter in about.items()}
    return sessions(groups, {name: (time_ns, time_ns) for name, time_ns in last.items()}, "cost")


def _using(one: Session, using: Mapping[str, Mapping[str | None, int]]) -> Session:
    """Return the session with the model first that most of its money goes to now."""
    now = {model: micros for model, micros in using.get(one.name or "", {}).items() if model}
    if not now:
        return one
    first = max(now, key=lambda model: (now[model], model))
    return one._replace(models=[first, *(model for model in one.models if model != first)])
