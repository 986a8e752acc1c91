"""
Dates as people type them (``7d``, ``today``, ``2026-11-01``), and moments as people and programs read them.

The problem it owns: a verb and a page that are given the same word mean the same moment.
"""

import re
from datetime import UTC, date, datetime, timedelta

from cclaunch.store.ledger.periods import begin_of, week_of

UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
NS = 1_000_000_000
FORMS = "7d, 12h, 30m, 2w, today, yesterday, this week, last month, 2026, 2026-11, 2026-11-01, 2026-11-01T09:30"

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def parse_moment(text: str, now: datetime, *, end: bool = False, week_start: int = 0) -> int:
    """
    Return the moment that *text* means, in nanoseconds since 1970.

    A form without a time of day means a whole day, week, month or year, in local time: its first moment, or with
    *end* the first moment after it, so that ``--until 2026-11-30`` includes the 30th. A week begins on the weekday of
    the number *week_start*, 0 for Monday.

    Raises:
        ValueError: *text* is none of the forms in ``FORMS``, or names no moment of our time.
    """
    word = text.strip().lower()
    if found := re.fullmatch(r"(\d{1,6})([mhdw])", word):
        moment = now - timedelta(seconds=int(found[1]) * UNITS[found[2]])
    elif word == "now":
        moment = now
    else:
        moment = _calendar(" ".join(word.split()), now, end, week_start)
    moment = moment.astimezone(UTC)
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"`{text}` is not a moment between 1970 and 2200")
    return nanoseconds(moment)


def _calendar(word: str, now: datetime, end: bool, week_start: int) -> datetime:
    today = now.astimezone().date()
    if word in ("today", "yesterday"):
        return _day(today - timedelta(days=word == "yesterday"), end)
    if found := re.fullmatch(r"(this|last) (week|month)", word):
        first = _first_of(found[2], today, week_start)
        if found[1] == "last":
            first = _first_of(found[2], first - timedelta(days=1), week_start)
        return _midnight(_next(found[2], first) if end else first)
    if re.fullmatch(r"\d{4}", word):
        return _midnight(date(int(word) + end, 1, 1))
    if found := re.fullmatch(r"(\d{4})-(\d{2})", word):
        first = date(int(found[1]), int(found[2]), 1)
        return _midnight(_next("month", first) if end else first)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        return _day(date.fromisoformat(word), end)
    if re.match(r"\d{4}-\d{2}-\d{2}[t ]\d", word):
        return datetime.fromisoformat(word.upper())
    raise ValueError(f"`{word}` is no date: write one of {FORMS}")


def _first_of(unit: str, day: date, week_start: int) -> date:
    """Return the first day of the week or month of *day*."""
    return week_of(day, week_start) if unit == "week" else day.replace(day=1)


def _next(unit: str, first: date) -> date:
    """Return the first day of the week or month after the one that begins on *first*."""
    return first + timedelta(days=7) if unit == "week" else (first + timedelta(days=31)).replace(day=1)


def _day(day: date, end: bool) -> datetime:
    return _midnight(day + timedelta(days=1) if end else day)


def _midnight(day: date) -> datetime:
    """Return the start of *day* in local time: where there is no midnight that day, its first moment."""
    return datetime.fromtimestamp(begin_of(day), UTC)


def nanoseconds(moment: datetime) -> int:
    """Return *moment* in nanoseconds since 1970, without the rounding of a float."""
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86400 + passed.seconds) * NS + passed.microseconds * 1000


def iso(time_ns: int) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds, for programs."""
    return datetime.fromtimestamp(time_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{time_ns // 1_000_000 % 1000:03d}Z"


def local(time_ns: int) -> str:
    """Return a moment in local time, for people."""
    return datetime.fromtimestamp(time_ns // NS).strftime("%Y-%m-%d %H:%M:%S")


def ago(time_ns: int, now_ns: int) -> str:
    """Return how long ago a moment was: ``just now``, ``5 min ago``, ``3 days ago``."""
    seconds = max(0, (now_ns - time_ns) // NS)
    return "just now" if seconds < 60 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Return a length of time for people: ``12 s``, ``5 min``, ``3 h``, ``3 days``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        return f"{whole // 3600} h"
    return f"{whole // 86400} days"


def moment_of(text: str, now: datetime, *, end: bool = False, week_start: int = 0) -> int:
    """Return what `parse_moment` does; its ValueError names *text* in any case."""
    try:
        return parse_moment(text, now, end=end, week_start=week_start)
    except (ValueError, OverflowError) as error:
        if "`" in str(error):
            raise ValueError(str(error)) from error
        raise ValueError(f"`{text}` is no date: {error}") from error  # Python's own names no value
