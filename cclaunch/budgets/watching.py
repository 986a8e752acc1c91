"""
What was spent, kept written down by the one who brings the ledger up to date, and the notifications that follow from it.

The problem it owns: it is called after every turn of the ledger, so it must cost nothing where nothing has changed, and whatever
goes wrong with it must reach nobody who sends telemetry.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from cclaunch.budgets.limits import limits_of, profile_limits
from cclaunch.budgets.notify import Notifier
from cclaunch.budgets.running import DEADLINE_S
from cclaunch.config.model import configuration
from cclaunch.errors import CclaunchError, StoreMissing
from cclaunch.hot.budget import Limit, Standing, standings
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import MISSING, stamp
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.spent import AGAIN_NS, spent_in, write_down


class Settled(NamedTuple):
    """What the person has settled: on which weekday weeks begin, the command, the budgets; and the *version* of all that."""

    version: tuple[str, ...]
    week_start: int
    command: str
    limits: list[Limit]


class Watching:
    """
    Keeps what was spent, for one thread.

    Args:
        paths: Our directories.
        say: Writes a line to the log.
        deadline_s: So long the command of a notification may take.
    """

    def __init__(self, paths: Paths, say: Callable[[str], None], deadline_s: float = DEADLINE_S) -> None:
        self._paths = paths
        self._say = say
        self._notifier = Notifier(paths, say, deadline_s)
        self._settled: Settled | None = None
        self._seen: tuple[str, ...] = ()
        self._span = 0, 0
        self._open: list[Standing] | None = None
        self._trouble = ""

    def look(self) -> None:
        """Write down what was spent where that has changed, and have it told. Never raises."""
        try:
            self._look(time.time_ns())
        except StoreMissing:
            return
        except Exception as error:  # whatever it is, the collector's work is to take telemetry
            what = _why(error)
            if what != self._trouble:
                self._say(f"what was spent is not written down: {what}")
            self._trouble = what
        else:
            self._trouble = ""

    def leave(self) -> None:
        """Tell nobody any more, and end what runs; what was spent is written down still."""
        self._notifier.leave()

    def _look(self, now_ns: int) -> None:
        settled = self._settled = _settled(self._paths, self._settled)
        seen = (*settled.version, stamp(self._paths.ledger), _log(f"{self._paths.ledger}-wal"))
        begin, end = self._span
        if seen != self._seen or not begin <= now_ns < end:
            self._add_up(settled, now_ns)
            self._seen = seen
        if self._open is not None and self._notifier.look(settled.command, self._open, now_ns):
            self._open = None

    def _add_up(self, settled: Settled, now_ns: int) -> None:
        time.tzset()  # a clock on the wall that was carried to another zone
        with reading(self._paths.ledger) as connection:
            spending = spent_in(connection, now_ns, settled.week_start)
        if spending.today is not None:
            self._span = now_ns, min(now_ns + AGAIN_NS, spending.today.end)
        # What is passed while there is no command is told when there is one.
        self._open = standings(settled.limits, spending, now_ns) if settled.command else None
        write_down(self._paths.spending, spending)


def _why(error: Exception) -> str:
    """Return what went wrong, in the same words each time."""
    if isinstance(error, CclaunchError):
        return error.message
    return error.strerror or "" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"


def _settled(paths: Paths, before: Settled | None) -> Settled:
    """Return what is settled now: *before*, as long as no file of it is another one."""
    version = (stamp(paths.config_file), *_profiles(paths))
    if before is not None and before.version == version:
        return before
    config = configuration(paths)
    found = [*limits_of(config.budget), *profile_limits(paths)] if config.notify.command else []
    return Settled(version, config.usage.first_weekday, config.notify.command, found)


def _log(path: str) -> str:
    """Return what tells one version of the ledger's log from another; whoever reads leaves an empty one, and that is none."""
    try:
        return stamp(path) if os.path.getsize(path) else MISSING
    except OSError:
        return MISSING


def _profiles(paths: Paths) -> list[str]:
    """Return what tells whether a profile has changed."""
    try:
        names = sorted(os.listdir(paths.profiles))
    except OSError:
        return []
    return [f"{name} {stamp(f'{paths.profiles}/{name}')}" for name in names]
