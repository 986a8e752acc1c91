"""
How much of what was asked of a model was captured: seen by both witnesses, by one, and why not by the other.

The problem it owns: a total is worth what is known of its holes. So what only one of the two has seen is told apart, where it can
be: what no transcript ever holds, what was before the first event, and what telemetry has missed.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from cclaunch.store.ledger.reading import Times
from cclaunch.store.ledger.vouched import OfSession, Vouched
from cclaunch.store.ledger.witnesses import Counted as Told
from cclaunch.store.ledger.witnesses import WhoSaw, Why


class Reason(StrEnum):
    """Why telemetry has not told of a request that a transcript tells of; programs read the names, in lower case."""

    INTERRUPTED = "interrupted before its answer was whole"
    NO_TELEMETRY = "no event of its session: a bare claude, telemetry switched off, or killed before it could send"
    EARLIER = "before the first event of its session: telemetry was not on yet"
    KILLED = "after the last event of its session: killed, or gone on without telemetry"
    BETWEEN = "between events of its session: gone on without telemetry for a while, or the collector was away"
    LOST = "lost on the way: claude's own metric counts it, and the collector was away"

    @property
    def brief(self) -> str:
        """Return it in two or three words."""
        return BRIEF[self]


BRIEF = {
    Reason.INTERRUPTED: "interrupted",
    Reason.NO_TELEMETRY: "no event",
    Reason.EARLIER: "before its events",
    Reason.KILLED: "after its events",
    Reason.BETWEEN: "between its events",
    Reason.LOST: "lost on the way",
}


class Counted(NamedTuple):
    """
    How many requests were seen by whom.

    Attributes:
        both: By telemetry and by a transcript.
        telemetry: By telemetry alone, though a transcript can hold them.
        expected: By telemetry alone, as expected: no transcript holds titles, compaction, web searches, runs without persistence.
        transcript: By a transcript alone: reason -> requests.
    """

    both: int
    telemetry: int
    expected: int
    transcript: Mapping[Reason, int]


class SessionCapture(NamedTuple):
    """A session: its *name* (None: they name none), its *first_ns* and *last_ns*, and how many requests were seen by whom."""

    name: str | None
    first_ns: int
    last_ns: int
    counted: Counted


class Capture(NamedTuple):
    """
    What was captured.

    Attributes:
        since_ns: From when on: the first event, or what was asked for if that is later; None where there is no event.
        until_ns: Up to when: events may be on their way since, and transcripts were not read.
        counted: All sessions together.
        sessions: Each of them, the newest first.
        history: Requests that only a transcript tells of, from before the first event or from another machine.
        estimated_micros: What the table of prices says of all requests that only a transcript tells of, in that time.
        unpriced: Requests that only a transcript tells of and that no table has a price for, in that time.
        left: Reason -> lines of transcripts, and files, that were left out.
    """

    since_ns: int | None
    until_ns: int
    counted: Counted
    sessions: Sequence[SessionCapture]
    history: int
    estimated_micros: int
    unpriced: int
    left: Mapping[str, int]


IN_TRANSCRIPTS = ("sdk", "repl_main_thread", "agent")
"""What a transcript can hold, by the beginning of its `query_source`; what does not say where it is from can be held, too."""

REASONS = {
    Why.INTERRUPTED: Reason.INTERRUPTED,
    Why.NO_EVENT: Reason.NO_TELEMETRY,
    Why.BEFORE_THE_FIRST: Reason.EARLIER,
    Why.AFTER_THE_LAST: Reason.KILLED,
    Why.BETWEEN: Reason.BETWEEN,
    Why.METERED: Reason.LOST,
}


def capture(found: WhoSaw, times: Mapping[str | None, Times]) -> Capture:
    """
    Return what was captured.

    Args:
        found: What the ledger knows of who saw what.
        times: Session -> its first and its last request (ns); sessions that it lacks are not told of one by one.
    """
    reasons: dict[str | None, Counter[Reason]] = defaultdict(Counter)
    for one in found.alone:
        reasons[one.session][REASONS[one.why]] += one.requests
    told: dict[str | None, list[Told]] = defaultdict(list)
    for part in found.counts:
        told[part.session].append(part)
    counted = {name: _counted(parts, reasons[name], has=name in found.transcripts) for name, parts in told.items()}
    sessions = [SessionCapture(name, *times[name], one) for name, one in counted.items() if name in times]
    return Capture(
        found.since,
        found.until,
        _together(list(counted.values())),
        sorted(sessions, key=lambda one: (-one.last_ns, one.name or "")),
        found.history,
        sum(one.micros for one in found.alone),
        sum(one.unpriced for one in found.alone),
        found.left,
    )


def summed(found: Vouched) -> Capture:
    """Return what was captured, as `capture` does, without its sessions."""
    reasons: Counter[Reason] = Counter()
    for one in found.alone:
        reasons[REASONS[one.why]] += one.requests
    both, missed, event = (sum(map(itemgetter(place), found.sessions)) for place in (3, 4, 5))
    return Capture(
        found.since,
        found.until,
        Counted(both, missed, event - missed, _in_order(reasons)),
        [],
        found.history,
        sum(one.micros for one in found.alone),
        sum(one.unpriced for one in found.alone),
        found.left,
    )


def of_sessions(found: Vouched, chosen: Mapping[str | None, tuple[OfSession, Times]]) -> list[SessionCapture]:
    """Return those sessions that were *chosen*, in their order."""
    reasons: dict[str | None, Counter[Reason]] = defaultdict(Counter)
    for one in found.alone:
        reasons[one.session][REASONS[one.why]] += one.requests
    return [
        SessionCapture(name, *times, Counted(one.both, one.missed, one.event - one.missed, _in_order(reasons[name])))
        for name, (one, times) in chosen.items()
    ]


def _counted(parts: Sequence[Told], reasons: Counter[Reason], *, has: bool) -> Counted:
    """Return who saw the requests of a session; *has*: a transcript tells of it."""
    missed = sum(one.event for one in parts if has and can_be_held(one.source))
    both, alone = sum(one.both for one in parts), sum(one.event for one in parts)
    return Counted(both, missed, alone - missed, _in_order(reasons))


def can_be_held(source: str | None) -> bool:
    """Say whether a transcript can hold what has this ``query_source`` (None: it is not said)."""
    return source is None or source.partition(":")[0] in IN_TRANSCRIPTS


def _together(many: Sequence[Counted]) -> Counted:
    reasons: Counter[Reason] = Counter()
    for one in many:
        reasons.update(one.transcript)
    figures = (sum(one.both for one in many), sum(one.telemetry for one in many), sum(one.expected for one in many))
    return Counted(*figures, _in_order(reasons))


def _in_order(reasons: Counter[Reason]) -> dict[Reason, int]:
    return {reason: reasons[reason] for reason in Reason if reasons[reason]}
