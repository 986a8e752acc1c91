"""The pictures of README: that they are current, that they fetch nothing, and how a terminal's text becomes one."""

import re
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import page_pictures
import pytest
from guard import REPOSITORY
from palette_png import COLOURS, SIGNATURE, with_palette
from readme import STORY, USAGE, pictures
from terminal_svg import CELL, EDGE, Run, runs, svg


def test_the_pictures_are_what_the_verbs_show_now() -> None:
    """`python tests/pictures/readme.py` writes them anew."""
    assert {path: path.read_text() == text for path, text in pictures().items()} == {USAGE: True, STORY: True}


@pytest.mark.parametrize("path", [USAGE, STORY], ids=lambda path: path.name)
def test_a_picture_fetches_nothing_and_has_a_background(path: Path) -> None:
    """No font, no image, no script, no address; the same on a light page and on a dark one."""
    text = path.read_text()
    first = next(one for one in ElementTree.fromstring(text) if one.tag.endswith("rect"))

    assert re.findall(r"https?://\S+?(?=\")|@import|@font-face|url\(|href|<script|<image", text) == ["http://www.w3.org/2000/svg"]
    assert first.get("class") == "page"  # an attribute for its colour would give way to the rule for all that is drawn
    assert ".page{fill:#0d1117;" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("path", [USAGE, STORY], ids=lambda path: path.name)
def test_nothing_is_drawn_beyond_the_edge(path: Path) -> None:
    """The widest line ends where the terminal does."""
    root = ElementTree.fromstring(path.read_text())
    ends = [float(one.get("x", 0)) + float(one.get("textLength", 0)) for one in root if one.tag.endswith("text")]

    assert max(ends) <= float(root.get("width", 0)) - EDGE + 0.1


def test_a_line_is_cut_where_its_style_changes_and_where_columns_are() -> None:
    """One space belongs to a text, two do not."""
    assert list(runs("\x1b[1mtwo words\x1b[0m  \x1b[31mred\x1b[0m end")) == [
        Run(0, "two words", "b"),
        Run(11, "red", "r"),
        Run(15, "end", ""),
    ]


def test_a_style_that_nobody_knows_is_refused() -> None:
    """A picture without it would not be what is seen."""
    with pytest.raises(KeyError):
        list(runs("\x1b[45mpurple\x1b[0m"))


def test_bars_are_as_long_as_their_characters_say() -> None:
    """Two cells and a half."""
    assert f'width="{2.5 * CELL:.2f}"' in svg("A bar", ["\x1b[32m██▌\x1b[0m"], 20)


def test_what_is_shown_is_no_markup() -> None:
    """Whatever a prompt says."""
    root = ElementTree.fromstring(svg("<a&b>", ["<b>&amp;"], 20))

    assert [one.text for one in root if one.tag.endswith(("title", "text"))] == ["<a&b>", "<b>&amp;"]


def test_the_page_is_shown_light_and_dark_and_weighs_little() -> None:
    """`python tests/pictures/page_pictures.py` makes both; a browser takes the one of its scheme."""
    files = sorted(page_pictures.DIRECTORY.iterdir())
    told = (REPOSITORY / "README.md").read_text()

    assert [path.name for path in files] == ["page-dark.png", "page-light.png"]
    assert sum(path.stat().st_size for path in files) <= page_pictures.MOST_BYTES
    assert all(f"docs/pictures/{path.name}" in told for path in files)
    assert "(prefers-color-scheme: dark)" in told


def png(rows: list[bytes], filters: list[int]) -> bytes:
    """Return a picture of *rows*, each written by a filter of its own; of the kind that a browser hands out."""
    packed, above = b"", bytes(len(rows[0]))
    for row, kind in zip(rows, filters, strict=True):
        packed += bytes([kind]) + bytes((one - guess(kind, row, above, at)) & 255 for at, one in enumerate(row))
        above = row
    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(packed)), (b"IEND", b"")
    return SIGNATURE + b"".join(struct.pack(">I", len(data)) + name + data + bytes(4) for name, data in parts)


def guess(kind: int, row: bytes, above: bytes, at: int) -> int:
    """Return what the filter *kind* of PNG expects in the place *at*."""
    left, over = (row[at - 3], above[at - 3]) if at >= 3 else (0, 0)
    up = above[at]
    near = min((left, up, over), key=lambda one: abs(left + up - over - one))
    return (0, left, up, (left + up) // 2, near)[kind]


def colours(made: bytes, wide: int) -> list[bytes]:
    """Return the rows of a picture with a palette, *wide* pixels each."""
    palette = made[made.index(b"PLTE") + 4 : made.index(b"IDAT") - 8]
    lines = zlib.decompress(made[made.index(b"IDAT") + 4 : made.index(b"IEND") - 8])
    rows = [lines[at + 1 : at + wide + 1] for at in range(0, len(lines), wide + 1)]
    return [b"".join(palette[3 * one : 3 * one + 3] for one in row) for row in rows]


def test_a_picture_of_few_colours_keeps_each_of_them() -> None:
    """Whichever filters it was packed with."""
    rows = [bytes((7 * at * (number + 1) + 31 * number) & 255 for at in range(18)) for number in range(5)]

    assert colours(with_palette(png(rows, [0, 1, 2, 3, 4])), 6) == rows


def test_of_too_many_colours_the_nearest_are_shown() -> None:
    """Those that are seen most stay."""
    many = b"".join(bytes((red, 0, 0)) for red in range(COLOURS))
    made = with_palette(png([many, many, many[:-6] + bytes((0, 0, 9, 9, 9, 9))], [0, 0, 0]))

    assert colours(made, COLOURS) == [many, many, many[:-6] + bytes((0, 0, 0, 9, 0, 0))]
