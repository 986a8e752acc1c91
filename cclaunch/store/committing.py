"""
The commit of what was received: what becomes of each batch, and what its sender is told.

No promise before the COMMIT. What cannot be committed just now is kept within bounds; a batch that no database takes is
told so, and does not keep the others back.
"""

import sqlite3
import time
from collections.abc import Callable

from cclaunch.store import trouble
from cclaunch.store.damage import Damaged
from cclaunch.store.database import Database, Unsettled
from cclaunch.store.insert import Rows, insert_rows, rows_of
from cclaunch.store.locks import is_lock, locked
from cclaunch.store.maintenance import Maintenance
from cclaunch.store.outage import Outage
from cclaunch.store.refused import RefusalCount
from cclaunch.store.taking_over import TakingOver
from cclaunch.store.unsaved import Unsaved
from cclaunch.store.write_queue import MOST_TOGETHER, StoreUnavailable, Unstorable, Waiting, WriteQueue

PATIENCE_S = 1.0
"""How long a lock of another program is waited for before what waits is put down in a file."""


class Committing:
    """The commits into *database* of what comes from *queue*. Of the writer's thread."""

    def __init__(
        self,
        database: Database,
        queue: WriteQueue,
        *,
        outage: Outage,
        refused: RefusalCount,
        unsaved: Unsaved,
        taking_over: TakingOver,
        maintenance: Maintenance,
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._queue = queue
        self._outage = outage
        self._refused = refused
        self._unsaved = unsaved
        self._taking_over = taking_over
        self._maintenance = maintenance
        self._say = say
        self._is_locked = False

    def open(self) -> None:
        """Open the database; put a damaged one aside first, and go on taking over what is not taken over yet."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._database.open()
                break
            except Damaged as error:
                self._taking_over.begin_anew(error)
                break
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
        self._taking_over.resume()

    def commit(self, together: list[Waiting]) -> None:
        """Commit *together* behind what waits already, or tell each why not. Whatever happens here, this thread goes on."""
        made = []
        for item in together:
            rows = self._rows(item)
            if rows is not None:
                made.append((item, rows))
        wrong = self.flush(0 if self._outage.trouble else PATIENCE_S)
        if wrong is None:
            self._commit_made(made)
        else:
            for item, rows in made:
                self._keep(item, rows, wrong)
        self._database.settle_large()

    def _rows(self, item: Waiting) -> Rows | None:
        """Return the rows of *item*; None when it has been told that there can be none."""
        try:
            return rows_of(item.batch)
        except MemoryError as error:
            self._outage.note(error)
            self._refused.count(len(item.batch.events) + len(item.batch.points), self._outage.trouble)
            self._queue.answer(item, StoreUnavailable(self._outage.trouble))
        except Exception as error:  # a value that JSON does not take
            self._queue.answer(item, Unstorable(f"it cannot be stored: {type(error).__name__}: {error}"))
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
                self._queue.answer(item, wrong)

    def _keep(self, item: Waiting, rows: Rows, wrong: Exception) -> None:
        """Keep what could not be committed, and say so to who sent it; in a file that is on the disk, it is safe."""
        left = self._unsaved.backlog.add(rows)
        if left:
            self._refused.add(rows, self._outage.trouble or str(wrong))
        safe = not left and self._is_locked and rows.number and self._unsaved.put_down(rows)
        self._queue.answer(item, None if safe else wrong)

    def flush(self, patience: float) -> Exception | None:
        """Commit what waits in memory, the oldest first; return why that cannot be done. *patience*: seconds for a lock."""
        if self._outage.trouble and not self._unsaved.backlog.count:
            return self._try([], patience)
        while self._unsaved.backlog.count:
            first = self._unsaved.backlog.first(MOST_TOGETHER)
            wrong = self._try(first, patience)
            if isinstance(wrong, Unstorable) and len(first) > 1:
                first = first[:1]
                wrong = self._try(first, patience)
            if isinstance(wrong, StoreUnavailable):
                return wrong
            if wrong is not None:
                self._say(f"left out: {wrong}")
            self._unsaved.backlog.drop(len(first))
        self._unsaved.forget()
        return None

    def _try(self, rows: list[Rows], patience: float) -> Exception | None:
        """Commit *rows*; return None, StoreUnavailable (they can be stored later) or Unstorable (never)."""
        began = time.monotonic()

        def asked() -> None:
            if time.monotonic() - began >= patience or self._queue.ending:
                raise locked()

        try:
            try:
                self._maintenance.look_if_asked()
                self._database.commit(lambda connection: insert_rows(connection, rows), asked)
            except Damaged as error:
                self._taking_over.begin_anew(error)
                self._database.commit(lambda connection: insert_rows(connection, rows), asked)
        except Exception as error:
            if trouble.is_passing(error) or isinstance(error, Unsettled | Damaged):
                self._outage.note(error)
                self._is_locked = is_lock(error)
                if not is_lock(error) and not isinstance(error, Unsettled):
                    self._database.drop()
                return StoreUnavailable(self._outage.trouble)
            return Unstorable(f"it cannot be stored: {error}" if isinstance(error, sqlite3.Error) else _named(error))
        self._outage.over()
        for one in rows:
            self._refused.stored(one)
        return None


def _named(error: BaseException) -> str:
    return f"it cannot be stored: {type(error).__name__}: {error}"
