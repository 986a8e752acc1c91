"""
The database as the writer has it: open at its path, and only as long as it is what stands there.

A file that was moved, deleted, restored or overwritten is noticed before each commit and after it; then what stands at
the path now is opened, or made, and the commit done there. What had been committed to a file that was taken away is
brought into that file whole before it is let go.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable

from cclaunch.store import lineage, log_owner, set_aside
from cclaunch.store.connection import connect, fold_back
from cclaunch.store.damage import SUSPECT, damage_named, look_through, mark_suspect
from cclaunch.store.file_identity import CONTENT, FILE, SAME, Files, FileState, difference, file_state, file_states
from cclaunch.store.letting_go import abandon, leave, log_is_empty
from cclaunch.store.preparing import prepare_database

MOVES = 5
"""So often in a row another file may stand at the path; then the commit fails, and is tried again later."""

QUIET_S = 0.5
"""A file that somebody writes is left alone until nothing has changed for so long."""

LARGEST_LOG = 4 << 20
"""Bytes of a log that is folded back although more is received."""


class Unsettled(Exception):
    """Somebody is replacing the database just now."""


class Database:
    """
    The writer's connection to the database at *path*. Of one thread.

    Attributes:
        path: The real path: SQLite keeps the log beside it, not beside a link.
        clean: Whether all that was committed is in the file itself, and nothing in its log.
    """

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        self._asked_for = path
        self._say = say
        self._connection: sqlite3.Connection | None = None
        self._known = Files(None, None, None)
        self._version = 0
        self._clean = True
        self._unquiet: tuple[FileState | None, float] | None = None

    @property
    def path(self) -> str:
        """Return the path without links: a link may lead elsewhere by now."""
        return os.path.realpath(self._asked_for)

    @property
    def clean(self) -> bool:
        """Say whether all that was committed is in the database itself, and nothing in its log."""
        return self._clean

    def stands(self) -> bool:
        """Say whether the file that is open is the one at the path. Any thread may ask."""
        known = self._known.database
        return known is not None and known.is_file(file_state(self._asked_for))

    def open(self) -> None:
        """Open what stands at the path, or make it. Raises StoreError, Damaged, OSError, sqlite3.Error."""
        if self._connection is None:
            with damage_named():
                self._connection = self._open(self.path)

    def commit(self, work: Callable[[sqlite3.Connection], None], asked: Callable[[], None]) -> None:
        """
        Do *work* in one transaction, in the file that stands at the path when it is over.

        Args:
            work: Inserts; it may be done more than once, and what is stored already must not be stored again.
            asked: Called while another program holds the lock; raises when that has been waited for long enough.

        Raises:
            Damaged, Unsettled, StoreError, OSError, sqlite3.Error: Nothing was committed, or not where it should be.
        """
        for _ in range(MOVES):
            self.open()
            with damage_named():
                if self._committed(work, asked):
                    return
        raise Unsettled("it is replaced over and over")

    def _committed(self, work: Callable[[sqlite3.Connection], None], asked: Callable[[], None]) -> bool:
        connection = self._begun(asked)
        try:
            if not self._settled(connection):
                return False
            work(connection)
            lineage.advance(connection)
            connection.execute("COMMIT")
        except BaseException:
            if self._connection is not None and connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
        self._clean = False
        if self._known.log is None:
            self._known = file_states(self.path)._replace(database=self._known.database)
        return self._settled(connection)

    def _begun(self, asked: Callable[[], None]) -> sqlite3.Connection:
        """Begin a transaction that may write, however often another one must be waited for."""
        assert self._connection is not None
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return self._connection
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (5, 6):  # BUSY, LOCKED
                    raise
                asked()

    def _settled(self, connection: sqlite3.Connection) -> bool:
        """Say whether what is open is what stands at the path; if not, let go of it. Raises Unsettled."""
        differs = difference(self._known, file_states(self.path))
        if differs == CONTENT and self._others_commit(connection):
            self._known = file_states(self.path)
            log_owner.note(self.path, self._known, log_owner.SETTLED)
            return True
        if differs == SAME:
            return True
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if differs == CONTENT and not self._is_quiet():
            raise Unsettled("another program is writing over it")
        self._let_go(differs)
        return False

    def _others_commit(self, connection: sqlite3.Connection) -> bool:
        """Say whether the content changed because another program has committed through SQLite, as is right and proper."""
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        changed, self._version = version != self._version, version
        return changed

    def _is_quiet(self) -> bool:
        """Say whether the file has stayed as it is for a while: a copy over it takes its time."""
        now = file_state(self.path)
        before, since = self._unquiet or (None, 0.0)
        if self._unquiet is None or before != now:
            self._unquiet = (now, time.monotonic())
            return False
        if time.monotonic() - since < QUIET_S:
            return False
        self._unquiet = None
        return True

    def _let_go(self, differs: str) -> None:
        """Close the connection so that neither its file nor the one at the path is harmed."""
        connection, self._connection = self._connection, None
        assert connection is not None
        path, known = self.path, self._known
        if differs == CONTENT:
            self._say(f"{path} was written over by another program: it is opened anew")
            abandon(connection, path, clean=log_is_empty(path, known))
            mark_suspect(path)
        else:
            what = "moved, deleted or replaced" if differs == FILE else "left without its log"
            self._say(f"{path} was {what}: what stands there now is opened")
            leave(connection, path, known, replaced=differs == FILE)
        self._clean = True
        self._known = Files(None, None, None)

    def drop(self) -> None:
        """Forget the connection: after an error its state is unknown, and a fresh one may work."""
        connection, self._connection = self._connection, None
        if connection is not None:
            path = self.path
            if difference(self._known, file_states(path)) == CONTENT:
                abandon(connection, path, clean=log_is_empty(path, self._known))
            else:
                log_owner.note(path, self._known, log_owner.SETTLING)  # the last one to close it folds the log back
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
        self._known = Files(None, None, None)

    def settle(self) -> None:
        """Bring what was committed from the log into the database: a copy of the one file is whole then. Never raises."""
        connection = self._connection
        if connection is None or self._clean:
            return
        if difference(self._known, file_states(self.path)) != SAME:
            return
        with contextlib.suppress(sqlite3.Error):
            self._version = int(connection.execute("PRAGMA data_version").fetchone()[0])
            log_owner.note(self.path, self._known, log_owner.SETTLING)
            self._clean = fold_back(connection)
        self._look_again()  # also when the disk took a part only

    def _look_again(self) -> None:
        """Know the database as it is now, after a change of our own; another one at its path stays a stranger."""
        now = file_state(self.path)
        if self._known.database is not None and self._known.database.is_file(now):
            self._known = self._known._replace(database=now)
            log_owner.note(self.path, self._known, log_owner.SETTLED)

    def settle_large(self) -> None:
        """Do as ``settle`` when the log has grown large: nobody is idle for long enough."""
        log = file_state(self.path + "-wal")
        if log is not None and log.size > LARGEST_LOG:
            self.settle()

    def put_aside(self) -> str:
        """Put the damaged database aside and return where it is. Raises OSError."""
        path = self.path
        connection, self._connection = self._connection, None
        try:
            return set_aside.put_aside(path)
        finally:
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()  # moved: SQLite leaves it alone
            self._known = Files(None, None, None)
            with contextlib.suppress(OSError):
                os.unlink(path + SUSPECT)

    def suspected(self) -> bool:
        """Say whether a reader has met damage."""
        return os.path.exists(self.path + SUSPECT)

    def look_through(self) -> None:
        """Look for damage when somebody suspects it. Raises Damaged, and what `open` raises."""
        self.open()
        if self._connection is not None and self.suspected():
            with damage_named():
                look_through(self._connection, self.path)

    def close(self) -> None:
        """Close it; the log is folded back, unless the file is no longer what stands at the path."""
        if self._connection is not None:
            self._clean = False
            self.settle()
        self.drop()

    def _open(self, path: str) -> sqlite3.Connection:
        prepare_database(path, self._say)
        connection = connect(path)
        try:
            look_through(connection, path)
            self._version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        except BaseException:
            connection.close()
            raise
        self._known = file_states(path)
        log_owner.note(path, self._known, log_owner.SETTLED)
        self._clean = False
        self._unquiet = None
        return connection
