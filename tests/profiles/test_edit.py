"""Changing a profile's text: the values change, and nothing else of what a hand wrote."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.errors import ConfigError, FileTrouble
from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.profiles.edit import changed, comments, edited
from cclaunch.profiles.model import Profile, parse_profile

BY_HAND = """\
# Data engineering.
#   ask bob before you change it

description = 'short'   # one line

[attributes]  # who pays
# the team
team    = "a" # since May
vcs.repository.name = "r#1" # "dotted"

# about privacy
[privacy]
prompts = true


[attributes.org]
unit = "u"
"""


def edit(text: str, changes: dict[tuple[str, ...], Any]) -> str:
    """Return *text* as *changes* make it."""
    return edited("n", text, changes, "/p/n.toml")


def lines_changed(text: str, changes: dict[tuple[str, ...], Any]) -> tuple[list[str], list[str]]:
    """Return (lines gone, lines new) of *text*."""
    before, after = text.split("\n"), edit(text, changes).split("\n")
    return [line for line in before if line not in after], [line for line in after if line not in before]


@pytest.mark.parametrize(
    ("changes", "gone", "new"),
    [
        ({("attributes", "team"): "b"}, ['team    = "a" # since May'], ['team    = "b" # since May']),
        ({("attributes", "team"): None}, ['team    = "a" # since May'], ["# since May"]),
        ({("attributes", "project"): "x"}, [], ['project = "x"']),
        ({("attributes", "host.name"): "x"}, [], ['"host.name" = "x"']),
        ({("attributes", "org.unit"): "v"}, ['unit = "u"'], ['unit = "v"']),
        ({("attributes", "org.unit"): None}, ['unit = "u"'], []),
        (
            {("attributes", "vcs.repository.name"): "s"},
            ['vcs.repository.name = "r#1" # "dotted"'],
            ['vcs.repository.name = "s" # "dotted"'],
        ),
        (
            {("privacy", "prompts"): False, ("privacy", "responses"): True},
            ["prompts = true"],
            ["prompts = false", "responses = true"],
        ),
        ({("budget",): 50.0, ("extends",): "base"}, [], ["budget = 50", 'extends = "base"']),
        ({("description",): None}, ["description = 'short'   # one line"], ["# one line"]),
        ({("attributes", "missing"): None}, [], []),
    ],
)
def test_only_the_line_that_is_meant_changes(changes: dict[tuple[str, ...], Any], gone: list[str], new: list[str]) -> None:
    """Comments, order and spacing stay; a comment of a line that goes keeps its place."""
    assert lines_changed(BY_HAND, changes) == (gone, new)


def test_a_new_attribute_stands_behind_its_neighbours() -> None:
    """Not behind the comment that belongs to the next table."""
    lines = edit(BY_HAND, {("attributes", "project"): "x"}).split("\n")

    assert lines.index('project = "x"') == lines.index('vcs.repository.name = "r#1" # "dotted"') + 1


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", 'description = "d"\n'),
        ("# whole file\n\n[privacy]\n", '# whole file\n\ndescription = "d"\n\n[privacy]\n'),
        ("# of the table\n[privacy]\n", 'description = "d"\n\n# of the table\n[privacy]\n'),
        ("budget = 1 # x\n\n[privacy]\n", 'budget = 1 # x\ndescription = "d"\n\n[privacy]\n'),
        ("budget = 1", 'budget = 1\ndescription = "d"\n'),
        ("budget = 1\r\n[privacy]\r\n", 'budget = 1\r\ndescription = "d"\r\n[privacy]\r\n'),
    ],
)
def test_a_setting_is_added_above_the_tables(text: str, made: str) -> None:
    """A comment that opens the file stays first, one that speaks of a table stays with it; so do line endings."""
    assert edit(text, {("description",): "d"}) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", '[attributes]\nteam = "d"\n'),
        ("budget = 1\n", 'budget = 1\n\n[attributes]\nteam = "d"\n'),
        ("[attributes]\n# who\n\n[privacy]\n", '[attributes]\n# who\nteam = "d"\n\n[privacy]\n'),
        ("attributes = {a = 'b'} # c\n", "attributes = {a = 'b', team = \"d\"} # c\n"),
        ("[attributes.org]\nunit = 'u'", "[attributes.org]\nunit = 'u'\n\n[attributes]\nteam = \"d\"\n"),
    ],
)
def test_an_attribute_is_added_to_the_table_that_there_is(text: str, made: str) -> None:
    """Or to a new one at the end."""
    assert edit(text, {("attributes", "team"): "d"}) == made


def test_what_cannot_be_changed_safely_is_left_to_the_editor() -> None:
    """TOML forbids a second [attributes] beside a dotted one; the hint names the way."""
    with pytest.raises(FileTrouble) as caught:
        edit("attributes.team = 'a'\n", {("attributes", "project"): "x"})

    assert caught.value.hint.endswith("cclaunch profile edit n")


def test_a_result_that_would_be_no_profile_is_refused() -> None:
    """Even if a caller had not checked it."""
    with pytest.raises(FileTrouble):
        edit("", {("attributes", "model"): "x"})


def test_a_text_that_is_broken_already_is_named_by_line() -> None:
    """Nothing is changed in what is not understood."""
    with pytest.raises(ConfigError, match="line 2"):
        edit("\nbugdet = 3\n", {("description",): "d"})


def test_a_number_sign_in_a_string_is_no_comment() -> None:
    """Of any of TOML's four kinds."""
    text = 'a = \'#1\' # one\nb = "\\"#2" # two\nc = \'\'\'\n#3\'\'\' # three\nd = """\\"""#4\n""" # four\n'

    assert comments(text) == ["# one", "# two", "# three", "# four"]
    assert tomllib.loads(text)


KEYS = st.sampled_from(["team", "project", "cost.center", "a.b.c", "a-1", "vcs.repository.name", "org.unit"])
VALUES = st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1).filter(lambda v: len(encode(v)) <= LONGEST)
CHANGE = st.one_of(
    st.tuples(st.tuples(st.just("attributes"), KEYS), st.none() | VALUES),
    st.tuples(st.tuples(st.just("privacy"), st.sampled_from(["prompts", "responses"])), st.none() | st.booleans()),
    st.tuples(st.just(("description",)), st.none() | VALUES),
    st.tuples(st.just(("budget",)), st.none() | st.floats(0.01, 1e9)),
)


@given(VALUES)
def test_every_allowed_value_survives_the_file(value: str) -> None:
    """Whatever Unicode it is made of."""
    text = edit(BY_HAND, {("attributes", "team"): value, ("attributes", "project"): value})

    found = parse_profile("n", text.encode(), "p").attributes
    assert (found["team"], found["project"]) == (value, value)


@given(st.lists(CHANGE, max_size=8), st.sampled_from(["", BY_HAND, BY_HAND.replace("\n", "\r\n")]))
def test_a_sequence_of_changes_gives_the_profile_it_should_and_keeps_every_comment(
    steps: list[tuple[tuple[str, ...], str | float | bool | None]], text: str
) -> None:
    """One after the other or all at once: the same profile as in a plain dictionary."""
    before, wanted, result = comments(text), parse_profile("n", text.encode(), "p"), text
    for step in steps:
        result = edit(result, dict([step]))
        wanted = changed(wanted, dict([step]))

    assert parse_profile("n", result.encode(), "p") == wanted
    assert comments(result) == before
    assert parse_profile("n", edit(text, dict(steps)).encode(), "p") == changed(
        parse_profile("n", text.encode(), "p"), dict(steps)
    )


OWN_LINE = st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=20).map(lambda text: f"# {text}")


@given(st.lists(OWN_LINE, max_size=4), st.lists(OWN_LINE, max_size=4), st.lists(CHANGE, max_size=5))
def test_no_comment_line_is_ever_lost(
    above: list[str], within: list[str], steps: list[tuple[tuple[str, ...], str | float | bool | None]]
) -> None:
    """Wherever it stands."""
    text = "\n".join([*above, "[attributes]", *within, "team = 'x' # why", *above, "[privacy]", *within]) + "\n"

    made = edit(text, dict(steps)).split("\n")

    assert [line for line in text.split("\n") if line.startswith("#")] == [
        line for line in made if line.startswith("#") and line != "# why"
    ]
    assert comments(text) == comments("\n".join(made))


def test_changes_apply_to_a_profile_too() -> None:
    """The model that the text is held to."""
    before = Profile("n", "d", attributes={"a": "1", "b": "2"})

    assert changed(before, {("attributes", "a"): None, ("description",): None, ("privacy", "prompts"): True}) == Profile(
        "n", attributes={"b": "2"}, privacy={"prompts": True}
    )
