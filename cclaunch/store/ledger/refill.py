"""
The ledger made whole again: missing, empty or damaged, it is filled from the last copy, and catch-up brings the rest.

The problem it owns: what is older than the raw events stands nowhere but in the ledger and its copies, so nothing that may hold a
request is ever overwritten: a damaged file is put aside whole, what can be read of it is taken over, and what is nobody's
ledger is left alone with a sentence.
"""

import contextlib
import itertools
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from typing import Any

from cclaunch.errors import StoreError
from cclaunch.store import set_aside
from cclaunch.store.damage import SUSPECT, UNREADABLE, Damaged, check_pages, damage_named, look_through
from cclaunch.store.ledger.copies import copies, sync
from cclaunch.store.ledger.insert import COLUMNS, add_up
from cclaunch.store.ledger.opening import only, open_to_write
from cclaunch.store.ledger.request import Request
from cclaunch.store.places import Places
from cclaunch.store.retention import RETENTION_NS

TOGETHER = 5_000
NAMELESS = "{}"
"""The set of a request whose own cannot be read; only one that is older than any raw event, which would bring it whole."""

ROWS = f"SELECT {COLUMNS} FROM requests ORDER BY time_ns {{0}}, key {{0}}"
PULL_REQUESTS = "SELECT session, since_ns, name FROM pull_requests ORDER BY session {0}, since_ns {0}"
TOMBSTONES = {
    "forgotten": "time_ns, key, request",
    "forgotten_rules": "since_ns, until_ns, rule",
    "forgotten_sessions": "session",
}


def opened(places: Places) -> sqlite3.Connection:
    """
    Return a connection that may write to the ledger, which is made or mended first where it must be. The lock is held.

    Raises:
        StoreTooNew: A newer release wrote it. StoreBroken: It is another program's.
        StoreError: Something else lies in its place.
        OSError, sqlite3.Error: It cannot be written.
    """
    path = places.ledger
    refuse_what_is_no_file(path)
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        restore(places)
    try:
        with damage_named():
            connection = open_to_write(path)
            try:
                look_through(connection, path)
            except BaseException:
                connection.close()
                raise
    except Damaged:
        begin_anew(places)
        connection = open_to_write(path)
    try:
        _take_over(connection, os.path.realpath(path))
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_what_is_no_file(path: str) -> None:
    """Raise StoreError when something lies at *path* that is no file, or a link that leads nowhere."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if os.path.islink(path) and not os.path.isdir(os.path.dirname(os.path.realpath(path))):
            raise StoreError(f"{path} is a link to {os.path.realpath(path)}, which is not there", hint=f"ls -l {path}") from None
        return
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}", hint=f"ls -ld {path}") from error
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise StoreError(f"{path} is {what}", hint=f"move it away: mv {path} {path}.other")


def restore(places: Places) -> str:
    """Put the newest copy that is sound in the place of the ledger, which is missing; return its path, or an empty text."""
    path = os.path.realpath(places.ledger)
    if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
        set_aside.put_log_aside(path)  # SQLite would replay it over whatever is put there
    set_aside.forget_index(path)
    for copy in copies(places.copies) if places.copies else ():
        import shutil  # dear, and rare

        temporary = f"{path}.new"
        shutil.copyfile(copy.path, temporary)
        os.chmod(temporary, 0o600)
        try:
            with contextlib.closing(open_to_write(temporary)) as connection:
                check_pages(connection)
                connection.execute("PRAGMA journal_mode = DELETE")  # all of it in the one file that is renamed
        except (sqlite3.Error, StoreError, Damaged):
            for suffix in set_aside.SUFFIXES:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary + suffix)
            continue
        sync(temporary)
        os.replace(temporary, path)
        return copy.path
    return ""


def begin_anew(places: Places) -> None:
    """Put the damaged ledger aside, and its last copy in its place."""
    path = os.path.realpath(places.ledger)
    set_aside.put_aside(path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path + SUSPECT)
    restore(places)


def _take_over(connection: sqlite3.Connection, path: str) -> None:
    """Take over what can be read of the damaged ledgers that were put aside for the one at *path*; goes on after a kill."""
    for aside in set_aside.all_aside(path):
        if not aside.over:
            lost = take_ledger(connection, aside.path)
            requests = connection.execute("SELECT ifnull(sum(requests), 0) FROM quarters").fetchone()[0]
            set_aside.write_result(aside.path, requests, lost)


def take_ledger(connection: sqlite3.Connection, path: str) -> int:
    """
    Take over what can be read of another ledger at *path*, which may be damaged; what is known, or was forgotten, stays so.

    Returns:
        The number of rows that were met and could not be read whole.
    """
    from cclaunch.store.ledger import other_seen, pull_requests  # rare
    from cclaunch.store.ledger.forget import drop_orphans

    try:
        other = only(path)
    except UNREADABLE:
        return 0
    with contextlib.closing(other):  # what cannot be read of it is passed over; what cannot be written is said, and done later
        other.text_factory = lambda data: data.decode("utf-8", "replace")
        _take_tombstones(connection, other)
        names, sets = (_readable(other, query) for query in ("SELECT id, name FROM sessions", "SELECT id, attributes FROM sets"))
        lost, border = 0, time.time_ns() - RETENTION_NS
        for rows in _together(_both_ends(other, ROWS)):
            whole = [row[3] in sets and (row[2] is None or row[2] in names) for row in rows]
            good = [
                Request._make((*row[:2], names.get(row[2]), sets.get(row[3], NAMELESS), *row[4:]))
                for row, is_whole in zip(rows, whole, strict=True)
                if is_whole or row[0] < border
            ]
            lost += len(rows) - len(good)
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                other_seen.insert(connection, other, good)
        for rows in _together(_both_ends(other, other_seen.ROWS)):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                add_up(connection, other_seen.take(connection, other, rows))
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            pull_requests.take_over(connection, _both_ends(other, PULL_REQUESTS), names)
            drop_orphans(connection)
    return lost


def _take_tombstones(connection: sqlite3.Connection, other: sqlite3.Connection) -> None:
    from cclaunch.store.ledger import other_seen
    from cclaunch.store.ledger.forget import forget_again

    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, columns in TOMBSTONES.items():
            query = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})"
            connection.executemany(query, _both_ends(other, f"SELECT {columns} FROM {table} ORDER BY 1 {{0}}"))
        other_seen.take_border(connection, other)
        forget_again(connection)


def _readable(other: sqlite3.Connection, query: str) -> dict[int, str]:
    return dict(_both_ends(other, query + " ORDER BY id {0}"))


def _both_ends(other: sqlite3.Connection, query: str) -> Iterator[Any]:
    """Yield the rows of *query*; where it comes to what cannot be read, also those from the other end up to there."""
    for way in ("ASC", "DESC"):
        try:
            yield from other.execute(query.format(way))
        except UNREADABLE:
            continue
        return


def _together(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(itertools.islice(rows, TOGETHER)):
        yield some
