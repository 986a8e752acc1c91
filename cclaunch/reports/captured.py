"""
How much was captured: asked of the ledger, and as an object for programs.

The problem it owns: what `check --capture`, the last line of `usage` and a page say of it is one answer.
"""

import time
from collections.abc import Iterator
from typing import Any

from cclaunch.reports.capture import Capture, Counted, capture
from cclaunch.reports.dates import NS, iso
from cclaunch.store.usage import Ledger
from cclaunch.transcripts.left import named

YOUNG_NS = 60 * NS
"""So long an event may be on its way."""

WRITTEN_NS = 10 * NS
"""So long after a request its lines stand in the transcript at the latest."""


def compared(counted: Counted) -> int:
    """Return how many requests both could have seen."""
    return counted.both + counted.telemetry + alone(counted)


def alone(counted: Counted) -> int:
    """Return how many requests a transcript alone tells of."""
    return sum(counted.transcript.values())


def is_any_time(found: Capture) -> bool:
    """Say whether there was any time in which both could see."""
    return found.since_ns is not None and found.since_ns < found.until_ns


def captured(ledger: Ledger, since: int | None, until: int | None = None, *, sessions: bool = False) -> Capture:
    """
    Return what was captured between *since* and *until* (ns), as the *ledger* knows it.

    What happened just now is left out: events are on their way, and transcripts are not read yet. *sessions*: each of them, too.
    """
    end = ended(ledger, time.time_ns(), until)
    found = ledger.who_saw(since, end)
    times = ledger.times(found.since, end) if sessions and found.since is not None else {}
    return capture(found, times)


def ended(ledger: Ledger, now_ns: int, until: int | None = None) -> int:
    """Return up to when requests can be compared (ns), not later than *until*."""
    end = min(now_ns - YOUNG_NS, (ledger.transcripts_read_ns() or 0) - WRITTEN_NS)
    return end if until is None else min(until, end)


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
