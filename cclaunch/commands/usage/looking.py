"""
What `usage --watch` shows, looked up again when something has changed: in a thread, so that keys and drawing never wait for it.

The problem it owns: it runs beside people's work all day. At rest it looks at a few files' times and sizes; a question is asked
only when one of them has changed, opens the ledger for a moment, and is followed by a pause that is long beside what it took.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cclaunch.budgets.limits import limits
from cclaunch.commands.shared.spending import keep
from cclaunch.config.model import configuration
from cclaunch.errors import Busy, CclaunchError, StoreError, StoreMissing
from cclaunch.files.lock import held
from cclaunch.hot.budget import Limit, standings
from cclaunch.hot.paths import Paths
from cclaunch.hot.spending import Spending
from cclaunch.reports.budgets import BudgetReport, budget_reports
from cclaunch.reports.figures import NOTHING
from cclaunch.reports.live import Live, live
from cclaunch.reports.windows import Windows, windows
from cclaunch.store.ledger.current import is_current
from cclaunch.store.ledger.living import Living, living, session_of
from cclaunch.store.ledger.opening import reading
from cclaunch.store.places import Places
from cclaunch.store.usage import Ledger

if TYPE_CHECKING:
    from cclaunch.commands.usage.launched import Launched

EVERY_S = 1.0
STALE_S = 10.0
"""What was asked so long ago is asked again: time passes, also where nothing happens."""

CATCH_UP_EVERY_S, CATCH_UP_S = 2.0, 0.3
"""How often, and for how long, the ledger is brought up to date where no collector does it."""

ASIDE_EVERY_S = 10.0
"""The same where VictoriaLogs must be asked; and how long a collector may leave it undone."""

PAUSE = 50
"""A question is followed by a pause of so many times what it took: two hundredths of a core."""

LONGEST_PAUSE_S = 30.0
LIMITS_S = 60.0
"""How often budgets are read though neither the configuration nor the directory of profiles looks changed."""

WINDOWS_S = 5.0
"""How often the windows of the plan are asked for, at most."""

GONE = "what was recorded is gone"
REQUESTS = 100
"""Requests that are asked for: more than a screen has lines."""

YOUNG_NS = 300 * 1_000_000_000
"""A launch so young is asked for its session again: it may be another one already."""

Stamps = tuple[tuple[int, int, int], ...]
"""Of each file: when it was written to, its size and number."""


class Seen(NamedTuple):
    """
    What was seen.

    Attributes:
        live: What the ledger answered; None where it could not.
        quiet: Launches whose claude runs and that have made no request yet.
        budgets: How the budgets stand.
        trouble: Why some of it is old or is not there, in a line; or an empty text.
        windows: What is known of the plan's windows, or None.
    """

    live: Live | None
    quiet: "list[Launched]"
    budgets: list[BudgetReport]
    trouble: str
    windows: Windows | None = None


class Looking:
    """
    Looks at what there is at *places*.

    Args:
        paths: Our directories.
        places: Where it is stored.
        where: Key -> the values of which what is counted must have one.
    """

    def __init__(self, paths: Paths, places: Places, where: Mapping[str, list[str]]) -> None:
        self._paths = paths
        self._places = places
        self._where = where
        self._seen = Seen(None, [], [], "")
        self._stamps: Stamps = ()
        self._current: Stamps = ()
        self._asked = self._caught = self._limited = float("-inf")
        self._pause = EVERY_S
        self._sessions: dict[str, str] = {}
        self._limits: list[Limit] = []
        self._limits_of: Stamps = ()
        self._week_start = 0
        self._windows: Windows | None = None
        self._windows_asked = float("-inf")
        self._late = ""
        self._had = False
        self._ended = threading.Event()

    def look(self, check: Callable[[Ledger], None] = lambda ledger: None) -> Seen:
        """Return what there is now, asked anew. *check* is handed the ledger first; what it raises is not caught."""
        self._asked = time.monotonic()
        began = time.thread_time()
        self._stamps = self._files()
        now_ns = time.time_ns()
        launches = living(self._places.launched)
        running = self._running(launches)
        found, budgets, trouble = self._ledger(now_ns, list(running.values()), check)
        self._seen = Seen(found, self._quiet(launches, running, found), budgets, trouble, self._plan(now_ns))
        self._pause = min(max(EVERY_S, PAUSE * (time.thread_time() - began)), LONGEST_PAUSE_S)
        return self._seen

    def go_on(self, tell: Callable[[Seen], None]) -> None:
        """Look again and again in a thread, and hand what there is to *tell*, until `end`."""
        threading.Thread(target=self._go_on, args=(tell,), name="looking", daemon=True).start()

    def end(self) -> None:
        """Have the thread end; it is not waited for."""
        self._ended.set()

    def _go_on(self, tell: Callable[[Seen], None]) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                if (found := self._again()) is not None:
                    tell(found)
            except (CclaunchError, sqlite3.Error, OSError) as error:
                tell(self._seen._replace(trouble=self._words(error)))
            except Exception as error:  # a fault of ours must not leave a picture that stands still
                tell(self._seen._replace(trouble=f"this is a bug of ours: {type(error).__name__}: {error}"))

    def _again(self) -> Seen | None:
        """Return what there is where that may have changed; None where it has not, or was asked a moment ago."""
        passed = time.monotonic() - self._asked
        if passed < self._pause:
            return None
        late = self._late
        self._catch_up()
        if self._late == late and passed < STALE_S and self._files() == self._stamps:
            return None
        found = self.look()
        return found if found.trouble else found._replace(trouble=self._late)

    def _files(self) -> "Stamps":
        """Return what tells that something was written: to what is stored, to the configuration, by a launch."""
        paths, places = self._paths, self._places
        return _stamps(places.ledger, f"{places.ledger}-wal", *_stored(places), paths.config_file, places.launched)

    def _catch_up(self) -> None:
        """Bring the ledger up to date, for a moment, where it is not and nobody else does it; note what is in the way."""
        places, lives = self._places, held(self._paths.collector_lock)
        if time.monotonic() - self._caught < (ASIDE_EVERY_S if lives or places.vlogs else CATCH_UP_EVERY_S):
            return
        stored = _stamps(*_stored(places))
        if lives if places.vlogs else stored == self._current or not os.path.exists(places.database):
            self._late = ""
            return
        self._caught = time.monotonic()
        try:
            if not places.vlogs and is_current(places):
                self._current = stored
            else:
                from cclaunch.store.ledger.catch_up import catch_up  # only where something is new

                catch_up(places, CATCH_UP_S)
        except (CclaunchError, sqlite3.Error, OSError) as error:
            is_at_it = lives and isinstance(error, Busy)
            self._late = "" if is_at_it else f"what is new is not here yet: {self._words(error)}"
        else:
            self._late = ""

    def _ledger(
        self, now_ns: int, running: list[str], check: Callable[[Ledger], None]
    ) -> tuple[Live | None, list[BudgetReport], str]:
        """Return (what the ledger answers, how budgets stand; why it cannot, or an empty text), or what was seen last."""
        spending = None
        try:
            with reading(self._places.ledger) as connection:
                ledger = Ledger(connection)
                if ledger.extent is not None:
                    check(ledger)
                found = live(ledger, now_ns, self._where, running, REQUESTS)
                spending = self._spending(ledger, now_ns)
        except StoreMissing:
            found = Live(now_ns, NOTHING, NOTHING, [], [], empty=True)
        except StoreError as error:
            return self._seen.live, self._seen.budgets, self._words(error)
        self._had |= not found.empty
        budgets = [] if spending is None else budget_reports(standings(self._limits, spending, now_ns))
        if spending is not None:
            keep(self._paths, spending)
        return found, budgets, GONE if self._had and found.empty else ""

    def _plan(self, now_ns: int) -> Windows | None:
        """Return how the windows of the plan stood when claude said so last, asked a moment ago or now."""
        if time.monotonic() - self._windows_asked >= WINDOWS_S:
            self._windows_asked = time.monotonic()
            with contextlib.suppress(StoreError):
                self._windows = windows(self._places, now_ns)
        return self._windows

    def _words(self, error: Exception) -> str:
        """Return *error* in a line, with what mends it; of our files the names are enough."""
        if not isinstance(error, CclaunchError):
            return str(error)
        cause, hint = (f" ({error.cause})" if error.cause else ""), (f"; {error.hint}" if error.hint else "")
        return f"{error.message}{cause}{hint}".replace(f"{os.path.dirname(self._places.ledger)}/", "")

    def _running(self, launches: list[Living]) -> dict[str, str]:
        """Return instance -> session, for those of *launches* that have sent anything; of old ones, what was found before."""
        young = time.time_ns() - YOUNG_NS
        for one in launches:
            is_known = one.instance in self._sessions and one.began_ns < young
            if not is_known and (session := session_of(self._places, one)) is not None:
                self._sessions[one.instance] = session
        return {one.instance: self._sessions[one.instance] for one in launches if one.instance in self._sessions}

    def _quiet(self, launches: list[Living], running: Mapping[str, str], found: Live | None) -> "list[Launched]":
        """Return those of *launches* that have made no request yet; their first events may be here."""
        known = {one.name for one in found.sessions} if found is not None else set()
        unheard = [one for one in launches if running.get(one.instance) not in known]
        if not unheard or self._places.vlogs or self._where:  # what they send is stored elsewhere; what they are is not known
            return []
        from cclaunch.commands.usage.launched import launched

        return [launched(one) for one in unheard]

    def _settle(self) -> None:
        """Read what the person has set, where it looks changed or was read long ago."""
        stamp, now = _stamps(self._paths.config_file, self._paths.profiles), time.monotonic()
        if stamp != self._limits_of or now - self._limited >= LIMITS_S:
            self._limits_of, self._limited, self._limits = stamp, now, limits(self._paths)
            self._week_start = configuration(self._paths).usage.first_weekday

    def _spending(self, ledger: Ledger, now_ns: int) -> Spending | None:
        """Return what was spent, where budgets are held against it or no collector has launches know it."""
        self._settle()
        if not self._limits and held(self._paths.collector_lock):
            return None
        return ledger.spending(now_ns, self._week_start)


def _stored(places: Places) -> tuple[str, str]:
    return places.database, f"{places.database}-wal"


def _stamps(*files: str) -> Stamps:
    """Return what changes when somebody writes to one of *files*."""
    found = []
    for path in files:
        try:
            told = os.stat(path)
            found.append((told.st_mtime_ns, told.st_size, told.st_ino))
        except OSError:
            found.append((0, 0, 0))
    return tuple(found)
