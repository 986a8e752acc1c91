"""
What was received and could not be kept: counted, with the reason, so that nobody has to believe that nothing is missing.

What comes again later and is stored is taken off the count. The number is kept in a small file beside the database,
and is told for 30 days. The file is made while there is room for it: on a full disk a number is most likely to be needed.
"""

import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from cclaunch.hot.reading import read_flat

if TYPE_CHECKING:
    from cclaunch.store.insert import Rows

NAME = "-refused"
MOST_KNOWN = 50_000
"""Keys of refused events that are remembered, to know them again."""

SPACE = 1024
"""Bytes that the file has from the beginning."""

LONGEST_REASON = 500
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


class RefusalCount:
    """The count for the database at *path*: the writer's thread counts, and the servers' tells."""

    def __init__(self, path: str) -> None:
        self._path = path + NAME
        before = refusals(path)
        self._now = before or Refusals(0, 0.0, "", told=True)
        self._known: set[object] = set()
        self._kept = True
        self._lock = threading.RLock()

    @property
    def now(self) -> Refusals | None:
        """Return the count, or None when nothing was refused."""
        return self._now if self._now.rows else None

    @property
    def is_news(self) -> bool:
        """Say whether there is something that no launch was told yet."""
        return self._now.rows > 0 and not self._now.told

    def reserve(self) -> None:
        """Have the file on the disk, with the room that a number will take."""
        with self._lock:
            try:
                self._kept = self._kept and os.path.getsize(self._path) >= SPACE
            except OSError:
                self._kept = False
            self.keep()

    def add(self, rows: "Rows", reason: str) -> None:
        """Count *rows* as refused."""
        with self._lock:
            self.count(rows.number, reason)
            if len(self._known) < MOST_KNOWN:
                self._known |= {event[0] for event in rows.events}

    def count(self, number: int, reason: str) -> None:
        """Count *number* rows as refused that are not known any closer."""
        with self._lock:
            why = " ".join(reason.split())[:LONGEST_REASON]
            self._note(Refusals(self._now.rows + number, time.time(), why, told=False))

    def stored(self, rows: "Rows") -> None:
        """Take off what was refused once and is stored now."""
        with self._lock:
            again = {event[0] for event in rows.events} & self._known if self._known else ()
            if again:
                self._known -= again
                self._note(self._now._replace(rows=max(0, self._now.rows - len(again))))

    def tell(self) -> str:
        """Return the sentence for a launch, once; an empty text when there is nothing new."""
        with self._lock:
            if self._now.rows == 0 or self._now.told:
                return ""
            self._note(self._now._replace(told=True))
            return self._now.sentence()

    def _note(self, now: Refusals) -> None:
        self._now = now
        self._kept = False
        self.keep()

    def keep(self) -> None:
        """Write the number down, if that has not succeeded yet."""
        with self._lock:
            if not self._kept:
                self._kept = self._written()

    def _written(self) -> bool:
        lines = {"rows": self._now.rows, "last": self._now.last, "reason": self._now.reason, "told": int(self._now.told)}
        data = "".join(f"{name}={value}\n" for name, value in lines.items()).encode("utf-8", "replace").ljust(SPACE, b"\n")
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                written = os.write(handle, data) == len(data)
                os.ftruncate(handle, len(data))
            finally:
                os.close(handle)
        except OSError:
            return False
        return written
