"""
Writing: many requests, one commit, and no promise before it.

One thread owns the database. While it commits, requests queue up; all that wait then go into the next transaction
together, so that the number of fsyncs follows the disk and not the number of clients. A future is resolved only after
COMMIT with ``synchronous=FULL``, in the file that stands at the path.

What cannot be committed just now is kept within bounds (`unsaved`): who sent it may be gone when the database can be
written again. While another program locks the database, it is put down in a file beside it, and acknowledged; on a full
disk it is answered with StoreUnavailable, and kept in memory. A damaged database is put aside and a new one begun
(`taking_over`). Here is the thread and its turns; what a turn does to a batch is in `committing`.
"""

import os
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future

from cclaunch.errors import StoreError
from cclaunch.store import trouble
from cclaunch.store.committing import Committing
from cclaunch.store.damage import Damaged
from cclaunch.store.database import Database, Unsettled
from cclaunch.store.locks import is_lock
from cclaunch.store.maintenance import Maintenance
from cclaunch.store.outage import Outage
from cclaunch.store.refused import RefusalCount
from cclaunch.store.rows import Batch
from cclaunch.store.schema import refuse_network
from cclaunch.store.taking_over import TakingOver
from cclaunch.store.unsaved import Unsaved
from cclaunch.store.write_queue import StoreUnavailable, Waiting, WriteQueue

AGAIN_S = 0.25
"""The pause between two tries of what waits."""

IDLE_S = 1.0
"""The pause between two looks at what can be done when nothing is received."""

LONG_S = 3.0
"""A turn that takes longer may never end: the disk hangs."""

SETTLE_S = 0.1
"""When nothing was received for so long, the log is folded back into the database."""


class Writer:
    """
    The only writer of the database at *path*.

    ``start`` opens and migrates (raises StoreError), ``submit`` promises, ``close`` commits what waits.

    Attributes:
        path: As it was asked for, with its links.
        refused: What could not be kept.
    """

    def __init__(self, path: str, say: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._say = say
        self._database = Database(path, say)
        self._queue = WriteQueue()
        self._outage = Outage(path, say)
        self.refused = RefusalCount(path)
        self._unsaved = Unsaved(self._database, self._outage, self.refused, say)
        self._taking_over = TakingOver(self._database, self._outage, say)
        self._maintenance = Maintenance(self._database, self._queue)
        self._commits = Committing(
            self._database,
            self._queue,
            outage=self._outage,
            refused=self.refused,
            unsaved=self._unsaved,
            taking_over=self._taking_over,
            maintenance=self._maintenance,
            say=say,
        )
        self._settled = False
        self._began: float | None = None
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    @property
    def trouble(self) -> str:
        """Return why nothing can be committed just now, or an empty text."""
        return self._outage.trouble

    @property
    def waiting(self) -> int:
        """Return how many rows wait in memory for a database that can be written."""
        return self._unsaved.backlog.count

    def start(self) -> None:
        """Open the database, bring it to the present schema, and begin to write."""
        refuse_network(os.path.dirname(self.path))
        try:
            self._commits.open()
        except StoreError:
            raise
        except (sqlite3.Error, OSError, Unsettled, Damaged) as error:
            if not is_lock(error):
                raise StoreError(trouble.describe(self.path, error)) from error
            self._outage.note(error)  # it passes: until then memory keeps what comes
        self.refused.reserve()
        self._unsaved.take()
        self._thread.start()

    def submit(self, batch: Batch) -> "Future[None]":
        """
        Return a future that is resolved when *batch* is committed, or fails with StoreUnavailable or Unstorable.

        It cannot be cancelled: who gives up waiting (a client that hangs up) does not take the batch back. A batch that
        fails with StoreUnavailable is still committed when that is possible again, as long as there is room to keep it.
        """
        return self._queue.submit(batch)

    def close(self) -> None:
        """Commit what waits, write what cannot be committed into a file, fold the log back into the database, and stop."""
        if self._thread.is_alive():
            self._queue.end()
            self._thread.join()

    def tried(self, seconds: float) -> None:
        """Wait until what waits was tried once more, for at most *seconds*."""
        self._tried.clear()
        self._tried.wait(seconds)

    def stands(self) -> bool:
        """Say whether what was committed last went into the file that stands at the path now, nothing waits, and none hangs."""
        began = self._began
        hangs = began is not None and time.monotonic() - began > LONG_S
        return not self.trouble and not self.waiting and not hangs and self._database.stands()

    def sentence(self) -> str:
        """Return what is wrong with the store, with what waits for it; an empty text when all is well."""
        return self._unsaved.sentence()

    def _run(self) -> None:
        ending = False
        while not ending:
            together, ending = self._queue.gather(self._pause())
            self._began = time.monotonic()
            try:
                self._turn(together, ending=ending)
            except Exception as error:  # nobody else would write: whatever it is, the next turn comes
                self._survive(error, together)
            self._began = None
            self._tried.set()
        self._end()

    def _turn(self, together: list[Waiting], *, ending: bool) -> None:
        overflow = self._queue.take_overflow()
        if overflow:
            self.refused.count(overflow, "too much waited for the disk")
        if together:
            self._commits.commit(together)
            self._settled = False
        elif not ending:
            self._in_the_meantime()

    def _survive(self, error: Exception, together: list[Waiting]) -> None:
        """Go on after what nobody foresaw: say it, answer who waits, and begin with a fresh connection."""
        self._say(f"the writer goes on after {type(error).__name__}: {error}\n{traceback.format_exc()}")
        for item in together:
            if not item.done.done():
                self._queue.answer(item, StoreUnavailable(f"{type(error).__name__}: {error}"))
        self._database.drop()

    def _pause(self) -> float | None:
        """Return how long to wait for a batch before something else is done, in seconds; None when there is nothing else."""
        if self.trouble or self._unsaved.backlog.count:
            return AGAIN_S
        if not self._taking_over.is_over:
            return 0.001
        if self._database.clean:
            return None
        return IDLE_S if self._settled else SETTLE_S

    def _in_the_meantime(self) -> None:
        """Do what there is to do while nothing is received."""
        if self.trouble or self._unsaved.backlog.count:
            self._commits.flush(0)
        elif not self._taking_over.is_over:
            self._taking_over.go_on()
        else:
            self._settled = True
            self._database.settle()

    def look_after(self) -> None:
        """Have the writer look at what a reader suspects; called now and then."""
        self.refused.keep()
        self._maintenance.look_after()

    def _end(self) -> None:
        """Commit what still waits, or write it into a file; then close."""
        wrong = self._commits.flush(IDLE_S)
        if wrong is not None and self._unsaved.backlog.count:
            self._unsaved.save(wrong)
        self._taking_over.close()
        self._database.close()

    def maintain(self, now_ns: int, read_to: int) -> None:
        """Delete raw rows that are too old and that the ledger has read (to the rowid *read_to*), on a connection of its own."""
        self._maintenance.maintain(now_ns, read_to)
