"""Columns that fit: what is left out, wrapped and cut, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.console import width
from cclaunch.layout import EARLY, LEAST, Column, cut, fitted, lines, told, wrapped

TITLES = (
    Column("name"),
    Column("what it is about", fold="wrap"),
    Column("cost", right=True),
    Column("tokens", right=True, spare=1),
)
ROWS = [["first", "a sentence of some length, with a comma", "$1.00", "11.8M"], ["second", "-", "$12.50", "950"]]


def drawn(room: int | None) -> list[str]:
    """Return the lines of ROWS in *room* columns, the heading first."""
    table = fitted(TITLES, ROWS, room, width)
    every = [[column.title for column in TITLES], *ROWS]
    return [line for row in every for line in lines(TITLES, table, row, width)]


def test_without_a_bound_everything_is_there_in_one_line_each() -> None:
    """A pipe has no width."""
    assert drawn(None) == [
        "name    what it is about                           cost  tokens",
        "first   a sentence of some length, with a comma   $1.00   11.8M",
        "second  -                                        $12.50     950",
    ]


def test_what_matters_least_is_left_out_first() -> None:
    """Before any text is wrapped."""
    assert drawn(58)[0] == "name    what it is about                           cost"


def test_what_still_does_not_fit_is_wrapped_at_words() -> None:
    """A row then has more than one line, and figures stand in its first."""
    assert drawn(40) == [
        "name    what it is about            cost",
        "first   a sentence of some         $1.00",
        "        length, with a comma",
        "second  -                         $12.50",
    ]


def test_what_cannot_be_narrower_is_left_as_it_is() -> None:
    """A figure is never cut: it would be another one."""
    assert any("$12.50" in line for line in drawn(5))


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])), st.integers(LEAST, 60))
def test_a_text_that_is_wrapped_or_cut_is_never_wider(text: str, wide: int) -> None:
    """Whatever the characters; wrapped, nothing but spaces is lost."""
    assert width(cut(text, wide, width)) <= wide
    found = wrapped(text, wide, width)
    assert all(width(line) <= wide for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(st.lists(st.lists(st.text("ab ", max_size=60), min_size=4, max_size=4), min_size=1, max_size=5), st.integers(60, 160))
def test_a_table_is_as_wide_as_the_terminal_at_most(rows: list[list[str]], room: int) -> None:
    """As long as some column may give way."""
    columns = [Column("a", fold="wrap"), Column("b", fold="cut"), Column("c", fold="late"), Column("d", spare=1)]
    table = fitted(columns, rows, room, width)
    assert all(width(line) <= room for row in rows for line in lines(columns, table, row, width))


@pytest.mark.parametrize(("text", "shown"), [("short", "short"), ("exactly ten", "exactly t…"), ("", "")])
def test_a_cut_text_says_so(text: str, shown: str) -> None:
    """By the sign at its end."""
    assert cut(text, 10, width) == shown


SESSIONS = (
    Column("start"),
    Column("branch", fold="cut", spare=1, least=8),
    Column("models", fold="cut", spare=2, least=8),
    Column("tokens", right=True, spare=EARLY),
)
SESSION = ["2026-11-25", "feature/late-arrivals", "opus-5-5, sonnet-5", "11.8M"]


@pytest.mark.parametrize(
    ("room", "there"), [(61, [0, 1, 2, 3]), (60, [0, 1, 2]), (30, [0, 1, 2]), (29, [0, 1]), (20, [0, 1]), (19, [0])]
)
def test_a_text_gives_way_before_what_is_dear_and_after_what_is_not(room: int, there: list[int]) -> None:
    """A figure that few look at goes at once; a branch and the models are cut before one of them goes."""
    assert fitted(SESSIONS, [SESSION], room, width).columns == there


def test_a_very_long_text_drives_no_figure_out() -> None:
    """What it has beyond so many columns is not worth one."""
    long = [SESSION[0], "b" * 100, *SESSION[2:]]
    table = fitted(SESSIONS, [long], 10 + 24 + 18 + 6 + 6, width)

    assert table.columns == [0, 1, 2, 3]
    assert list(lines(SESSIONS, table, long, width)) == [f"2026-11-25  {'b' * 23}…  opus-5-5, sonnet-5   11.8M"]


@pytest.mark.parametrize(
    ("text", "wide", "found"),
    [
        ("OTEL_LOG_RAW_API_BODIES", 14, ["OTEL_LOG_RAW_", "API_BODIES"]),
        ("/home/me/.config/file.toml", 18, ["/home/me/.config/", "file.toml"]),
        ("a-name=of-several words", 12, ["a-name=of-", "several", "words"]),
        ("abcdefghijklmnop", 12, ["abcdefghijkl", "mnop"]),
        ("a-bcdefghijklmnop", 12, ["a-bcdefghijk", "lmnop"]),
    ],
)
def test_a_long_word_is_broken_behind_a_sign(text: str, wide: int, found: list[str]) -> None:
    """Where there is one that leaves a line of some length."""
    assert wrapped(text, wide, width) == found


@given(
    st.lists(st.lists(st.text("ab -/日", max_size=70), min_size=4, max_size=4), min_size=1, max_size=4),
    st.integers(16, 160),
    st.integers(0, 2),
)
def test_what_is_told_fits_whatever_the_cells_are(rows: list[list[str]], room: int, below: int) -> None:
    """As a table, with cells below the rows, or as cards; no letter is lost."""
    columns = [
        Column("name", fold="late"),
        Column("number", right=True),
        Column("text", fold="wrap"),
        Column("more", fold="wrap"),
    ]
    found = [text for text, _ in told(columns, rows, 1, below, room, width)]

    assert all(width(line) <= room for line in found)
    sent, shown = ("".join(sorted("".join(many))) for many in ([cell for row in rows for cell in row], found))
    assert shown.count("日") == sent.count("日")
    assert shown.count("/") == sent.count("/")


def test_without_a_bound_nothing_is_told_below() -> None:
    """A pipe gets the table."""
    assert [text for text, _ in told(TITLES, ROWS, 1, 2, None, width)] == drawn(None)
