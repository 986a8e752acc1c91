"""
Columns that fit: a table laid out for a width, as lines of text.

The problem it owns: a terminal that wraps a table makes it unreadable. So what matters least is left out first, then long texts
are wrapped or cut; where even words would have to be broken, every row becomes a card; and where there is no width (a pipe),
nothing changes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

GAP = "  "
LEAST = 10
"""Columns that a text is not made narrower than."""

EARLY = 10
"""A column that is as spare as this is left out as soon as it would cost a text more than what is beyond ``MUCH`` columns."""

MUCH = 24

LONG_WORD = 40
"""Columns from which on a word may be broken."""

MOST_LINES = 6
"""A row of more lines is no row any more."""

WORD = re.compile(r"[^ ,]+,?")
PIECE = re.compile(r"[^-_/=.:]*[-_/=.:]+|[^-_/=.:]+")
"""What stays together where a word has to be broken, with the sign behind which it is."""

SIGNS = re.compile(r"[-_/=.:]+")


class Column(NamedTuple):
    """
    A column of a table.

    Attributes:
        title: Its heading.
        right: Whether it is aligned to the right.
        fold: ``""``: as wide as its widest cell; ``"wrap"``: may go on in the next line; ``"late"``: only when nothing else
            is left; ``"cut"``: may end with ``…``.
        spare: 0: always there; of the others, the largest is left out first.
        least: As narrow as this it becomes before one that is less spare than ``EARLY`` is left out; 0: only afterwards.
    """

    title: str
    right: bool = False
    fold: str = ""
    spare: int = 0
    least: int = 0

    def floor(self, wide: int, spare: int) -> int:
        """Return how narrow it becomes, of *wide* columns, before a column that is so *spare* is left out."""
        return min(MUCH if spare >= EARLY else self.least, wide) if self.least else wide


class Table(NamedTuple):
    """A table laid out: the *columns* that are there, by number, and how *wide* each of them is."""

    columns: list[int]
    wide: list[int]


Width = Callable[[str], int]
"""Text -> how many columns of a terminal it takes."""


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None, width: Width) -> Table:
    """Return which columns of *rows* fit into *room* columns of a terminal, and how wide they are; None: all, as they are."""
    wide = [max(map(width, (column.title, *(row[at] for row in rows)))) for at, column in enumerate(columns)]
    there = list(range(len(columns)))
    if room is None:
        return Table(there, wide)
    for at in sorted((at for at in there if columns[at].spare), key=lambda at: -columns[at].spare):
        if _whole([columns[one].floor(wide[one], columns[at].spare) for one in there]) <= room:
            break
        there.remove(at)
    shrunk = [wide[at] for at in there]
    for floor in FLOORS:
        floors = [floor(columns[at].fold, [row[at] for row in rows], width) for at in there]
        shrunk = _shrunk(shrunk, floors, room)
    return Table(there, shrunk)


def _to_words(fold: str, cells: Sequence[str], width: Width) -> int | None:
    """Texts that are cut give way, and those that are wrapped as long as no word is broken."""
    return LEAST if fold == "cut" else _longest(WORD, cells, width) if fold == "wrap" else None


def _to_pieces(fold: str, cells: Sequence[str], width: Width) -> int | None:
    return _longest(PIECE, cells, width) if fold == "late" else None


def _to_least(fold: str, cells: Sequence[str], width: Width) -> int | None:
    return LEAST if fold in ("cut", "wrap") else None


def _late_to_least(fold: str, cells: Sequence[str], width: Width) -> int | None:
    return LEAST if fold == "late" else None


FLOORS = (_to_words, _to_pieces, _to_least, _late_to_least)
"""What gives way, and how far, one after the other: (fold, cells, width) -> columns, None: it does not."""


def _longest(kind: re.Pattern[str], cells: Iterable[str], width: Width) -> int:
    """Return how wide the longest part of *kind* is, within the bounds that a column has."""
    return min(LONG_WORD, max((width(part) for cell in cells for part in kind.findall(cell)), default=LEAST))


def crowded(columns: Sequence[Column], table: Table, rows: Sequence[Sequence[str]], room: int, width: Width) -> bool:
    """Say whether the *table* is none any more: wider than *room*, with broken words, or with rows of many lines."""
    if _whole(table.wide) > room:
        return True
    wrapped_ones = [(at, wide) for at, wide in zip(table.columns, table.wide, strict=True) if columns[at].fold == "wrap"]
    if any(_longest(WORD, (row[at] for row in rows), width) > wide for at, wide in wrapped_ones):
        return True
    return any(sum(1 for _ in lines(columns, table, row, width)) > MOST_LINES for row in rows)


SILENT = ("", "-")
"""Cells that say that there is nothing."""

Said = Iterator[tuple[str, bool]]
"""Lines, and whether each is a heading."""


def told(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], names: int, below: int, room: int | None, width: Width
) -> Said:
    """
    Yield the lines of *rows*: a table; where it would be crowded, one whose last *below* columns stand below each row, or cards.

    Args:
        columns: What there is to say.
        rows: The cells, as they are shown.
        names: How many of the first columns say what a row is about.
        below: How many of the last columns may stand below.
        room: Columns of the terminal; None: no bound.
        width: Measures.
    """
    for count in dict.fromkeys((len(columns), len(columns) - below)):
        above, parts = columns[:count], [row[:count] for row in rows]
        table = fitted(above, parts, room, width)
        if room is None or not crowded(above, table, parts, room, width):
            yield from ((text, True) for text in lines(above, table, [column.title for column in above], width))
            for row, part in zip(rows, parts, strict=True):
                yield from ((text, False) for text in lines(above, table, part, width))
                yield from ((text, False) for text in _one_by_one(columns[count:], row[count:], room or 0, width))
            return
    for row in rows:
        yield from ((text, True) for text in wrapped(GAP.join(cell for cell in row[:names] if cell), room or 0, width))
        yield from ((text, False) for text in _one_by_one(columns[names:], row[names:], room or 0, width))


def _one_by_one(columns: Sequence[Column], row: Sequence[str], room: int, width: Width) -> Iterator[str]:
    """Yield a line or more for each cell that says something, with its title."""
    left = len(GAP) + max((width(column.title) for column in columns), default=0) + len(GAP)
    left = left if room - left >= LEAST else 2 * len(GAP)
    for column, cell in zip(columns, row, strict=True):
        if cell.strip() not in SILENT:
            first, *rest = wrapped(cell, max(room - left, LEAST), width)
            label = f"{GAP}{column.title}{GAP}"
            if width(label) > left:
                yield f"{GAP}{column.title}"
                label = ""
            yield label + " " * (left - width(label)) + first
            yield from (" " * left + line for line in rest)


def _whole(wide: Sequence[int]) -> int:
    return sum(wide) + len(GAP) * (len(wide) - 1)


def _shrunk(wide: list[int], floors: Sequence[int | None], room: int) -> list[int]:
    """Take what is too much from the widest of those that may be narrower (None: it may not), until they are equal."""
    wide = list(wide)
    while (too_much := _whole(wide) - room) > 0:
        able = [at for at, floor in enumerate(floors) if floor is not None and wide[at] > max(floor, LEAST)]
        if not able:
            break
        widest = max(wide[at] for at in able)
        among = [at for at in able if wide[at] == widest]
        below = max([wide[at] for at in able if wide[at] < widest] + [max(floors[at] or 0, LEAST) for at in among])
        take = min(widest - below, -(-too_much // len(among)))
        for at in among:
            wide[at] -= take
    return wide


def lines(columns: Sequence[Column], table: Table, row: Sequence[str], width: Width) -> Iterator[str]:
    """Yield the lines of one *row*: more than one where a text is wrapped."""
    cells = [_folded(row[at], wide, columns[at].fold, width) for at, wide in zip(table.columns, table.wide, strict=True)]
    for number in range(max(map(len, cells))):
        parts = []
        for at, wide, cell in zip(table.columns, table.wide, cells, strict=True):
            text = cell[number] if number < len(cell) else ""
            room = " " * max(wide - width(text), 0)
            parts.append(room + text if columns[at].right else text + room)
        yield GAP.join(parts).rstrip()


def _folded(text: str, wide: int, fold: str, width: Width) -> list[str]:
    if not fold or width(text) <= wide:
        return [text]
    return [cut(text, wide, width)] if fold == "cut" else wrapped(text, wide, width)


def cut(text: str, wide: int, width: Width) -> str:
    """Return *text* in at most *wide* columns; what is left out is ``…``."""
    if width(text) <= wide:
        return text
    end = min(len(text), wide)
    while end and width(text[:end]) > wide - 1:
        end -= 1
    return f"{text[:end]}…"


def wrapped(text: str, wide: int, width: Width) -> list[str]:
    """Return *text* in lines of at most *wide* columns, broken at spaces and commas where there are any, else inside words."""
    found = []
    while width(text) > wide:
        end = wide
        while width(text[:end]) > wide:
            end -= 1
        at = max(text.rfind(" ", 0, end + 1), text.rfind(",", 0, end - 1) + 1)
        if at <= wide // 3:
            at = max((at for found in SIGNS.finditer(text, 0, end) if (at := found.end()) > wide // 3), default=end)
        found.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*found, text]


def size(count: int) -> str:
    """Return a number of bytes for people: ``512 B``, ``1.5 MB``."""
    if count < 1000:
        return f"{count} B"
    amount, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount >= 1000:
            amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}"
