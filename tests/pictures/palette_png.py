"""
A picture of a screen with 128 colours: a third of its bytes.

The problem it owns: what a browser hands out is packed in haste, and the edges of letters have a thousand greys that nobody tells
apart. The colours that are seen most stay as they are; each of the others becomes the nearest of them.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 128
WIDE = 3
"""Bytes of a pixel: red, green, blue."""


def with_palette(picture: bytes) -> bytes:
    """Return *picture*, a PNG of 8 bits a colour without transparency, as one with a palette."""
    width, height, rows = _rows(picture)
    seen = Counter(row[at : at + WIDE] for row in rows for at in range(0, len(row), WIDE))
    palette = [colour for colour, _ in seen.most_common(COLOURS)]
    number = {colour: _nearest(palette, colour) for colour in seen}
    lines = (bytes(number[row[at : at + WIDE]] for at in range(0, len(row), WIDE)) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    parts = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", packed), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        length, kind = struct.unpack_from(">I4s", picture, at)
        yield kind, picture[at + 8 : at + 8 + length]
        at += 12 + length


def _rows(picture: bytes) -> tuple[int, int, list[bytes]]:
    """Return (width, height, the rows of pixels) of *picture*."""
    chunks = list(_chunks(picture))
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[0][1])
    assert kind == [8, 2, 0, 0, 0], kind
    packed = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    length = width * WIDE + 1
    rows = [bytes(width * WIDE)]
    for at in range(0, height * length, length):
        rows.append(_unfiltered(packed[at], packed[at + 1 : at + length], rows[-1]))
    return width, height, rows[1:]


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    """Return the row that *line* says, given the one *above* and by which of them it was guessed."""
    if kind == 0:
        return line
    if kind == 2:
        return bytes((one + up) & 255 for one, up in zip(line, above, strict=True))
    row = bytearray(WIDE) + line  # three bytes of nothing stand to the left
    corner = bytes(WIDE) + above
    for at in range(WIDE, len(row)):
        left, up, over = row[at - WIDE], corner[at], corner[at - WIDE]
        guess = left if kind == 1 else (left + up) // 2 if kind == 3 else _paeth(left, up, over)
        row[at] = (row[at] + guess) & 255
    return bytes(row[WIDE:])


def _paeth(left: int, up: int, over: int) -> int:
    """Return the one of the three that *left* + *up* - *over* is nearest to."""
    by_left, by_up, by_over = abs(up - over), abs(left - over), abs(left + up - 2 * over)
    if by_left <= by_up and by_left <= by_over:
        return left
    return up if by_up <= by_over else over


def _nearest(palette: list[bytes], colour: bytes) -> int:
    return min(range(len(palette)), key=lambda number: sum((a - b) ** 2 for a, b in zip(palette[number], colour, strict=True)))
