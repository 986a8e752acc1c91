"""The format of the line: sections that vanish, a width that is kept, colours that end, and nobody's words as commands."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.commands.statusline import MEANINGS
from cclaunch.statusline.format import DEFAULT, NAMES, PLAIN, laid_out, unknown
from cclaunch.statusline.pieces import SAY

VALUES = {"profile": "shop", "session": "$0.10 session", "budget": "$212 of $300 this month", "context": "context 3 %"}


def shown(form: str, room: int = 0, *, coloured: bool = False, **values: str) -> str:
    """Return the line of *form* when the names say what `VALUES` has, changed by *values*."""
    said = {**VALUES, **values}
    return laid_out(form, lambda name: (said.get(name, ""), ""), room, coloured)


def columns(text: str) -> int:
    """Return how many columns a terminal needs, as Unicode says it."""
    return sum(0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def test_every_name_says_something_and_is_explained() -> None:
    """The table of what they say, the help, and the order of importance have the same names."""
    assert set(SAY) == set(NAMES) == set(MEANINGS)


def test_names_are_replaced_and_text_stays() -> None:
    """Whatever stands between them."""
    assert shown("at {profile}: {session}!") == "at shop: $0.10 session!"


def test_a_section_whose_names_say_nothing_goes_with_its_bar() -> None:
    """At the beginning, in the middle, at the end."""
    assert shown("{today} | {profile} | {week} {5h} | {session} | {cache}") == "shop | $0.10 session"


def test_a_name_that_says_nothing_leaves_no_gap() -> None:
    """Its neighbours stand beside one another."""
    assert shown("{profile} {today} {session}") == "shop $0.10 session"


def test_a_section_without_names_stays() -> None:
    """It was put there on purpose."""
    assert shown("hello | {today}") == "hello"


def test_other_bars_stand_between_sections_too() -> None:
    """Each is shown as it was written; within a word it is text."""
    assert shown("{profile} · {today} · {session} │ {context}") == "shop · $0.10 session │ context 3 %"
    assert shown("a|b {profile}") == "a|b shop"


def test_two_braces_are_one() -> None:
    """As in Python."""
    assert shown("{{{profile}}} }}") == "{shop} }"


@pytest.mark.parametrize("form", ["{profile", "profile}", "{", "}", "{}", "{{", "|", "||", " | ", "{profile:}", "{:red}"])
def test_a_format_that_is_not_whole_fails_nobody(form: str) -> None:
    """What means nothing is text, or nothing."""
    assert PLAIN not in shown(form, coloured=True)


def test_what_is_unknown_is_told_as_it_stands_there() -> None:
    """Names and colours; what is known is not."""
    form = "{tody} | {today:grene} {profile:red} {context:202} {5h:256} {}"
    assert unknown(form) == ["{tody}", "{today:grene}", "{5h:256}", "{}"]
    assert unknown(DEFAULT) == []


def test_an_unknown_name_says_nothing() -> None:
    """The line stays."""
    assert shown("{tody} | {profile}") == "shop"


def test_a_colour_begins_and_ends() -> None:
    """By name or by number; one that there is not is none."""
    assert shown("{profile:green} {session:202} {context:grene}", coloured=True) == (
        "\x1b[32mshop\x1b[0m \x1b[38;5;202m$0.10 session\x1b[0m context 3 %\x1b[0m"
    )


def test_a_warning_is_stronger_than_the_colour_that_was_named() -> None:
    """It is what one looks at the line for."""
    assert laid_out("{budget:green}", lambda name: ("x", "red"), 0, True) == "\x1b[31mx\x1b[0m"


def test_without_colours_there_is_none() -> None:
    """NO_COLOR."""
    assert shown("{profile:green}", coloured=False) == "shop"


FORM = "{profile} | {session} {today} | {budget} | {context}"


def test_what_does_not_fit_goes_the_least_important_first() -> None:
    """The order of what is left stays."""
    assert shown(FORM, 70) == "shop | $0.10 session | $212 of $300 this month | context 3 %"
    assert shown(FORM, 50) == "shop | $0.10 session | $212 of $300 this month"
    assert shown(FORM, 40) == "$0.10 session | $212 of $300 this month"
    assert shown(FORM, 30) == "shop | $212 of $300 this month"


def test_a_section_loses_a_name_before_it_goes() -> None:
    """The least important one of it."""
    assert shown("{today} {session}", 15, today="$4.20 today") == "$0.10 session"


def test_twenty_columns_show_the_most_important() -> None:
    """Cut, if it must be."""
    assert shown(FORM, 16) == "$212 of $300 th…"


@given(st.text(), st.integers(1, 40))
def test_nothing_that_somebody_says_is_a_command(text: str, room: int) -> None:
    """Whatever a profile is called: only what can be seen is printed, and never more than there is room for."""
    line = shown("{profile} | {session}", room, profile=text)
    assert line.isprintable()
    assert columns(line) <= room


@given(st.text(alphabet="{}|:· abprofiletdy", max_size=60))
def test_any_format_is_one_line(form: str) -> None:
    """And what is unknown in it can be told."""
    assert "\n" not in shown(form, 30)
    assert all(one.startswith("{") for one in unknown(form))
