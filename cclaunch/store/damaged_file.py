"""
A damaged database opened for reading only, also where its first page is gone: that of a new one stands in for it.

The tables begin at pages that depend on how the database was made: by which release first, with or without the map that
gives space back, and whether it was packed since. Of all ways the one is taken whose tables begin where some do begin.
"""

import os
import sqlite3
from collections.abc import Iterator
from itertools import product
from typing import BinaryIO

from cclaunch.store import lineage
from cclaunch.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

TABLES = ("events", "series", "points")

OF_A_TABLE, OF_AN_INDEX = (0x05, 0x0D), (0x02, 0x0A)
"""First bytes of a page where a table or an index begins."""


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
    with open(path, "r+b") as file:
        page = max(_first_pages(), key=lambda one: _fitting(file, one[1], len(one[0])))[0]
        file.seek(0, os.SEEK_END)
        page[18:20] = b"\2\2"  # with a write-ahead log
        page[28:32] = (file.tell() // len(page)).to_bytes(4, "big")
        page[32:40] = bytes(8)  # no free pages
        page[92:96] = page[24:28]
        file.seek(0)
        file.write(page)


Roots = list[tuple[int, tuple[int, int]]]
"""Number of a page, and what it may begin with."""


def _first_pages() -> Iterator[tuple[bytearray, Roots]]:
    """Yield the first page of a database made in each way that there is, with the pages where its tables and indexes begin."""
    for upgraded, gives_back, packed in product((False, True), (False, True), (False, True)):
        new = sqlite3.connect(":memory:", isolation_level=None)
        try:
            new.execute(f"PRAGMA auto_vacuum = {'INCREMENTAL' if gives_back else 'NONE'}")
            MIGRATIONS[0](new)
            if upgraded:
                new.execute(lineage.CREATE)
            for step in MIGRATIONS[1:]:
                step(new)
            new.execute(lineage.CREATE)
            new.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            new.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            if packed:
                new.execute("VACUUM")
            size = int(new.execute("PRAGMA page_size").fetchone()[0])
            yield bytearray(new.serialize()[:size]), _roots(new)
        finally:
            new.close()


def _roots(connection: sqlite3.Connection) -> Roots:
    rows = connection.execute("SELECT rootpage, type, ifnull(sql, '') FROM sqlite_master")
    return [
        (root, OF_AN_INDEX if kind == "index" or sql.upper().endswith("WITHOUT ROWID") else OF_A_TABLE)
        for root, kind, sql in rows
    ]


def _fitting(file: BinaryIO, roots: Roots, size: int) -> int:
    """Return at how many of *roots* something begins in *file* as it should."""
    found = 0
    for root, kinds in roots:
        file.seek((root - 1) * size)
        found += file.read(1) in [bytes([kind]) for kind in kinds]
    return found
