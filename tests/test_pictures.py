"""The pictures of README: that they are current, that they fetch nothing, and how a terminal's text becomes one."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
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
