"""
What vouches for the figures, kept for a moment; and a page of its sessions.

The problem it owns: who saw what since the first event is as dear as all else of the head, and changes every few minutes.
"""

from typing import Any

from cclaunch.reports.capture import Capture, can_be_held, of_sessions, summed
from cclaunch.reports.captured import ended
from cclaunch.reports.dates import NS
from cclaunch.store.ledger.named import Known
from cclaunch.store.ledger.session_pages import ids_of
from cclaunch.store.ledger.vouched import Vouched, page_of, vouched
from cclaunch.store.usage import Ledger

FRESH_NS = 30 * NS
"""So old an answer may be."""

ROWS = 50
"""Sessions of a page, where nobody says how many."""

MOST = 4
"""Answers that are kept."""

STATE = (
    "SELECT (SELECT count(*) FROM forgotten_rules), (SELECT max(id) FROM sessions),"
    " (SELECT name FROM sessions ORDER BY id DESC LIMIT 1)"
)
"""What was forgotten is gone at once; and in another ledger, put in the place of this one, the ids are of other sessions."""


class Vouching:
    """Who saw what, of one ledger; *known*: what is known of its sets."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._kept: dict[tuple[Any, ...], tuple[int, Vouched]] = {}

    def of(self, ledger: Ledger, since: int | None, now_ns: int, *, whole: bool = False) -> tuple[int, Vouched]:
        """Return (when that was, who saw the requests from *since* on); *whole*: all sessions as one."""
        what = since, whole, *ledger.connection.execute(STATE).fetchone()
        made = self._kept.pop(what, None)
        if made is None or not 0 <= now_ns - made[0] < FRESH_NS:
            found = vouched(ledger.connection, self._known, since, ended(ledger, now_ns), can_be_held, whole=whole)
            made = now_ns, found
        self._kept = {what: made, **dict(list(self._kept.items())[: MOST - 1])}
        return made


def page(ledger: Ledger, found: Vouched, offset: int, limit: int, *, holes: bool) -> tuple[Capture, int]:
    """Return (all of it with a page of the sessions, how many there are); *holes*: of which one has not seen all."""
    unseen = ids_of(ledger.connection, {one.session or "" for one in found.alone}) if holes else set()
    chosen = [one for one in found.sessions if not holes or one.missed or one.session in unseen]
    shown = of_sessions(found, page_of(ledger.connection, found, chosen, offset, limit))
    return summed(found)._replace(sessions=shown), len(chosen)
