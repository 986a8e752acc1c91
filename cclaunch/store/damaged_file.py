"""
A damaged database opened for reading only, also where its first page is gone: that of a new one stands in for it, since
the tables always begin at the same pages.
"""

import os
import sqlite3

from cclaunch.store import lineage
from cclaunch.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

TABLES = ("events", "series", "points")


def opened(path: str) -> sqlite3.Connection:
    """Return a connection that reads the database at *path*; text that is none is replaced. Raises sqlite3.Error."""
    uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=1, check_same_thread=False)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        tables = connection.execute(f"SELECT count(*) FROM sqlite_master WHERE name IN {TABLES}").fetchone()[0]
        if tables < len(TABLES):
            raise sqlite3.DatabaseError("tables are missing")
    except BaseException:
        connection.close()
        raise
    return connection


def put_first_page(path: str) -> None:
    """Write the first page of a new database of our schema over that of the file at *path*. Raises OSError."""
    new = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in MIGRATIONS:
            step(new)
        new.execute(lineage.CREATE)
        new.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        new.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        size = int(new.execute("PRAGMA page_size").fetchone()[0])
        page = bytearray(new.serialize()[:size])
    finally:
        new.close()
    pages = os.path.getsize(path) // size
    page[18:20] = b"\2\2"  # with a write-ahead log
    page[28:32] = pages.to_bytes(4, "big")
    page[32:40] = bytes(8)  # no free pages
    page[92:96] = page[24:28]
    with open(path, "r+b") as file:
        file.write(page)
