"""
A damaged database gives way to a new one: it is put aside, and what can be read of it is taken over a portion at a time,
between the commits of what is received.

Which ones are not taken over yet is told by the files that lie there (`set_aside`), so that another collector goes on.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterator

from cclaunch.errors import StoreError
from cclaunch.store import set_aside
from cclaunch.store.damage import Damaged
from cclaunch.store.database import Database, Unsettled
from cclaunch.store.locks import give_up
from cclaunch.store.outage import Outage
from cclaunch.store.salvage import Portion, Salvage


class TakingOver:
    """The taking over into *database* of those that were put aside beside it. Of the writer's thread."""

    def __init__(self, database: Database, outage: Outage, say: Callable[[str], None]) -> None:
        self._database = database
        self._outage = outage
        self._say = say
        self._salvage: Salvage | None = None
        self._portions: Iterator[Portion] = iter(())
        self._portion: Portion | None = None

    @property
    def is_over(self) -> bool:
        """Say whether there is nothing to take over."""
        return self._salvage is None

    def resume(self) -> None:
        """Go on with what a collector before has put aside and has not taken over."""
        if self._salvage is None:
            for aside in set_aside.all_aside(self._database.path):
                if not aside.over:
                    self._salvage = Salvage(aside.path)
                    self._portions = self._salvage.portions()

    def begin_anew(self, error: Damaged) -> None:
        """
        Put the damaged database aside, make a new one, and begin to take over what can be read.

        Raises as `Database.open` does.
        """
        aside = self._database.put_aside()
        self._say(f"the database is damaged ({error}): put aside as {aside}, a new one is begun")
        self._salvage = Salvage(aside)
        self._portions = self._salvage.portions()
        self._database.open()
        self.go_on()  # the totals, and the number of the newest event: before anything new

    def go_on(self) -> None:
        """Take over the next portion of a damaged database; at its end note what came of it."""
        assert self._salvage is not None
        self._portion = self._portion or next(self._portions, None)
        try:
            if self._portion is None:
                set_aside.write_result(self._salvage.path, self._salvage.events, self._salvage.lost)
                self._say(f"taken over: {self._salvage.events} events; {self._salvage.lost} rows could not be read")
                self._salvage = None
                self._after_salvage()
            else:
                self._database.commit(self._portion, give_up)
                self._portion = None
        except (sqlite3.Error, OSError, StoreError, Unsettled, Damaged) as error:
            self._outage.note(error)

    def _after_salvage(self) -> None:
        """Go on with another one that was put aside and is not taken over yet."""
        for aside in set_aside.all_aside(self._database.path):
            if not aside.over:
                self._salvage = Salvage(aside.path)
                self._portions = self._salvage.portions()
                return

    def close(self) -> None:
        """Let go of the file that is being read."""
        if isinstance(self._portions, Generator):
            self._portions.close()
