"""
Writing: many requests, one commit, and no promise before it.

One thread owns the connection. While it commits, requests queue up; all that wait then go into the next
transaction together, so that the number of fsyncs follows the disk and not the number of clients. A future
is resolved only after COMMIT with ``synchronous=FULL``.
"""

import contextlib
import os
import queue
import sqlite3
import threading
from concurrent.futures import Future
from typing import NamedTuple

from cclaunch.collector.otlp import Batch, EventRow, PointRow
from cclaunch.errors import StoreError
from cclaunch.store.retention import fold
from cclaunch.store.schema import SCHEMA_VERSION, dump, migrate, refuse_network, version_of

MOST_WAITING = 200_000
"""Rows that may wait for the disk; more are refused, and the exporter tries again."""

MOST_TOGETHER = 20_000
"""Rows of one transaction."""

BUSY_MS = 5000

EVENT_COLUMNS = EventRow._fields
INSERT_EVENT = f"INSERT OR IGNORE INTO events ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"
INSERT_SERIES = (
    "INSERT INTO series (key, name, unit, temporality, monotonic, session_id, check_nonce, last_ns, attributes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET last_ns = max(last_ns, excluded.last_ns)"
    " RETURNING id"
)
INSERT_POINT = "INSERT OR IGNORE INTO points (series, start_ns, time_ns, value) VALUES (?, ?, ?, ?)"


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
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.trouble = ""
        self._connection: sqlite3.Connection | None = None
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._waiting_rows = 0
        self._count = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Open the database, bring it to the present schema, and begin to write."""
        refuse_network(os.path.dirname(self.path))
        try:
            self._open().close()
        except StoreError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot open {self.path}: {error}", hint="check the directory's owner, mode and space") from error
        self._connection = None
        self._thread.start()

    def submit(self, batch: Batch) -> "Future[None]":
        """
        Return a future that is resolved when *batch* is committed, or fails with StoreUnavailable or Unstorable.

        It cannot be cancelled: who gives up waiting (a client that hangs up) does not take the batch back.
        """
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()
        rows = len(batch.events) + len(batch.points)
        with self._count:
            if self._waiting_rows + rows > MOST_WAITING:
                done.set_exception(StoreUnavailable("too much waits for the disk"))
                return done
            self._waiting_rows += rows
        self._queue.put(Waiting(batch, done))
        return done

    def close(self) -> None:
        """Commit what waits, fold the log back into the database, and stop."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # never readable by others, whatever the umask
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            version_of(connection, self.path)  # before anything is written: it may be somebody else's file
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _run(self) -> None:
        while True:
            together, ending = self._gather()
            if together:
                self._commit(together)
            if ending:
                break
        if self._connection is not None:
            self._connection.close()

    def _gather(self) -> tuple[list[Waiting], bool]:
        """Wait for one batch, then take all that wait behind it."""
        together: list[Waiting] = []
        rows = 0
        item = self._queue.get()
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

    def _commit(self, together: list[Waiting]) -> None:
        """Commit *together*, or tell each why not. Whatever happens here, this thread goes on."""
        trouble = self._try([item.batch for item in together])
        if isinstance(trouble, Unstorable) and len(together) > 1:  # one of them is to blame, not all
            for item in together:
                self._commit([item])
            return
        with self._count:
            self._waiting_rows -= sum(len(item.batch.events) + len(item.batch.points) for item in together)
        for item in together:
            if trouble is None:
                item.done.set_result(None)
            else:
                item.done.set_exception(trouble)

    def _try(self, batches: list[Batch]) -> Exception | None:
        try:
            if self._connection is None:
                self._connection = self._open()
            self._transaction(self._connection, batches)
        except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.DataError, sqlite3.ProgrammingError) as error:
            return Unstorable(f"it cannot be stored: {error}")
        except (sqlite3.Error, OSError, StoreError, MemoryError) as error:
            self.trouble = f"cannot write {self.path}: {str(error) or type(error).__name__}"
            self._drop()
            return StoreUnavailable(self.trouble)
        except Exception as error:  # a value that Python or SQLite does not take
            return Unstorable(f"it cannot be stored: {type(error).__name__}: {error}")
        self.trouble = ""
        return None

    def _drop(self) -> None:
        """Forget the connection: after an error its state is unknown, and a fresh one may work."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _transaction(self, connection: sqlite3.Connection, batches: list[Batch]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self.trouble:  # prove that the disk takes something again, even when nothing waits
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            if not any(batch.events or batch.points for batch in batches):
                touch(connection)
            for batch in batches:
                connection.executemany(INSERT_EVENT, map(event_values, batch.events))
                for point in batch.points:
                    insert_point(connection, point)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def maintain(self, now_ns: int) -> None:
        """Fold raw rows that are too old into the daily totals, on a connection of its own."""
        connection = self._open()
        try:
            fold(connection, now_ns)
        finally:
            connection.close()


def touch(connection: sqlite3.Connection) -> None:
    """Write a page without changing anything: whoever submits nothing asks whether the disk takes something."""
    connection.execute(f"PRAGMA user_version = {connection.execute('PRAGMA user_version').fetchone()[0]}")


def event_values(row: EventRow) -> tuple[object, ...]:
    """Return the values of *row* in the order of the columns; the attributes become JSON."""
    return (*row[:-1], dump(row.attributes))


def insert_point(connection: sqlite3.Connection, row: PointRow) -> None:
    """Insert one point and, when it is the first of its kind, its series."""
    session = row.attributes.get("session.id")
    found = connection.execute(
        INSERT_SERIES,
        (
            row.series_key,
            row.name,
            row.unit,
            row.temporality,
            int(row.monotonic),
            session if isinstance(session, str) else None,
            row.check_nonce,
            row.time_ns,
            dump(row.attributes),
        ),
    ).fetchone()
    connection.execute(INSERT_POINT, (found[0], row.start_ns, row.time_ns, row.value))
