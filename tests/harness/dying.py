"""
Work on a ledger that is killed at each of its steps.

The problem it owns: a step is a call of SQLite, and the process that does it dies of SIGKILL there, as on a bad day.
"""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledgers import places_at

from cclaunch.store.places import Places


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do *work* in a process of its own that is killed at its *step*-th call of SQLite; say whether it came so far."""
    pid = os.fork()
    if pid == 0:
        try:
            _count_down(step)
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _count_down(left: int) -> None:
    def step() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    class Mortal(sqlite3.Connection):
        """Whoever has this connection dies of it."""

        def execute(self, *given: Any) -> sqlite3.Cursor:
            step()
            return super().execute(*given)

        def executemany(self, *given: Any) -> sqlite3.Cursor:
            step()
            return super().executemany(*given)

        def __exit__(self, *given: Any) -> Any:
            step()
            return super().__exit__(*given)

    real = sqlite3.connect
    sqlite3.connect = lambda *given, **named: real(*given, **{**named, "factory": Mortal})


def places_in(directory: Path) -> Places:
    """Return the places of a directory."""
    return places_at(directory / "telemetry.db")._replace(copies=str(directory / "copies"))


def at_each_step(start: Path, work: Callable[[Places], object], holds: Callable[[Places], None], *, by: int = 1) -> int:
    """Kill *work* on a fresh copy of *start* at each *by*-th step; *holds* asserts what is so then. Return the steps."""
    step = 1
    while True:
        here = start.parent / f"killed-{step}"
        shutil.copytree(start, here)
        places = places_in(here)
        came = killed_at(step, lambda places=places: work(places))  # type: ignore[misc]
        holds(places)
        shutil.rmtree(here)
        if not came:
            return step
        step += by
