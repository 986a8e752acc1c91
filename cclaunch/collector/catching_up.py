"""
The ledger kept up to date behind the commits, in a thread of its own.

The problem it owns: nobody who sends telemetry may wait for the ledger, or suffer from it. So it is brought up to date in short
turns with pauses between them, in which others who ask get at it; what goes wrong with it is said once, tried again later, and
stops nothing.
"""

import threading
import time
from collections.abc import Callable

from cclaunch.errors import Busy, CclaunchError
from cclaunch.store.ledger.catch_up import Caught, catch_up, take_doings
from cclaunch.store.places import Places
from cclaunch.store.writer import Writer

TURN_S = 0.2
"""So long one turn may take, a slice more or less."""

GAP_S = 0.05
"""The pause between two turns while there is more to read."""

NEWS_S = 1.0
"""The pause after all was read, however much is committed meanwhile; a slow disk gets a longer one."""

SHARE = 10
"""A pause is so many times as long as the turn before it, at least."""

LATER_S = 60.0
"""The pause after a failure."""

OFTEN_S = 60.0
"""There may be news without a word of it: what had to wait for the disk, or was taken over from a damaged database."""

LAST_S = 1.0
"""So long the last turn may take, when the collector ends."""


class CatchingUp:
    """
    The thread that brings the ledger at *places* up to date.

    Args:
        places: Returns where what is recorded lies; asked at each turn.
        say: Writes a line to the log.
        often: Seconds after which it is looked for news without a word.
        turn: Seconds that one turn may take, a slice more or less.
        after: Called in the thread after each turn that has left nothing, or has failed; it raises nothing.

    Attributes:
        trouble: What keeps the ledger from being brought up to date, or an empty text.
    """

    def __init__(
        self,
        places: Callable[[], Places],
        say: Callable[[str], None],
        often: float = OFTEN_S,
        turn: float = TURN_S,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.trouble = ""
        self._places = places
        self._say = say
        self._often = often
        self._turn_s = turn
        self._after = after
        self._news = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begin; what was recorded before is read first."""
        self._news.set()
        self._thread.start()

    def news(self) -> None:
        """Say that something was committed. Costs nothing, from whatever thread."""
        if not self._news.is_set():
            self._news.set()

    def leave(self) -> None:
        """Begin nothing more, and wait for nothing: whoever takes the ports is waiting for ours, and the next one reads on."""
        self._over.set()
        self._news.set()

    def stop(self) -> None:
        """Read what was committed last, within a second or so, and end."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(2 * LAST_S)
        if not self._thread.is_alive():
            self._turn(self._places()._replace(vlogs=""), LAST_S)  # what VictoriaLogs has, it keeps
            self._after()

    def all(self) -> int | None:
        """Read all that is committed; return the rowid up to which the ledger knows our database, or None where that fails."""
        while not self._over.is_set():
            caught = self._turn(self._places(), self._turn_s)
            if caught is None or not caught.left:
                return None if caught is None else caught.position
            self._over.wait(GAP_S)
        return None

    def _run(self) -> None:
        while not self._over.is_set():
            self._news.wait(self._often)
            if self._over.is_set():
                return
            self._news.clear()
            began = time.monotonic()
            caught = self._turn(self._places(), self._turn_s)
            if caught is None or caught.left:
                self._news.set()
            if caught is None or not caught.left:
                self._after()
            self._over.wait(_pause(caught, time.monotonic() - began))

    def _turn(self, places: Places, seconds: float) -> Caught | None:
        """Read for at most *seconds*; None when that failed."""
        try:
            caught = catch_up(places, seconds)
            if not caught.left:
                caught = caught._replace(left=take_doings(places, seconds))
        except Busy:  # somebody else is at it
            return Caught(0, 1, 0)
        except Exception as error:  # whatever it is, the collector's work is to take telemetry
            self._note(error.message if isinstance(error, CclaunchError) else f"{type(error).__name__}: {error}")
            return None
        if self.trouble:
            self._say("the ledger is brought up to date again")
            self.trouble = ""
        return caught

    def _note(self, trouble: str) -> None:
        if trouble != self.trouble:
            self._say(f"the ledger is not up to date: {trouble}")
        self.trouble = trouble


def _pause(caught: Caught | None, took: float) -> float:
    """Return the seconds until the next turn, after one that *took* so long."""
    if caught is None:
        return LATER_S
    return GAP_S if caught.left else max(NEWS_S, SHARE * took)


def maintain(writer: Writer, catching_up: CatchingUp, say: Callable[[str], None]) -> None:
    """Have raw rows deleted that are old, and that the ledger has read; a failure is said, and the next turn tries again."""
    try:
        read_to = catching_up.all()
        writer.maintain(0 if read_to is None else time.time_ns(), read_to or 0)  # nothing is old at the beginning of time
    except Exception as error:  # whatever it is, the collector's work is to take telemetry
        say(f"maintenance failed: {error}")
