"""
Columns that fit: a table laid out for a width, as lines of text.

The problem it owns: a terminal that wraps a table makes it unreadable. So what matters least is left out first, then long texts
are wrapped or cut; and where there is no width (a pipe), nothing is.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

GAP = "  "
LEAST = 10
"""Columns that a text is not made narrower than."""


class Column(NamedTuple):
    """
    A column of a table.

    Attributes:
        title: Its heading.
        right: Whether it is aligned to the right.
        fold: ``""``: as wide as its widest cell; ``"wrap"``: may go on in the next line; ``"late"``: only when nothing else
            is left; ``"cut"``: may end with ``…``.
        spare: 0: always there; of the others, the largest is left out first.
    """

    title: str
    right: bool = False
    fold: str = ""
    spare: int = 0


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
        if _whole([wide[one] for one in there]) <= room:
            break
        there.remove(at)
    folds = [columns[at].fold for at in there]
    shrunk = _shrunk([wide[at] for at in there], [fold in ("wrap", "cut") for fold in folds], room)
    return Table(there, _shrunk(shrunk, [bool(fold) for fold in folds], room))


def _whole(wide: Sequence[int]) -> int:
    return sum(wide) + len(GAP) * (len(wide) - 1)


def _shrunk(wide: list[int], may: Sequence[bool], room: int) -> list[int]:
    """Take what is too much from the widest of those that may be narrower, until they are equal."""
    wide = list(wide)
    too_much = _whole(wide) - room
    while too_much > 0:
        able = [at for at, allowed in enumerate(may) if allowed and wide[at] > LEAST]
        if not able:
            break
        widest = max(wide[at] for at in able)
        among = [at for at in able if wide[at] == widest]
        below = max([wide[at] for at in able if wide[at] < widest] + [LEAST])
        take = min(widest - below, -(-too_much // len(among)))
        for at in among:
            wide[at] -= take
        too_much = _whole(wide) - room
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
    """Return *text* in lines of at most *wide* columns, broken at spaces and commas where there are any."""
    found = []
    while width(text) > wide:
        end = wide
        while width(text[:end]) > wide:
            end -= 1
        at = max(text.rfind(" ", 0, end + 1), text.rfind(",", 0, end - 1) + 1)
        if at <= wide // 3:
            at = end
        found.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*found, text]
