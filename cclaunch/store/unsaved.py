"""
What could not be committed yet, in memory and in a file beside the database, until it is committed.

The file holds what was acknowledged while another program locked the database, and at the end of the collector all that
still waits: the next one goes on from it.
"""

import contextlib
import os
from collections.abc import Callable

from cclaunch.errors import CclaunchError
from cclaunch.store import trouble
from cclaunch.store.backlog import Backlog, load, put_down
from cclaunch.store.beside import UNSAVED
from cclaunch.store.database import Database
from cclaunch.store.insert import Rows
from cclaunch.store.outage import Outage
from cclaunch.store.refused import RefusalCount


class Unsaved:
    """
    The rows that wait for *database*. Of the writer's thread; who else asks how many wait may do so.

    Attributes:
        backlog: The same in memory, the oldest first.
    """

    def __init__(self, database: Database, outage: Outage, refused: RefusalCount, say: Callable[[str], None]) -> None:
        self.backlog = Backlog()
        self._database = database
        self._outage = outage
        self._refused = refused
        self._say = say
        self._unsaved: list[str] = []

    def take(self) -> None:
        """Take what the collector before could not commit; the file goes when it is committed."""
        path = self._database.path + UNSAVED
        if os.path.exists(path):
            for rows in load(path):
                if left := self.backlog.add(rows):
                    self._refused.count(left, "too much waited for the disk")
            self._unsaved = [path]

    def put_down(self, rows: Rows) -> bool:
        """Write *rows*, which wait for a locked database, into the file beside it; return whether they are on the disk."""
        path = self._database.path + UNSAVED
        try:
            put_down(path, rows)
        except OSError as error:
            self._outage.note(error)
            return False
        self._unsaved = [path]
        return True

    def forget(self) -> None:
        """Delete the file: all that is in it is committed."""
        for path in self._unsaved:
            with contextlib.suppress(OSError):
                os.unlink(path)
        self._unsaved = []

    def save(self, wrong: Exception) -> None:
        """Write what still waits at the end into the file, because of *wrong*; what it does not take is counted as lost."""
        path = self._database.path + UNSAVED
        try:
            self.backlog.save(path)
            self._say(f"{self.backlog.count} records could not be committed ({wrong}): they are in {path}")
        except (OSError, CclaunchError) as error:
            self._refused.count(self.backlog.count, trouble.describe(self._outage.path, error))
            self._say(f"{self.backlog.count} records are lost: {trouble.describe(self._outage.path, error)}")

    def sentence(self) -> str:
        """Return what is wrong with the store, with what waits for it; an empty text when all is well."""
        wrong = self._outage.trouble
        if not wrong:
            return ""
        many = self.backlog.count
        place = os.path.basename(self._outage.path) + UNSAVED if self._unsaved else "memory"
        return f"{many:,} record{'s wait' if many != 1 else ' waits'} in {place}: {wrong}" if many else wrong
