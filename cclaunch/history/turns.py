"""
What was read, handed to the ledger in turns: each of them whole or not at all, with pauses in which others get at it.

The problem it owns: a transaction costs the disk a moment, so a file alone has none; and whoever holds the ledger keeps those
waiting who ask it, so none is long.
"""

import gc
import sqlite3
import time
from collections.abc import Callable

from cclaunch.store.ledger.from_transcripts import Taken, take
from cclaunch.store.ledger.witnessed import File, Witnessed
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places

ROWS = 4_000
FILES = 1_000
TURN_S = 1.0
"""So many rows or files, or seconds of reading, have one transaction."""

FEWEST = 250
HELD_S = 0.2
"""Rows of one who gives way: so many at first, then as many as the ledger is held for so long, more or less."""

PATIENCE_S = 60.0
"""Of one who has nobody waiting, for the ledger."""


class Turns:
    """
    Gathers rows, and hands them over.

    Args:
        places: Where the ledger is.
        patience_s: How long is waited for others who write to it.
        rested: Called after each turn with the seconds for which others could not get at the ledger. Without one nobody is
            given way to.
        asked: Whether a person has named the files.

    Attributes:
        taken: What became of all that was handed over.
    """

    def __init__(
        self,
        places: Places,
        patience_s: float,
        rested: Callable[[float], object] | None = None,
        *,
        asked: bool = False,
    ) -> None:
        self.taken = Taken(0, 0, 0)
        self._asked = asked
        self._places = places
        self._patience_s = patience_s
        self._rested = rested
        self._parts: list[tuple[File, list[Witnessed]]] = []
        self._rows = 0
        self._most = FEWEST if rested else ROWS
        self._began = time.monotonic()

    def add(self, file: File, rows: list[Witnessed]) -> None:
        """Take the *rows* of a part of *file*. Raises as `hand_over` does."""
        self._parts.append((file, rows))
        self._rows += len(rows)
        if self._rows >= self._most or len(self._parts) >= FILES or time.monotonic() - self._began > TURN_S:
            self.hand_over()

    def hand_over(self, last: Callable[[sqlite3.Connection], object] | None = None) -> None:
        """
        Have the ledger take what was gathered, and whatever *last* does to it, in one transaction.

        Raises:
            Busy: Others write to it.
            StoreError, OSError, sqlite3.Error: It cannot be written to.
        """
        if self._parts or last is not None:
            with writing(self._places, self._patience_s) as connection, connection:
                began = time.monotonic()
                connection.execute("BEGIN IMMEDIATE")
                taken = take(connection, self._parts, asked=self._asked)
                if last is not None:
                    last(connection)
            self.taken = Taken(*map(sum, zip(self.taken, taken, strict=True)))
            gc.collect(0)  # whoever reads on has put it off
            if self._rested:
                self._rest(time.monotonic() - began, self._rested)
        self._parts, self._rows = [], 0
        self._began = time.monotonic()

    def _rest(self, held: float, rested: Callable[[float], object]) -> None:
        """Make the next turn shorter where the ledger was held for long: of one who is hardly given a processor it may be."""
        fitting = int(self._rows * HELD_S / max(held, HELD_S / 100))
        self._most = min(ROWS, max(FEWEST, min(fitting, 2 * self._most)))
        rested(held)
