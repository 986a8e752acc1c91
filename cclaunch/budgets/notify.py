"""
A notification when a budget passes 80 % and 100 %: the person's command, run once for each.

The problem it owns: whoever looks after the ledger must not wait for that command, and two who look must not both run it. So it
is first written down that it was told, under the ledger's lock, then it is run in a thread. Who is killed between the two has
told nothing: a notification may be lost that way, and never comes again and again.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

from cclaunch.budgets.notified import news, percent_of, read_told, write_told
from cclaunch.budgets.running import DEADLINE_S, Running
from cclaunch.errors import CclaunchError
from cclaunch.files.lock import locked
from cclaunch.hot.budget import Standing, told
from cclaunch.hot.paths import Paths

LOCK_S = 1.0
LEAVES_S = 1.0
"""So long what runs is waited for, when the collector ends."""

NAMES = tuple(f"CCLAUNCH_BUDGET_{name}" for name in ("TEXT", "PROFILE", "PERIOD", "PERCENT", "SPENT_USD", "LIMIT_USD"))


class Notifier:
    """
    Who tells.

    Args:
        paths: Our directories.
        say: Writes a line to the log.
        deadline_s: So long the command may take.
    """

    def __init__(self, paths: Paths, say: Callable[[str], None], deadline_s: float = DEADLINE_S) -> None:
        self._paths = paths
        self._say = say
        self._trouble = ""
        self._over = False
        self._running = Running(deadline_s)
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Say whether a command runs still."""
        return self._thread is not None and self._thread.is_alive()

    def look(self, command: str, standings: Sequence[Standing], now_ns: int) -> bool:
        """
        Have *command* run for each of *standings* that there is news of; return whether that is done, or else to be tried again.

        Waits for no command.
        """
        before = read_told(self._paths, now_ns)
        if news(before, standings)[1] == before:
            return True
        if self.is_busy or self._over:
            return False
        try:
            with locked(self._paths.ledger_lock, LOCK_S):
                new, known = news(read_told(self._paths, now_ns), standings)
                write_told(self._paths, known)
        except (CclaunchError, OSError) as error:
            why = error.message if isinstance(error, CclaunchError) else error.strerror
            self._note(f"nobody is told of budgets: {self._paths.notified} cannot be written: {why}")
            return False
        self._note("")
        if new and command:
            self._thread = threading.Thread(target=self._tell, args=(command, new), name="notify", daemon=True)
            self._thread.start()
        return True

    def leave(self) -> None:
        """End: nothing more is begun, for the next one tells it; what runs is given a moment, then it is killed."""
        self._over = True
        if self._thread is not None:
            self._thread.join(LEAVES_S)
        self._running.end()
        if self._thread is not None:
            self._thread.join(LEAVES_S)

    def _tell(self, command: str, new: Sequence[Standing]) -> None:
        for standing in new:
            trouble, said = self._running.run(command, variables(standing))
            name = f"the notification of `{told(standing)}`"
            if said:
                self._say(f"{name} said: {said}")
            if trouble:
                self._say(f"{name} failed: {trouble}; it is not repeated")

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble


def variables(standing: Standing) -> Mapping[str, str]:
    """Return what the command is told, as variables of its environment; dollars as plain numbers."""
    limit = standing.limit
    values = (
        told(standing),
        limit.profile,
        limit.period,
        str(percent_of(standing)),
        _dollars(standing.spent.micros),
        _dollars(limit.micros),
    )
    return dict(zip(NAMES, values, strict=True))


def _dollars(micros: int) -> str:
    return f"{micros / 1_000_000:.2f}"
