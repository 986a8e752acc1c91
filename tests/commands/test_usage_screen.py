"""The first screen as it is drawn: at every width, with and without block characters, whatever it is called."""

from datetime import date, timedelta

import pytest

from cclaunch.commands.usage.screen import BLOCKS, Canvas, Line, screen
from cclaunch.console import width
from cclaunch.reports.figures import NOTHING, Figures, together
from cclaunch.reports.overview import Overview, Share, Top

DAY = date(2026, 11, 25)
COSTS = (14.97, 18.42, 0, 0.0084, 21.3, 9.99, 12.5, 16, 0, 3.2, 18.1, 22.05, 30.74, 11.2)
DAYS = [
    (
        DAY - timedelta(days=13 - at),
        Figures(12 * at + 1, round(cost * 1_000_000), 9_000 * at, 80_000, 1_200_000 * at, 90_000) if cost else NOTHING,
    )
    for at, cost in enumerate(COSTS)
]
RECENT = together(figures for _, figures in DAYS)


def share(value: str | None, dollars: float) -> Share:
    """Return a share of so many dollars."""
    return Share(value, Figures(1, round(dollars * 1_000_000)))


FOUND = Overview(
    DAY,
    DAYS[-1][1],
    Figures(9, 64_030_000),
    Figures(9, 57_170_000),
    Figures(9, 216_180_000),
    286_000_000,
    DAYS,
    RECENT,
    [
        Top("model", [share("claude-opus-5-5-20261001", 116.01), share("claude-sonnet-5", 53.54), share("claude-haiku-5", 0.2)]),
        Top("project", [share("log-ingestion", 120.27), share("webshop", 56.31), share(None, 1.9)]),
        Top("cclaunch.profile", [share("data-eng", 100), share("shop", 78.48)]),
    ],
    date(2026, 9, 1),
)


def texts(columns: int, *, blocks: bool = True, found: Overview = FOUND) -> list[str]:
    """Return the lines as texts."""
    return ["".join(text for text, _ in line).rstrip() for line in screen(found, Canvas(columns, blocks))]


def styles(lines: list[Line]) -> set[tuple[str, str]]:
    """Return what is styled, and how."""
    return {(text.strip(), style) for line in lines for text, style in line if style}


def test_at_80_columns_it_is_read_in_one_look() -> None:
    """Head, fourteen days, what it went for; less than 24 lines."""
    assert texts(80) == [
        "Today $11.20   this week $64.03 (+12 %)   November $216.18, on pace for $286",
        "last 14 days, $178.48                                             cache hit 98 %",
        "Thu 12  $14.97    ████████████████████▌                         1 req   170k tok",
        "Fri 13  $18.42    █████████████████████████▏                   13 req   1.4M tok",
        "Sat 14  $ 0.00                                                  0 req      0 tok",
        "Sun 15  $ 0.0084  ▏                                            37 req   3.8M tok",
        "Mon 16  $21.30    █████████████████████████████▏               49 req   5.0M tok",
        "Tue 17  $ 9.99    █████████████▋                               61 req   6.2M tok",
        "Wed 18  $12.50    █████████████████▏                           73 req   7.4M tok",
        "Thu 19  $16.00    █████████████████████▉                       85 req   8.6M tok",
        "Fri 20  $ 0.00                                                  0 req      0 tok",
        "Sat 21  $ 3.20    ████▍                                       109 req  11.1M tok",
        "Sun 22  $18.10    ████████████████████████▊                   121 req  12.3M tok",
        "Mon 23  $22.05    ██████████████████████████████▏             133 req  13.5M tok",
        "Tue 24  $30.74    ██████████████████████████████████████████  145 req  14.7M tok",
        "Wed 25  $11.20    ███████████████▎                            157 req  15.9M tok",
        "opus-5-5 65 %  sonnet-5 30 %  haiku-5 <1 %",
        "log-ingestion $120.27  webshop $56.31  no project $1.90",
        "data-eng $100.00  shop $78.48",
    ]


@pytest.mark.parametrize("columns", range(20, 200, 7))
@pytest.mark.parametrize("blocks", [True, False])
def test_no_line_is_wider_than_the_terminal(columns: int, blocks: bool) -> None:
    """From 20 columns on; beyond 160 it does not grow."""
    found = texts(columns, blocks=blocks)

    assert len(found) <= 24
    assert max(map(width, found)) <= min(columns, 160)


def test_without_block_characters_bars_are_of_ascii() -> None:
    """A locale without UTF-8."""
    assert all(line.isascii() for line in texts(80, blocks=False))
    assert "#" * 42 in texts(80, blocks=False)[14]


def test_a_narrow_terminal_gets_the_plain_form() -> None:
    """Days and dollars."""
    found = texts(20)

    assert found[:3] == ["Today $11.20", "this week $64.03", "+12 %"]
    assert found[3:7] == ["November $216.18", "on pace for $286", "14 days $178.48", "cache hit 98 %"]
    assert found[7:9] == ["Thu 12  $14.97", "Fri 13  $18.42"]


def test_colour_means_something() -> None:
    """Today is bold and green; more than last week is yellow; a cache that is hit is green."""
    found = styles(screen(FOUND, Canvas(80, blocks=True)))

    assert ("Today $11.20", "1") in found
    assert ("+12 %", "33") in found
    assert ("cache hit 98 %", "32") in found
    assert ("Wed 25", "1") in found


def test_nothing_in_fourteen_days_has_no_bars_and_no_shares() -> None:
    """And no rate of the cache."""
    quiet = FOUND._replace(days=[(day, NOTHING) for day, _ in DAYS], recent=NOTHING, tops=[Top("model", [share("m", 0)])])
    found = texts(80, found=quiet)

    assert found[1] == "last 14 days, $0.00"
    assert len(found) == 16
    assert not any(character in "".join(found) for character in BLOCKS[1:])


def test_long_names_are_cut_and_say_so() -> None:
    """The figure behind them is whole."""
    long = FOUND._replace(tops=[Top("project", [share("a" * 100, 5), share("漢" * 40, 4)])])

    assert texts(80, found=long)[-1] == f"{'a' * 23}… $5.00  {'漢' * 11}… $4.00"
