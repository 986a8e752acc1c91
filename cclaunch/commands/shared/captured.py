"""How much was captured, in words: what `check --capture` and the last line of `usage` have in common."""

from cclaunch.commands.shared.amounts import estimated, money, percent
from cclaunch.reports.capture import Capture
from cclaunch.reports.captured import alone, compared, is_any_time

NEITHER = (
    "in neither, so in no figure: what the auto-mode classifier asks, and the labels and summaries of background sessions;"
    " every total is a lower bound"
)
EXPECTED = "titles, compaction, web searches, runs without persistence: no transcript holds them"


def share(part: int, whole: int) -> str:
    """Return *part* of *whole* in percent."""
    return percent(part / whole) if whole else percent(0)


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


def cost(found: Capture) -> str:
    """Return what the requests that a transcript alone tells of come to, in words."""
    unpriced = f"{found.unpriced:,} without a price" if found.unpriced else ""
    worth = estimated(money(found.estimated_micros), doubtful=True) if found.estimated_micros or not unpriced else ""
    return ", ".join(part for part in (worth, unpriced) if part)
