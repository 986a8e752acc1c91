"""
What a terminal shows, as an SVG: text with the colours of SGR, on a background of its own.

The problem it owns: a picture in a README is seen on light and on dark pages, without our fonts, and nothing is fetched for it.
So every run of characters is told how wide it is, and a picture of the same text is the same to the byte.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

SGR = re.compile(r"\x1b\[([0-9;]*)m")
PIECE = re.compile(r"\S+(?: \S+)*")
"""What stands together: one space is a word's end, two are a column's."""

EIGHTHS = " ▏▎▍▌▋▊▉█"
"""What bars are made of: a character of the number n fills n eighths of its cell."""

CELL, LINE, SIZE, EDGE, TOP = 8.4, 20, 14, 20, 18
"""Pixels: the width of a character, the height of a line, of the letters, and what is left free beside and above the text."""

FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
STYLES = {"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "36": "c"}
"""SGR -> the class that draws it."""

SHEET = f"""\
*{{fill:#d0d7de}}
.page{{fill:#0d1117;stroke:#3d444d}}
text{{font:{SIZE}px {FONTS};white-space:pre}}
.b{{fill:#ffffff;font-weight:700}}
.d{{fill:#8b949e}}
.r{{fill:#ff7b72}}
.g{{fill:#56d364}}
.y{{fill:#e3b341}}
.c{{fill:#39c5cf}}"""


class Run(NamedTuple):
    """Characters that are drawn alike: in which *column* they begin, and their *style*, a class of ``SHEET`` or nothing."""

    column: int
    text: str
    style: str


def runs(line: str) -> Iterator[Run]:
    """Yield the runs of a *line*, whose style ends with it. Raises KeyError for an SGR that ``STYLES`` does not know."""
    column, style = 0, ""
    for at, part in enumerate(SGR.split(line)):
        if at % 2:
            style = "" if part in ("", "0") else STYLES[part]
            continue
        yield from (Run(column + piece.start(), piece[0], style) for piece in PIECE.finditer(part))
        column += len(part)


def svg(title: str, lines: Sequence[str], columns: int) -> str:
    """Return the SVG of *lines* on a terminal of *columns*; *title* is read to whoever sees no picture."""
    wide, high = round(2 * EDGE + columns * CELL), 2 * TOP + len(lines) * LINE
    drawn = [_drawn(number, run) for number, line in enumerate(lines) for run in runs(line)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{SHEET}\n</style>",
            f'<rect class="page" x="0.5" y="0.5" width="{wide - 1}" height="{high - 1}" rx="8"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _drawn(number: int, run: Run) -> str:
    left, base = EDGE + run.column * CELL, TOP + number * LINE + SIZE
    kind = f' class="{run.style}"' if run.style else ""
    if set(run.text) <= set(EIGHTHS):  # letters would show where each of them ends
        wide = sum(map(EIGHTHS.index, run.text)) / 8 * CELL
        return f'<rect{kind} x="{left:.1f}" y="{base - SIZE + 1}" width="{wide:.2f}" height="{LINE - 3}"/>'
    where = f'x="{left:.1f}" y="{base}" textLength="{len(run.text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text{kind} {where}>{escape(run.text)}</text>"
