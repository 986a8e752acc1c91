"""
What was received and could not be kept: counted, with the reason, so that nobody has to believe that nothing is missing.

What comes again later and is stored is taken off the count. The number is kept in a small file beside the database,
as far as the disk takes one, and is told for 30 days.
"""

import os
import time
from typing import NamedTuple

from cclaunch.plan import read_flat
from cclaunch.store.rows import Rows

NAME = "-refused"
MOST_KNOWN = 50_000
"""Keys of refused events that are remembered, to know them again."""

TOLD_S = 30 * 24 * 3600


class Refusals(NamedTuple):
    """How many *rows* were refused, the *last* time (seconds since 1970) and why; *told*: whether a launch has said so."""

    rows: int
    last: float
    reason: str
    told: bool

    def sentence(self) -> str:
        """Return it as it is said to a person."""
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.last))
        return f"{self.rows:,} records were received and could not be kept (last {when}: {self.reason})"


def refusals(path: str) -> Refusals | None:
    """Return what was refused for the database at *path* in the last 30 days, or None."""
    found = read_flat(path + NAME)
    try:
        made = Refusals(int(found["rows"]), float(found["last"]), found.get("reason", ""), found.get("told") == "1")
    except (KeyError, ValueError):
        return None
    return made if made.rows > 0 and time.time() - made.last < TOLD_S else None


class Refused:
    """The count for the database at *path*; of one thread."""

    def __init__(self, path: str) -> None:
        self._path = path + NAME
        before = refusals(path)
        self._now = before or Refusals(0, 0.0, "", told=True)
        self._known: set[object] = set()
        self._kept = True

    @property
    def now(self) -> Refusals | None:
        """Return the count, or None when nothing was refused."""
        return self._now if self._now.rows else None

    def add(self, rows: Rows, reason: str) -> None:
        """Count *rows* as refused."""
        self.count(rows.number, reason)
        if len(self._known) < MOST_KNOWN:
            self._known |= {event[0] for event in rows.events}

    def count(self, number: int, reason: str) -> None:
        """Count *number* rows as refused that are not known any closer."""
        self._now = Refusals(self._now.rows + number, time.time(), " ".join(reason.split()), told=False)
        self._kept = False
        self.keep()

    def stored(self, rows: Rows) -> None:
        """Take off what was refused once and is stored now."""
        if self._known:
            again = {event[0] for event in rows.events} & self._known
            if again:
                self._known -= again
                self._now = self._now._replace(rows=max(0, self._now.rows - len(again)))
                self._kept = False
                self.keep()

    def tell(self) -> str:
        """Return the sentence for a launch, once; an empty text when there is nothing new."""
        if self._now.rows == 0 or self._now.told:
            return ""
        self._now = self._now._replace(told=True)
        self._kept = False
        self.keep()
        return self._now.sentence()

    def keep(self) -> None:
        """Write the number down, if that has not succeeded yet."""
        if self._kept:
            return
        lines = {"rows": self._now.rows, "last": self._now.last, "reason": self._now.reason, "told": int(self._now.told)}
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                data = "".join(f"{name}={value}\n" for name, value in lines.items()).encode()
                self._kept = os.write(handle, data) == len(data)
                os.ftruncate(handle, len(data))
            finally:
                os.close(handle)
        except OSError:
            return
