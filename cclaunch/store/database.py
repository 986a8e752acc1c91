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
from collections.abc import Callable, Iterator

from cclaunch.errors import CclaunchError, StoreBroken, StoreError
from cclaunch.files.atomic import make_directory
from cclaunch.store import lineage, log_owner, set_aside
from cclaunch.store.damage import SUSPECT, is_damage, mark_suspect
from cclaunch.store.file_identity import CONTENT, FILE, SAME, Content, Files, difference, look, look_all
from cclaunch.store.schema import migrate, refuse_network, version_of

BUSY_MS = 250
"""How long SQLite itself waits for a lock; who wants to wait longer asks again, and can be ended meanwhile."""

MOVES = 5
"""So often in a row another file may stand at the path; then the commit fails, and is tried again later."""

QUIET_S = 0.5
"""A file that somebody writes is left alone until nothing has changed for so long."""

LARGEST_CHECKED = 256 << 20
"""Bytes of a database that is looked through at once when somebody else has written it; a larger one in its turn."""

LARGEST_LOG = 4 << 20
AWAY = ".away"


class Damaged(Exception):
    """The database is damaged; the text says what SQLite says."""


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
        self._unquiet: tuple[Content | None, float] | None = None

    @property
    def path(self) -> str:
        """Return the path without links: a link may lead elsewhere by now."""
        return os.path.realpath(self._asked_for)

    @property
    def clean(self) -> bool:
        """Say whether all that was committed is in the database itself, and nothing in its log."""
        return self._clean

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
            self._known = look_all(self.path)._replace(database=self._known.database)
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
        differs = difference(self._known, look_all(self.path))
        if differs == CONTENT and self._others_commit(connection):
            self._known = look_all(self.path)
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
        now = look(self.path)
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
            _abandon(connection, path, clean=self._log_is_empty(known))
            mark_suspect(path)
        else:
            what = "moved, deleted or replaced" if differs == FILE else "left without its log"
            self._say(f"{path} was {what}: what stands there now is opened")
            with contextlib.suppress(sqlite3.Error):  # the file that was taken away shall be whole
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with contextlib.suppress(sqlite3.Error):
                connection.close()
            if differs == FILE and known.log is not None and known.log.is_file(look(path + "-wal")):
                _forget_log(path)
            if differs == FILE and known.wal_index is not None and known.wal_index.is_file(look(path + "-shm")):
                set_aside.forget_index(path)
        self._clean = True
        self._known = Files(None, None, None)

    def _log_is_empty(self, known: Files) -> bool:
        log = look(self.path + "-wal")
        return log is None or log.size == 0 or not log.is_file(known.log)

    def drop(self) -> None:
        """Forget the connection: after an error its state is unknown, and a fresh one may work."""
        connection, self._connection = self._connection, None
        if connection is not None:
            path = self.path
            if difference(self._known, look_all(path)) == CONTENT:
                _abandon(connection, path, clean=self._log_is_empty(self._known))
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
        if difference(self._known, look_all(self.path)) != SAME:
            return
        with contextlib.suppress(sqlite3.Error):
            self._version = int(connection.execute("PRAGMA data_version").fetchone()[0])
            log_owner.note(self.path, self._known, log_owner.SETTLING)
            self._clean = _fold_back(connection)
        self._look_again()  # also when the disk took a part only

    def _look_again(self) -> None:
        """Know the database as it is now, after a change of our own; another one at its path stays a stranger."""
        now = look(self.path)
        if self._known.database is not None and self._known.database.is_file(now):
            self._known = self._known._replace(database=now)
            log_owner.note(self.path, self._known, log_owner.SETTLED)

    def settle_large(self) -> None:
        """Do as ``settle`` when the log has grown large: nobody is idle for long enough."""
        log = look(self.path + "-wal")
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
                _look_through(self._connection, self.path)

    def close(self) -> None:
        """Close it; the log is folded back, unless the file is no longer what stands at the path."""
        if self._connection is not None:
            self._clean = False
            self.settle()
        self.drop()

    def _open(self, path: str) -> sqlite3.Connection:
        _prepare(path, self._say)
        connection = connect(path)
        try:
            _look_through(connection, path)
            self._version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        except BaseException:
            connection.close()
            raise
        self._known = look_all(path)
        log_owner.note(path, self._known, log_owner.SETTLED)
        self._clean = False
        self._unquiet = None
        return connection


@contextlib.contextmanager
def damage_named() -> Iterator[None]:
    """Raise Damaged for what says that the file itself is broken."""
    try:
        yield
    except (sqlite3.DatabaseError, StoreBroken) as error:
        if is_damage(error) or (error.__cause__ is not None and is_damage(error.__cause__)):
            raise Damaged(str(error.__cause__ or error)) from error
        raise


def connect(path: str) -> sqlite3.Connection:
    """Return a connection that may write to the database at *path*, brought to the present schema. Raises as `open` does."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        version_of(connection, path)  # before anything is written: it may be somebody else's file
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # done by us, who know then what has changed the file
        migrate(connection, path)
        connection.execute(lineage.CREATE)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: str, say: Callable[[str], None]) -> None:
    """See to it that there is a file at *path* which may be opened, and no log beside it that is another's."""
    directory = os.path.dirname(path)
    try:
        make_directory(directory)
    except CclaunchError as error:
        raise StoreError(error.message, hint=error.hint) from error
    refuse_network(directory)
    if os.path.exists(path + AWAY) and not os.path.lexists(path):  # we died while it was out of the way
        os.rename(path + AWAY, path)
    if os.path.isdir(path):
        raise StoreError(f"{path} is a directory", hint=f"move it away: mv {path} {path}.directory")
    with contextlib.suppress(FileExistsError):  # never readable by others, whatever the umask
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    verdict = lineage.judge_log(path)
    if verdict in (lineage.STRANGE, lineage.GARBAGE):
        what = "goes on from another database" if verdict == lineage.STRANGE else "is no log"
        say(f"{path}-wal {what}: put aside as {set_aside.put_log_aside(path)}")


def _look_through(connection: sqlite3.Connection, path: str) -> None:
    """Look for damage where a reader has met some. Raises Damaged."""
    if not os.path.exists(path + SUSPECT):
        return
    found = look(path)
    if found is not None and found.size <= LARGEST_CHECKED:
        check(connection)
        with contextlib.suppress(OSError):
            os.unlink(path + SUSPECT)


def check(connection: sqlite3.Connection) -> None:
    """Look the whole database through. Raises Damaged, sqlite3.Error."""
    with damage_named():
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if said != "ok":
        raise Damaged(" ".join(said.split()))


def _fold_back(connection: sqlite3.Connection) -> bool:
    """Bring the log into the database and empty it; return whether that is done. Waits for no reader: later is soon enough."""
    _, frames, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if done < frames:
        return False
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def _abandon(connection: sqlite3.Connection, path: str, *, clean: bool) -> None:
    """
    Close a connection whose file was written over, so that nothing of its log gets into the new content.

    SQLite brings the log into the file at the last close, unless the file is not at its path.
    """
    away = path + AWAY
    moved = False
    if not clean:
        with contextlib.suppress(OSError):
            os.rename(path, away)
            moved = True
    try:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
    finally:
        if moved:
            os.rename(away, path)


def _forget_log(path: str) -> None:
    """Take the log of a database that is gone from the path; what is left in it was not brought into the database."""
    log = look(path + "-wal")
    with contextlib.suppress(OSError):
        if log is not None and log.size == 0:
            os.unlink(path + "-wal")
