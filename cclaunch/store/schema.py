"""
What the database looks like, and how an older one becomes the present one.

Migrations are an ordered list of functions, numbered and recorded in ``user_version``. Only the writer
migrates; a reader that meets an older schema waits for the collector, and nobody touches a newer one.
"""

import json
import os
import sqlite3
from collections.abc import Callable

from cclaunch.errors import StoreBroken, StoreError, StoreTooNew

APPLICATION_ID = 0x63636C61
"""In the header of the file: tells our database from any other one."""

NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs")
"""SQLite's write-ahead log needs shared memory, which these do not give."""

FIRST = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    time_ns INTEGER NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    service TEXT,
    session_id TEXT,
    sequence INTEGER,
    prompt_id TEXT,
    request_id TEXT,
    model TEXT,
    profile TEXT,
    cost_usd_micros INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_creation_tokens INTEGER,
    duration_ms NUMERIC,
    check_nonce TEXT,
    attributes TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (time_ns);
CREATE INDEX events_by_name ON events (name, time_ns);
CREATE INDEX events_by_session ON events (session_id, time_ns);
CREATE INDEX events_by_check ON events (check_nonce) WHERE check_nonce IS NOT NULL;
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    temporality INTEGER NOT NULL,
    monotonic INTEGER NOT NULL,
    session_id TEXT,
    check_nonce TEXT,
    last_ns INTEGER NOT NULL,
    attributes TEXT NOT NULL
);
CREATE INDEX series_by_time ON series (last_ns);
CREATE TABLE points (
    series INTEGER NOT NULL REFERENCES series (id),
    start_ns INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, start_ns, time_ns)
) WITHOUT ROWID;
CREATE INDEX points_by_time ON points (time_ns);
CREATE TABLE daily (
    day TEXT NOT NULL,
    labels TEXT NOT NULL,
    requests INTEGER NOT NULL,
    cost_usd_micros INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_creation_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, labels)
) WITHOUT ROWID;
"""


def m0001_initial(connection: sqlite3.Connection) -> None:
    """Make events, series with their points, and the daily totals that outlive both."""
    for statement in FIRST.split(";\n"):
        if statement.strip():
            connection.execute(statement)


SECOND = (
    "CREATE TABLE shared (key INTEGER PRIMARY KEY, last_ns INTEGER NOT NULL, attributes TEXT NOT NULL)",
    "CREATE INDEX shared_by_time ON shared (last_ns)",
    "CREATE INDEX series_by_session ON series (session_id)",
    "ALTER TABLE events ADD COLUMN cache_1h_tokens INTEGER",
    "ALTER TABLE events ADD COLUMN shared INTEGER",
    "DROP TABLE daily",
    "CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL)",
    "INSERT INTO identity (one, name) VALUES (1, lower(hex(randomblob(16))))",
)


def name_anew(connection: sqlite3.Connection) -> None:
    """Have whoever read the database by its rowids read it again: rows have come between those that were there."""
    connection.execute("UPDATE identity SET name = lower(hex(randomblob(16)))")


def m0002_shared(connection: sqlite3.Connection) -> None:
    """
    Make room for what many events share, and give the database a name by which the ledger knows it.

    Rows that are there stay as they are (at once, however many): ``shared`` is NULL, and ``attributes`` is all they have.
    The daily totals go: the ledger counts, and no database of the first release was old enough to have any.
    """
    for statement in SECOND:
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (m0001_initial, m0002_shared)
SCHEMA_VERSION = len(MIGRATIONS)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dump(value: object) -> str:
    """Return *value* as compact JSON, the form of ``attributes``: equal values are equal texts."""
    return _encode(value)


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """
    Return the schema version of an open database; 0 for an empty one.

    Raises:
        StoreBroken: It is no database, or not one of ours.
        StoreTooNew: A newer release wrote it.
    """
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise StoreBroken(f"{path} is not a database: {error}", hint=f"move it away: mv {path} {path}.broken") from error
    if application != APPLICATION_ID and tables:
        raise StoreBroken(f"{path} is a database of another program", hint=f"move it away: mv {path} {path}.other")
    if found > SCHEMA_VERSION:
        raise StoreTooNew(
            f"{path} was written by a newer cclaunch (schema {found}, this one knows {SCHEMA_VERSION})",
            hint="upgrade cclaunch",
        )
    return found


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the database at *path* to the present schema, each step in a transaction of its own."""
    for number in range(version_of(connection, path) + 1, SCHEMA_VERSION + 1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if version_of(connection, path) < number:  # somebody else may have been faster
                MIGRATIONS[number - 1](connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")


def refuse_network(path: str, mounts: str = "/proc/self/mountinfo") -> None:
    """Raise StoreError when *path* lies on a network file system, where the database would be damaged sooner or later."""
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return  # no such file outside Linux; nothing to be learned
    target = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:
        head, _, tail = line.partition(" - ")
        fields = head.split()
        if len(fields) < 5 or not tail:
            continue
        point = fields[4].replace("\\040", " ")
        if (target == point or target.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, tail.split()[0]
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"{path} lies on a network file system ({kind} at {best}), where SQLite is not safe",
            hint="set CCLAUNCH_DATA_DIR to a directory on a local disk",
        )
