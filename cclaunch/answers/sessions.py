"""
Sessions by the page, the newest first, and one of them told from start to end.

The problem it owns: what is shown of a session is what `usage --by session` and `events show` say of it, and nobody waits for
those that are not shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cclaunch.answers.asked import Asked
from cclaunch.errors import StoreMissing, UsageError
from cclaunch.reports import records
from cclaunch.reports.breakdown import SORTS
from cclaunch.reports.figures import Figures, named, together
from cclaunch.reports.keys import shown
from cclaunch.reports.sessions import KEYS, Session, sessions
from cclaunch.reports.story import story
from cclaunch.reports.story_document import document as story_document
from cclaunch.store.filters import canonical
from cclaunch.store.ledger.named import BESIDE, Known
from cclaunch.store.ledger.names import SESSION
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.ledger.reading import Times
from cclaunch.store.ledger.session_pages import session_page
from cclaunch.store.places import Places
from cclaunch.store.sessions import beginning_with
from cclaunch.store.stores import events
from cclaunch.store.usage import Ledger

NEWEST = 8
MOST = 200
"""Sessions of a page."""

TOGETHER = 250
"""Sessions that are made at a time."""

MOST_EVENTS = 20_000
"""Events of a session that are told; the newest, where there are more."""

MOST_STEPS = 500


def refuse_page(offset: int, limit: int, most: int) -> None:
    """Raise UsageError for a page that cannot be."""
    if not 0 < limit <= most:
        raise UsageError(f"a page has 1 to {most} rows, not {limit}")
    if not 0 <= offset < 1 << 31:
        raise UsageError(f"a page cannot begin at row {offset}")


def page(ledger: Ledger, known: Known, asked: Asked, offset: int, limit: int) -> tuple[list[Session], int]:
    """Return (*limit* sessions from number *offset* on, how many there are)."""
    if any(canonical(key) in LABELS or canonical(key) in BESIDE - {SESSION} for key in asked.where):
        found = _with_groups(ledger, known, asked)
        return found[offset : offset + limit], len(found)
    span = asked.since, asked.until
    times, whole = session_page(ledger.connection, known, *span, asked.where, asked.sort, offset, limit)
    return (_told(ledger, asked, times) if times else []), whole


def _with_groups(ledger: Ledger, known: Known, asked: Asked) -> list[Session]:
    """Return all sessions of a question that only requests can answer: by times, or by what stands beside a session."""
    span = asked.since, asked.until
    groups = ledger.groups(*span, KEYS, asked.where, asked.week_start)
    names = list({group.values[0] for group in groups})
    if len(names) > TOGETHER:
        return sessions(groups, ledger.times(*span, asked.where), asked.sort)
    only = {**asked.where, SESSION: [name or "" for name in names]}
    times = session_page(ledger.connection, known, *span, only, None, 0, TOGETHER).times if names else {}
    return sessions(groups, times, asked.sort)


def _told(ledger: Ledger, asked: Asked, times: Mapping[str | None, Times]) -> list[Session]:
    """Return the sessions that have these *times*, in that order."""
    span = min(one.first_ns for one in times.values()), max(one.last_ns for one in times.values()) + 1
    where = {**asked.where, SESSION: [name or "" for name in times]}
    found = {one.name: one for one in sessions(ledger.groups(*span, KEYS, where, asked.week_start), times)}
    return [found[name] for name in times if name in found]


def every(ledger: Ledger, asked: Asked) -> Iterator[Session]:
    """Yield all sessions in order; of thousands, what makes them is held for some at a time."""
    span = asked.since, asked.until
    if any(canonical(key) == SESSION for key in asked.where):
        groups = ledger.groups(*span, KEYS, asked.where, asked.week_start)
        yield from sessions(groups, ledger.times(*span, asked.where), asked.sort)
        return
    times = ledger.times(*span, asked.where)
    names = sorted(times, key=lambda name: (-times[name].last_ns, name or ""))
    some = (names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER))
    newest_first = (one for many in some for one in _told(ledger, asked, {name: times[name] for name in many}))
    most = SORTS.get(asked.sort or "")
    yield from newest_first if most is None else sorted(newest_first, key=lambda one: -most(one.figures))


def document(asked: Asked, found: Sequence[Session], whole: int, total: Figures, offset: int) -> dict[str, Any]:
    """Return a page of *whole* sessions, which together come to *total*."""
    shown = together(one.figures for one in found)
    made = records.document(records.of_sessions(found, None), asked.since, asked.until, ["session"])
    made["total"] = named(total)
    if whole > len(found):
        rest = Figures(*(all - here for all, here in zip(total, shown, strict=True)))
        made["hidden"] = {"rows": whole - len(found), **named(rest)}
    return {**made, "offset": offset, "sessions": whole}


def told(places: Places, session: str, offset: int, limit: int) -> dict[str, Any]:
    """
    Return the story of *session*, *limit* of its steps from number *offset* on. ``cut``: there are more events than are told.

    Raises:
        StoreMissing: No event of it is kept.
        StoreError: It cannot be read.
    """
    refuse_page(offset, limit, MOST_STEPS)
    found, troubles = events(places, limit=MOST_EVENTS + 1, where={SESSION: session}) if session else ([], [])
    if not found:
        known = session in beginning_with(places, session, 1)
        hint = f"what it used: cclaunch usage --by model --where session={session}" if known else "cclaunch usage --by session"
        raise StoreMissing(f"no event of a session `{shown(session)}` is kept", hint=hint)
    cut = len(found) > MOST_EVENTS
    made = story_document(story(session, found[-MOST_EVENTS:]))
    steps = made["steps"]
    return {
        **made,
        "steps": steps[offset : offset + limit],
        "step_count": len(steps),
        "offset": offset,
        "cut": cut,
        "troubles": troubles,
    }
