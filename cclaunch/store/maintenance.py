"""
The work on the database beside the writing: deleting what is old, and looking for damage that a reader suspects.

It is asked for by other threads; what they find out is handed to the one that owns the database, which is woken by an
empty batch.
"""

import time

from cclaunch.store.connection import connect
from cclaunch.store.damage import Damaged, check_pages, damage_named
from cclaunch.store.database import LARGEST_LOG, Database
from cclaunch.store.file_identity import file_state
from cclaunch.store.retention import retain
from cclaunch.store.rows import Batch
from cclaunch.store.write_queue import WriteQueue


class _Ended(Exception):
    """The collector ends: what is left to delete is deleted another time."""


class Maintenance:
    """The maintenance of *database*, whose writer takes from *queue*."""

    def __init__(self, database: Database, queue: WriteQueue) -> None:
        self._database = database
        self._queue = queue
        self._look = False
        self._found: Damaged | None = None

    def look_after(self) -> None:
        """Have the writer look at what a reader suspects; called now and then."""
        if self._database.suspected():
            self._look = True
            self._queue.submit(Batch())

    def maintain(self, now_ns: int, read_to: int) -> None:
        """Delete raw rows that are too old and that the ledger has read (to the rowid *read_to*), on a connection of its own."""
        connection = connect(self._database.path)
        try:
            with damage_named():
                if self._database.suspected():
                    check_pages(connection)
                retain(connection, now_ns, read_to, pause=self._pause)
        except _Ended:
            return
        except Damaged as error:  # for the thread that owns the database
            self._found = error
            self._queue.submit(Batch())
        finally:
            connection.close()

    def _pause(self, seconds: float) -> None:
        """Let others write for so many seconds; have the log folded back when it has grown large, which its writer alone does."""
        if self._queue.ending:
            raise _Ended
        log = file_state(self._database.path + "-wal")
        if log is not None and log.size > LARGEST_LOG:
            self._queue.submit(Batch())
        time.sleep(seconds)

    def look_if_asked(self) -> None:
        """Look the database through where a reader or the maintenance has met damage. Raises as `Database.open` does."""
        found, self._found = self._found, None
        if found is not None:
            raise found
        if self._look:
            self._look = False
            self._database.look_through()
