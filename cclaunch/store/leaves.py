"""
Rows of a table whose tree is broken: its leaf pages, read without SQLite.

When an inner page is damaged, the leaves below it are whole and nothing leads to them. A row of ``events`` is known by
its shape: the number of its columns, and a key that is a number, or twenty bytes in the first schema. Read from the
database file alone, without its log.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

LEAF = 0x0D
ADDED = 2
"""Columns that the second schema has added: a row of the first one is so many shorter."""

INTEGERS = (1, 2, 3, 4, 5, 6, 8, 9)
"""SQLite's serial types of a whole number."""

KEY_TYPE = 12 + 2 * 20
"""SQLite's serial type of a blob of twenty bytes."""

LARGEST_ROW = 64 << 20


Shape = Callable[[list[int]], bool]
"""Says by the serial types of its values whether a record is one that is looked for."""


def rows_of_events(path: str, columns: int) -> Iterator[tuple[Any, ...]]:
    """Yield (id, *columns) of every row that looks like an event, *columns* without the id, from the file at *path*."""

    def is_event(kinds: list[int]) -> bool:
        missing = columns + 1 - len(kinds)
        if missing not in (0, ADDED) or kinds[0] != 0:
            return False
        return kinds[1] == KEY_TYPE or (kinds[1] in INTEGERS and not missing)

    for rowid, values in _rows_of(path, is_event):
        yield (rowid, *values[1:], *[None] * (columns + 1 - len(values)))


def rows_of_shared(path: str) -> Iterator[tuple[Any, ...]]:
    """Yield (key, newest time, text) of every row that looks like one of ``shared``, from the file at *path*."""
    for rowid, values in _rows_of(path, lambda kinds: len(kinds) == 3 and kinds[0] == 0 and kinds[1] in INTEGERS):
        yield (rowid, *values[1:])


def _rows_of(path: str, shape: Shape) -> Iterator[tuple[int, list[Any]]]:
    """Yield (rowid, values) of every row of that *shape*."""
    with open(path, "rb") as file:
        size = struct.unpack(">H", file.read(18)[16:18])[0]
        size = 65536 if size == 1 else size
        if size < 512 or size & (size - 1):
            size = 4096
        file.seek(0, 2)
        pages = file.tell() // size
        for number in range(2, pages + 1):
            file.seek((number - 1) * size)
            page = file.read(size)
            if page[0] == LEAF:
                yield from _rows(file, page, size, pages, shape)


def _rows(file: Any, page: bytes, size: int, pages: int, shape: Shape) -> Iterator[tuple[int, list[Any]]]:
    cells = int.from_bytes(page[3:5], "big")
    for number in range(min(cells, size // 4)):
        try:
            at = int.from_bytes(page[8 + 2 * number : 10 + 2 * number], "big")
            length, at = _varint(page, at)
            rowid, at = _varint(page, at)
            if 0 < length <= LARGEST_ROW:
                values = _record(_payload(file, page, at, length, size, pages), shape)
                if values is not None:
                    yield rowid - (1 << 64) if rowid >= 1 << 63 else rowid, values
        except (IndexError, ValueError, struct.error, UnicodeDecodeError):
            continue


def _payload(file: Any, page: bytes, at: int, length: int, size: int, pages: int) -> bytes:
    """Return the record that begins at *at*; what does not fit into the page lies in a chain of others."""
    most, least = size - 35, (size - 12) * 32 // 255 - 23
    if length <= most:
        return page[at : at + length]
    here = least + (length - least) % (size - 4)
    here = here if here <= most else least
    found = bytearray(page[at : at + here])
    following = int.from_bytes(page[at + here : at + here + 4], "big")
    for _ in range(length // (size - 4) + 2):
        if not 1 < following <= pages or len(found) >= length:
            break
        file.seek((following - 1) * size)
        more = file.read(size)
        following = int.from_bytes(more[:4], "big")
        found += more[4:]
    if len(found) < length:
        raise ValueError("a part of the row is missing")
    return bytes(found[:length])


def _record(data: bytes, shape: Shape) -> list[Any] | None:
    """Return the values of a record of that *shape*; an id is stored as nothing."""
    end, at = _varint(data, 0)
    kinds = []
    while at < end:
        kind, at = _varint(data, at)
        kinds.append(kind)
    if not shape(kinds):
        return None
    values = []
    at = end
    for kind in kinds:
        value, at = _value(data, at, kind)
        values.append(value)
    return values


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Return (value, where the next one begins)."""
    if kind in (0, 8, 9):
        return (None, 0, 1)[(0, 8, 9).index(kind)], at
    if kind == 7:
        return struct.unpack(">d", data[at : at + 8])[0], at + 8
    if kind < 7:
        length = (0, 1, 2, 3, 4, 6, 8)[kind]
        return int.from_bytes(data[at : at + length], "big", signed=True), at + length
    if kind < 12:
        raise ValueError("no value has this type")
    length = (kind - 12) // 2
    piece = data[at : at + length]
    if len(piece) < length:
        raise ValueError("a value ends too early")
    return piece if kind % 2 == 0 else piece.decode("utf-8"), at + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return (number, where the next thing begins)."""
    value = 0
    for number in range(9):
        byte = data[at + number]
        if number == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + number + 1
    raise ValueError("no number")
