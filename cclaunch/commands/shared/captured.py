"""How much was captured, in words and as an object: what `check --capture` and the last line of `usage` have in common."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cclaunch.commands.shared.amounts import estimated, money, percent
from cclaunch.commands.shared.dates import NS, iso
from cclaunch.history.left import named
from cclaunch.reports.capture import Capture, Counted, capture

if TYPE_CHECKING:
    from cclaunch.store.usage import Ledger

YOUNG_NS = 60 * NS
"""So long an event may be on its way."""

WRITTEN_NS = 10 * NS
"""So long after a request its lines stand in the transcript at the latest."""

NEITHER = (
    "in neither, so in no figure: what the auto-mode classifier asks, and the labels and summaries of background sessions;"
    " every total is a lower bound"
)
EXPECTED = "titles, compaction, web searches, runs without persistence: no transcript holds them"


def compared(counted: Counted) -> int:
    """Return how many requests both could have seen."""
    return counted.both + counted.telemetry + alone(counted)


def alone(counted: Counted) -> int:
    """Return how many requests a transcript alone tells of."""
    return sum(counted.transcript.values())


def share(part: int, whole: int) -> str:
    """Return *part* of *whole* in percent."""
    return percent(part / whole) if whole else percent(0)


def is_any_time(found: Capture) -> bool:
    """Say whether there was any time in which both could see."""
    return found.since_ns is not None and found.since_ns < found.until_ns


def line(found: Capture, room: int | None = None) -> str:
    """Return all of it in one line, or what fits into *room* columns; an empty text where there is nothing to compare."""
    counted, whole = found.counted, compared(found.counted)
    if found.since_ns is None and found.history:
        return "all by transcripts alone: there is no event yet"
    if not whole or not is_any_time(found):
        return ""
    twice, telemetry = f"seen twice {share(counted.both, whole)}", f"telemetry alone {share(counted.telemetry, whole)}"
    transcript = f"transcript alone {share(alone(counted), whole)}"
    worth = f" ({cost(found)})" if alone(counted) else ""
    forms = [f"{twice}, {telemetry}, {transcript}{worth}", f"{twice}, {telemetry}, {transcript}", twice]
    return next((form for form in forms if room is None or len(form) <= room), twice)


def captured(ledger: "Ledger", since: int | None, until: int | None = None, *, sessions: bool = False) -> Capture:
    """
    Return what was captured between *since* and *until* (ns), as the *ledger* knows it.

    What happened just now is left out: events are on their way, and transcripts are not read yet. *sessions*: each of them, too.
    """
    end = min(time.time_ns() - YOUNG_NS, (ledger.transcripts_read_ns() or 0) - WRITTEN_NS)
    end = end if until is None else min(until, end)
    found = ledger.who_saw(since, end)
    times = ledger.times(found.since, end) if sessions and found.since is not None else {}
    return capture(found, times)


def cost(found: Capture) -> str:
    """Return what the requests that a transcript alone tells of come to, in words."""
    unpriced = f"{found.unpriced:,} without a price" if found.unpriced else ""
    worth = estimated(money(found.estimated_micros), doubtful=True) if found.estimated_micros or not unpriced else ""
    return ", ".join(part for part in (worth, unpriced) if part)


def document(found: Capture) -> dict[str, Any]:
    """Return all of it for programs, without the sessions."""
    whole = compared(found.counted)
    return {
        "since": None if found.since_ns is None else iso(found.since_ns),
        "until": iso(found.until_ns) if is_any_time(found) else None,
        **_counted(found.counted),
        "share_both": found.counted.both / whole if whole else None,
        "history": found.history,
        "cost_estimated_usd": found.estimated_micros / 1_000_000,
        "requests_unpriced": found.unpriced,
        "left_out": named(found.left),
    }


def sessions(found: Capture) -> Iterator[dict[str, Any]]:
    """Yield each session for programs."""
    for one in found.sessions:
        yield {"session": one.name, "first": iso(one.first_ns), "last": iso(one.last_ns), **_counted(one.counted)}


def _counted(counted: Counted) -> dict[str, Any]:
    return {
        "both": counted.both,
        "telemetry_alone": counted.telemetry,
        "telemetry_alone_expected": counted.expected,
        "transcript_alone": {reason.name.lower(): count for reason, count in counted.transcript.items()},
    }
