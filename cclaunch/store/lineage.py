"""
Which commit followed which: what tells a write-ahead log from that of another database.

SQLite replays a log that lies beside a database, whoever it belongs to: beside a restored backup, that of its
predecessor brings back pages of the one into the other. So each of our commits writes a mark: a random name of its own,
and that of the commit before. The first mark in a log says which database it goes on from.

The table is no part of the schema's versions: a release that does not know it leaves it alone, and the chain holds.
"""

import contextlib
import os
import sqlite3
import struct
from typing import NamedTuple

from cclaunch.store import log_owner

MAGIC = b"cclaunch\x01lineage\x02"
SIZE = 16
NOBODY = bytes(SIZE)
"""What the first commit of all follows."""

CREATE = "CREATE TABLE IF NOT EXISTS lineage (one INTEGER PRIMARY KEY CHECK (one = 1), mark BLOB NOT NULL)"
WRITE = "INSERT INTO lineage (one, mark) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET mark = excluded.mark"

MAGICS = (0x377F0682, 0x377F0683)
HEADER, FRAME = 32, 24
LEAF = 0x0D
LONGEST_LOG = 1 << 30
"""Bytes of a log that are looked through; the first mark decides, and lies at its beginning."""


class Mark(NamedTuple):
    """One commit's *name*, and the name of the one *before* it."""

    name: bytes
    before: bytes


def advance(connection: sqlite3.Connection) -> None:
    """Mark the transaction that is open as following the one before."""
    found = read_mark(connection)
    connection.execute(WRITE, (MAGIC + os.urandom(SIZE) + (found.name if found else NOBODY),))


def read_mark(connection: sqlite3.Connection) -> Mark | None:
    """Return the mark of the last commit, or None where none was ever made."""
    try:
        row = connection.execute("SELECT mark FROM lineage WHERE one = 1").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return _mark(row[0]) if row and isinstance(row[0], bytes) else None


def _mark(blob: bytes) -> Mark | None:
    begin = len(MAGIC)
    if len(blob) < begin + 2 * SIZE or not blob.startswith(MAGIC):
        return None
    return Mark(blob[begin : begin + SIZE], blob[begin + SIZE : begin + 2 * SIZE])


def _mark_of_page(page: bytes) -> Mark | None:
    """Return the mark on *page* when it is the table's: a leaf with one row, whose record begins a few bytes into its cell."""
    if page[0] != LEAF or page[3:5] != b"\0\1":
        return None
    cell = int.from_bytes(page[8:10], "big")
    at = page.find(MAGIC, cell, cell + 10 + len(MAGIC))
    return _mark(page[at : at + len(MAGIC) + 2 * SIZE]) if at >= 0 else None


BELONGS, STRANGE, GARBAGE, UNKNOWN = "belongs", "strange", "garbage", "unknown"


def judge_log(path: str) -> str:
    """
    Say whether the log beside the database at *path* goes on from it. Nobody of this process may have it open.

    Returns:
        BELONGS: It does, or it is empty. STRANGE: It goes on from another database. GARBAGE: It is no log.
        UNKNOWN: Neither the one nor the other can be told; SQLite's own rules must do.
    """
    try:
        size = os.path.getsize(path + "-wal")
    except OSError:
        return BELONGS
    if size == 0:
        return BELONGS
    marks, valid = marks_of(path + "-wal")
    if not valid:
        return GARBAGE
    if not marks and log_owner.compare(path) == log_owner.REPLACED:
        return STRANGE
    if not marks:
        return STRANGE if _is_empty(path) else UNKNOWN
    try:
        if _is_empty(path):
            return STRANGE  # SQLite would delete it
        stands = _stands(path)
    except (OSError, sqlite3.Error):
        return UNKNOWN  # a damaged one is put aside together with its log
    since = log_owner.compare(path)
    if since == log_owner.REPLACED:
        return STRANGE
    brought_in = stands in {mark.name for mark in marks}
    if since == log_owner.WRITTEN:  # by another program that folded the log back, or over it
        return BELONGS if brought_in else STRANGE if _is_sound(path) else UNKNOWN
    return BELONGS if brought_in or stands == marks[0].before else STRANGE


def _is_empty(path: str) -> bool:
    """Say whether the file at *path* holds nothing. Raises OSError."""
    return os.path.getsize(path) == 0


def _stands(path: str) -> bytes:
    """Return the name of the last commit in the database file at *path* without its log."""
    with contextlib.closing(_alone(path)) as connection:
        found = read_mark(connection)
    return found.name if found else NOBODY


def _is_sound(path: str) -> bool:
    """Say whether the database file at *path*, without its log, is free of damage."""
    try:
        with contextlib.closing(_alone(path)) as connection:
            return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]) == "ok"
    except sqlite3.Error:
        return False


def _alone(path: str) -> sqlite3.Connection:
    uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def marks_of(path: str) -> tuple[list[Mark], bool]:
    """Return (the marks in the log at *path*, the oldest first; whether it is a log of SQLite's at all)."""
    found: list[Mark] = []
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER)
            if len(header) < HEADER:
                return [], False
            magic, _, page, _ = struct.unpack(">4I", header[:16])
            if magic not in MAGICS or page < 512 or page > 65536 or page & (page - 1):
                return [], False
            if checksum(header[:24], (0, 0), big=bool(magic & 1)) != struct.unpack(">2I", header[24:32]):
                return [], False
            salts = header[16:24]
            while file.tell() < LONGEST_LOG:
                frame = file.read(FRAME + page)
                if len(frame) < FRAME + page or frame[8:16] != salts:
                    break
                mark = _mark_of_page(frame[FRAME:])
                if mark is not None and (not found or found[-1] != mark):
                    found.append(mark)
    except OSError:
        return [], False
    return found, True


def checksum(data: bytes, seed: tuple[int, int], *, big: bool) -> tuple[int, int]:
    """Return SQLite's checksum of *data* (a multiple of eight bytes), going on from *seed*."""
    first, second = seed
    words = struct.unpack(f"{'>' if big else '<'}{len(data) // 4}I", data)
    for position in range(0, len(words), 2):
        first = (first + words[position] + second) & 0xFFFFFFFF
        second = (second + words[position + 1] + first) & 0xFFFFFFFF
    return first, second
