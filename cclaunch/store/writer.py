"""
Writing: many requests, one commit, and no promise before it.

One thread owns the database. While it commits, requests queue up; all that wait then go into the next transaction
together, so that the number of fsyncs follows the disk and not the number of clients. A future is resolved only after
COMMIT with ``synchronous=FULL``, in the file that stands at the path.

What cannot be committed just now is kept within bounds (`backlog`): who sent it may be gone when the database can be
written again. While another program locks the database, it is put down in a file beside it, and acknowledged; on a full
disk it is answered with StoreUnavailable, and kept in memory. A damaged database is put aside and
a new one begun (`salvage`).
"""

import contextlib
import os
import queue
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from cclaunch.errors import CclaunchError, StoreError
from cclaunch.store import set_aside, trouble
from cclaunch.store.backlog import Backlog, load, put_down
from cclaunch.store.connection import connect
from cclaunch.store.damage import Damaged, check, damage_named
from cclaunch.store.database import Database, Unsettled
from cclaunch.store.insert import Rows, insert, rows_of
from cclaunch.store.refused import Refused
from cclaunch.store.retention import fold
from cclaunch.store.rows import Batch
from cclaunch.store.salvage import Portion, Salvage
from cclaunch.store.schema import refuse_network

MOST_WAITING = 200_000
"""Rows that may wait for the disk; more are refused, and the exporter tries again."""

MOST_TOGETHER = 6_000
"""Rows of one transaction."""

PATIENCE_S = 1.0
"""How long a lock of another program is waited for before what waits is put down in a file."""

AGAIN_S = 0.25
"""The pause between two tries of what waits."""

IDLE_S = 1.0
"""The pause between two looks at what can be done when nothing is received."""

SETTLE_S = 0.1
"""When nothing was received for so long, the log is folded back into the database."""

UNSAVED = "-unsaved"
"""Behind the database's name: the file of what was acknowledged, or received before the end, and could not be committed."""


class StoreUnavailable(Exception):
    """Nothing could be committed just now (a full disk, a lock, too many waiting): the exporter may try again."""


class Unstorable(Exception):
    """A batch that no database takes, whatever its state: sending it again is no use."""


class Waiting(NamedTuple):
    """A batch that waits for its commit."""

    batch: Batch
    done: "Future[None]"


class Writer:
    """
    The only writer of the database at *path*.

    ``start`` opens and migrates (raises StoreError), ``submit`` promises, ``close`` commits what waits.

    Attributes:
        trouble: Why nothing can be committed just now, or an empty text.
        refused: What could not be kept.
    """

    def __init__(self, path: str, say: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self.trouble = ""
        self._say = say
        self._said = ""
        self._database = Database(path, say)
        self._backlog = Backlog()
        self.refused = Refused(path)
        self._salvage: Salvage | None = None
        self._portions: Iterator[Portion] = iter(())
        self._portion: Portion | None = None
        self._unsaved: list[str] = []
        self._is_locked = False
        self._look = False
        self._settled = False
        self._found: Damaged | None = None
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._waiting_rows = 0
        self._overflow = 0
        self._ending = False
        self._tried = threading.Event()
        self._count = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    @property
    def waiting(self) -> int:
        """Return how many rows wait in memory for a database that can be written."""
        return self._backlog.count

    def start(self) -> None:
        """Open the database, bring it to the present schema, and begin to write."""
        refuse_network(os.path.dirname(self.path))
        try:
            self._opened()
        except StoreError:
            raise
        except (sqlite3.Error, OSError, Unsettled, Damaged) as error:
            if not _is_lock(error):
                raise StoreError(trouble.describe(self.path, error)) from error
            self._trouble(error)  # it passes: until then memory keeps what comes
        self.refused.reserve()
        self._take_unsaved()
        self._thread.start()

    def _opened(self) -> None:
        """Open the database; put a damaged one aside first, and go on taking over what is not taken over yet."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._database.open()
                break
            except Damaged as error:
                self._begin_anew(error)
                break
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
        if self._salvage is None:
            for aside in set_aside.all_aside(self._database.path):
                if not aside.over:
                    self._salvage = Salvage(aside.path)
                    self._portions = self._salvage.portions()

    def submit(self, batch: Batch) -> "Future[None]":
        """
        Return a future that is resolved when *batch* is committed, or fails with StoreUnavailable or Unstorable.

        It cannot be cancelled: who gives up waiting (a client that hangs up) does not take the batch back. A batch that
        fails with StoreUnavailable is still committed when that is possible again, as long as there is room to keep it.
        """
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()
        rows = len(batch.events) + len(batch.points)
        with self._count:
            if self._waiting_rows + rows > MOST_WAITING:
                self._overflow += rows
                done.set_exception(StoreUnavailable("too much waits for the disk"))
                return done
            self._waiting_rows += rows
        self._queue.put(Waiting(batch, done))
        return done

    def close(self) -> None:
        """Commit what waits, write what cannot be committed into a file, fold the log back into the database, and stop."""
        if self._thread.is_alive():
            self._ending = True
            self._queue.put(None)
            self._thread.join()

    def tried(self, seconds: float) -> None:
        """Wait until what waits was tried once more, for at most *seconds*."""
        self._tried.clear()
        self._tried.wait(seconds)

    def sentence(self) -> str:
        """Return what is wrong with the store, with what waits for it; an empty text when all is well."""
        wrong = self.trouble
        if not wrong:
            return ""
        many = self._backlog.count
        place = os.path.basename(self.path) + UNSAVED if self._unsaved else "memory"
        return f"{many:,} record{'s wait' if many != 1 else ' waits'} in {place}: {wrong}" if many else wrong

    def _run(self) -> None:
        ending = False
        while not ending:
            together, ending = self._gather()
            try:
                self._turn(together, ending=ending)
            except Exception as error:  # nobody else would write: whatever it is, the next turn comes
                self._survive(error, together)
            self._tried.set()
        self._end()

    def _turn(self, together: list[Waiting], *, ending: bool) -> None:
        self._take_overflow()
        if together:
            self._commit(together)
        elif not ending:
            self._in_the_meantime()

    def _survive(self, error: Exception, together: list[Waiting]) -> None:
        """Go on after what nobody foresaw: say it, answer who waits, and begin with a fresh connection."""
        self._say(f"the writer goes on after {type(error).__name__}: {error}\n{traceback.format_exc()}")
        for item in together:
            if not item.done.done():
                self._answer(item, StoreUnavailable(f"{type(error).__name__}: {error}"))
        self._database.drop()

    def _gather(self) -> tuple[list[Waiting], bool]:
        """Wait for one batch, then take all that wait behind it; nothing when there is something else to do first."""
        together: list[Waiting] = []
        rows = 0
        try:
            item = self._queue.get(timeout=self._pause())
        except queue.Empty:
            return [], False
        while item is not None:
            together.append(item)
            rows += len(item.batch.events) + len(item.batch.points)
            if rows >= MOST_TOGETHER:
                return together, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return together, False
        return together, True

    def _pause(self) -> float | None:
        """Return how long to wait for a batch before something else is done, in seconds; None when there is nothing else."""
        if self.trouble or self._backlog.count:
            return AGAIN_S
        if self._salvage is not None:
            return 0.001
        if self._database.clean:
            return None
        return IDLE_S if self._settled else SETTLE_S

    def _in_the_meantime(self) -> None:
        """Do what there is to do while nothing is received."""
        if self.trouble or self._backlog.count:
            self._flush(0)
        elif self._salvage is not None:
            self._go_on_taking_over()
        else:
            self._settled = True
            self._database.settle()

    def _take_overflow(self) -> None:
        with self._count:
            rows, self._overflow = self._overflow, 0
        if rows:
            self.refused.count(rows, "too much waited for the disk")

    def _commit(self, together: list[Waiting]) -> None:
        """Commit *together* behind what waits already, or tell each why not. Whatever happens here, this thread goes on."""
        made = []
        for item in together:
            rows = self._rows(item)
            if rows is not None:
                made.append((item, rows))
        wrong = self._flush(0 if self.trouble else PATIENCE_S)
        if wrong is None:
            self._commit_made(made)
        else:
            for item, rows in made:
                self._keep(item, rows, wrong)
        self._settled = False
        self._database.settle_large()

    def _rows(self, item: Waiting) -> Rows | None:
        """Return the rows of *item*; None when it has been told that there can be none."""
        try:
            return rows_of(item.batch)
        except MemoryError as error:
            self._trouble(error)
            self.refused.count(len(item.batch.events) + len(item.batch.points), self.trouble)
            self._answer(item, StoreUnavailable(self.trouble))
        except Exception as error:  # a value that JSON does not take
            self._answer(item, Unstorable(f"it cannot be stored: {type(error).__name__}: {error}"))
        return None

    def _commit_made(self, made: list[tuple[Waiting, Rows]]) -> None:
        wrong = self._try([rows for _, rows in made], PATIENCE_S)
        if isinstance(wrong, Unstorable) and len(made) > 1:  # one of them is to blame, not all
            for one in made:
                self._commit_made([one])
            return
        for item, rows in made:
            if isinstance(wrong, StoreUnavailable):
                self._keep(item, rows, wrong)
            else:
                self._answer(item, wrong)

    def _keep(self, item: Waiting, rows: Rows, wrong: Exception) -> None:
        """Keep what could not be committed, and say so to who sent it; in a file that is on the disk, it is safe."""
        left = self._backlog.add(rows)
        if left:
            self.refused.add(rows, self.trouble or str(wrong))
        safe = not left and self._is_locked and rows.number and self._put_down(rows)
        self._answer(item, None if safe else wrong)

    def _put_down(self, rows: Rows) -> bool:
        """Write *rows*, which wait for a locked database, into the file beside it; return whether they are on the disk."""
        path = self._database.path + UNSAVED
        try:
            put_down(path, rows)
        except OSError as error:
            self._trouble(error)
            return False
        self._unsaved = [path]
        return True

    def _answer(self, item: Waiting, wrong: Exception | None) -> None:
        with self._count:
            self._waiting_rows -= len(item.batch.events) + len(item.batch.points)
        if wrong is None:
            item.done.set_result(None)
        else:
            item.done.set_exception(wrong)

    def _flush(self, patience: float) -> Exception | None:
        """Commit what waits in memory, the oldest first; return why that cannot be done."""
        if self.trouble and not self._backlog.count:
            return self._try([], patience)
        while self._backlog.count:
            first = self._backlog.first(MOST_TOGETHER)
            wrong = self._try(first, patience)
            if isinstance(wrong, Unstorable) and len(first) > 1:
                first = first[:1]
                wrong = self._try(first, patience)
            if isinstance(wrong, StoreUnavailable):
                return wrong
            if wrong is not None:
                self._say(f"left out: {wrong}")
            self._backlog.drop(len(first))
        for path in self._unsaved:
            with contextlib.suppress(OSError):
                os.unlink(path)
        self._unsaved = []
        return None

    def _try(self, rows: list[Rows], patience: float) -> Exception | None:
        """Commit *rows*; return None, StoreUnavailable (they can be stored later) or Unstorable (never)."""
        began = time.monotonic()

        def asked() -> None:
            if time.monotonic() - began >= patience or self._ending:
                raise _locked()

        try:
            try:
                self._look_if_asked()
                self._database.commit(lambda connection: insert(connection, rows), asked)
            except Damaged as error:
                self._begin_anew(error)
                self._database.commit(lambda connection: insert(connection, rows), asked)
        except Exception as error:
            if trouble.is_passing(error) or isinstance(error, Unsettled | Damaged):
                self._trouble(error)
                self._is_locked = _is_lock(error)
                if not _is_lock(error) and not isinstance(error, Unsettled):
                    self._database.drop()
                return StoreUnavailable(self.trouble)
            return Unstorable(f"it cannot be stored: {error}" if isinstance(error, sqlite3.Error) else _named(error))
        if self.trouble:
            self._say("the database can be written again")
        self.trouble = self._said = ""
        for one in rows:
            self.refused.stored(one)
        return None

    def _look_if_asked(self) -> None:
        """Look the database through where a reader or the maintenance has met damage. Raises Damaged, and as `open` does."""
        found, self._found = self._found, None
        if found is not None:
            raise found
        if self._look:
            self._look = False
            self._database.look_through()

    def _trouble(self, error: BaseException) -> None:
        """Note why nothing can be committed; the log has it once."""
        kind = f"{type(error).__name__} {getattr(error, 'sqlite_errorcode', '')}"
        if self.trouble and kind == self._said:
            return
        self._said = kind
        self.trouble = trouble.describe(self.path, error)
        self._say(f"{self.trouble}; what is received is kept, within bounds")

    def _begin_anew(self, error: Damaged) -> None:
        """Put the damaged database aside, make a new one, and begin to take over what can be read. Raises as `open` does."""
        aside = self._database.put_aside()
        self._say(f"the database is damaged ({error}): put aside as {aside}, a new one is begun")
        self._salvage = Salvage(aside)
        self._portions = self._salvage.portions()
        self._database.open()
        self._go_on_taking_over()  # the totals, and the number of the newest event: before anything new

    def _go_on_taking_over(self) -> None:
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
                self._database.commit(self._portion, _give_up)
                self._portion = None
        except (sqlite3.Error, OSError, StoreError, Unsettled, Damaged) as error:
            self._trouble(error)

    def _after_salvage(self) -> None:
        """Go on with another one that was put aside and is not taken over yet."""
        for aside in set_aside.all_aside(self._database.path):
            if not aside.over:
                self._salvage = Salvage(aside.path)
                self._portions = self._salvage.portions()
                return

    def look_after(self) -> None:
        """Have the writer look at what a reader suspects; called now and then."""
        self.refused.keep()
        if self._database.suspected():
            self._look = True
            self.submit(Batch())

    def _take_unsaved(self) -> None:
        """Take what the collector before could not commit; the file goes when it is committed."""
        path = self._database.path + UNSAVED
        if os.path.exists(path):
            for rows in load(path):
                if left := self._backlog.add(rows):
                    self.refused.count(left, "too much waited for the disk")
            self._unsaved = [path]

    def _end(self) -> None:
        """Commit what still waits, or write it into a file; then close."""
        wrong = self._flush(IDLE_S)
        if wrong is not None and self._backlog.count:
            path = self._database.path + UNSAVED
            try:
                self._backlog.save(path)
                self._say(f"{self._backlog.count} records could not be committed ({wrong}): they are in {path}")
            except (OSError, CclaunchError) as error:
                self.refused.count(self._backlog.count, trouble.describe(self.path, error))
                self._say(f"{self._backlog.count} records are lost: {trouble.describe(self.path, error)}")
        if isinstance(self._portions, Generator):
            self._portions.close()
        self._database.close()

    def maintain(self, now_ns: int) -> None:
        """Fold raw rows that are too old into the daily totals, on a connection of its own."""
        connection = connect(self._database.path)
        try:
            with damage_named():
                if self._database.suspected():
                    check(connection)
                fold(connection, now_ns)
        except Damaged as error:  # for the thread that owns the database
            self._found = error
            self.submit(Batch())
        finally:
            connection.close()


def _give_up() -> None:
    raise _locked()


def _locked() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def _is_lock(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (5, 6)


def _named(error: BaseException) -> str:
    return f"it cannot be stored: {type(error).__name__}: {error}"
