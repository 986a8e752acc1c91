"""A profile's file: what it may say, and mistakes that are named with file, line and key."""

import pytest

from cclaunch.errors import AttributeRefused, ConfigError
from cclaunch.profiles.model import Profile, inherit, is_name, parse_profile

WHOLE = b"""\
description = "Data engineering"
extends = "base"
claude_config_dir = "/home/u/.claude-data"
budget = 250

[attributes]
team = "data-engineering"
vcs.repository.name = "lake"
"vcs.ref.head.name" = "main"

[attributes.org]
unit.name = "u"

[privacy]
prompts = true
tool_details = false
"""


def test_what_is_written_is_read() -> None:
    """Every key reaches its field; dotted names are one name, whatever spells them."""
    assert parse_profile("data-eng", WHOLE, "p") == Profile(
        "data-eng",
        "Data engineering",
        "base",
        {"team": "data-engineering", "vcs.repository.name": "lake", "vcs.ref.head.name": "main", "org.unit.name": "u"},
        {"prompts": True, "tool_details": False},
        "/home/u/.claude-data",
        250.0,
    )


def test_dotted_names_at_the_top_are_attributes_too() -> None:
    """TOML spells a table in more than one way."""
    assert parse_profile("me", b"attributes.a.b = 'x'\n[privacy]\n", "p").attributes == {"a.b": "x"}


def test_an_empty_file_is_a_profile_that_says_nothing() -> None:
    """Nothing said is not the same as switched off."""
    assert parse_profile("x", b"", "p") == Profile("x")


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        (b"\ndescripton = 'x'\n", "line 2: `descripton` is not known", "did you mean `description`?"),
        (b"team = 'x'\n", "line 1: `team` is not known", "below [attributes]"),
        (b"attributes = 3\n", "line 1: `attributes` must be a table", "edit"),
        (b"description = 3\n", "line 1: `description` must be a text", "edit"),
        (b'description = "a\\nb"\n', "`description` must be one line", "edit"),
        (b"extends = 'a/b'\n", "line 1: `extends` must be the name of a profile", "edit"),
        (b"extends = 'me'\n", "line 1: `extends` names the profile itself", "take it out"),
        (b"claude_config_dir = '~x/y'\n", "line 1: `claude_config_dir` must be an absolute path", "edit"),
        (b"budget = 0\n", "line 1: `budget` must be a number of US dollars", "edit"),
        (b"budget = inf\n", "line 1: `budget` must be a number of US dollars", "edit"),
        (b"budget = nan\n", "line 1: `budget` must be a number of US dollars", "edit"),
        (b"budget = true\n", "line 1: `budget` must be a number of US dollars", "edit"),
        (b"[privacy]\n\npromts = true\n", "line 3: `privacy.promts` is not known", "did you mean `prompts`?"),
        (b"[privacy]\nprompts = 'on'\n", "line 2: `privacy.prompts` must be true or false", "edit"),
        (b"[attributes]\nfloor = 3\n", 'line 2: `attributes.floor` must be a text in quotes: "3"', "edit"),
        (b"[attributes]\nteam = ''\n", "line 2: `attributes.team` is refused: an empty one", "take it back"),
        (b"[attributes]\na = 'b'\nmodel = 'x'\n", "line 3: `attributes.model` is refused: Claude Code sends", "`work.model`"),
        (b"[attributes.session]\nid = 'x'\n", "line 2: `attributes.session.id` is refused", "work.session.id"),
        (b"[attributes]\na.b = 'x'\n'a.b' = 'y'\n", "line 2: `attributes.a.b` is there twice", "edit"),
        (
            b"[attributes]\na.b = 'x'\na_b = 'y'\n",
            "line 1: `attributes` is refused: the attribute names `a.b` and `a_b`",
            "keep one",
        ),
        (b"[attributes]\nx = '\xff'\n", "is not valid TOML", "edit"),
        (b"[attributes\n", "is not valid TOML", "edit"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(text: bytes, where: str, hint: str) -> None:
    """The sentence says where the mistake is, the hint what mends it."""
    with pytest.raises(ConfigError) as caught:
        parse_profile("me", text, "/c/profiles/me.toml")

    assert "/c/profiles/me.toml" in caught.value.message
    assert where in caught.value.message
    assert hint in caught.value.hint


def test_a_line_is_counted_as_an_editor_counts_it() -> None:
    """Unicode's own line separator is a character like any other in TOML."""
    text = "description = 'a\u2028b'\nbudget = -1\n".encode()

    with pytest.raises(ConfigError, match="line 2"):
        parse_profile("x", text, "p")


def test_a_child_says_more_than_its_parent_key_by_key() -> None:
    """Attributes and privacy merge; a description is not inherited."""
    parent = Profile("base", "Base", "", {"org": "acme", "team": "none"}, {"prompts": True, "responses": True}, "/base", 10.0)
    child = Profile("data", "", "base", {"team": "data"}, {"prompts": False})

    assert inherit(child, parent) == Profile(
        "data", "", "base", {"org": "acme", "team": "data"}, {"prompts": False, "responses": True}, "/base", 10.0
    )


def test_a_parents_attribute_that_is_the_same_label_as_a_childs_is_refused() -> None:
    """Apart both are fine; together one would hide the other."""
    with pytest.raises(AttributeRefused):
        inherit(Profile("a", attributes={"x.y": "1"}), Profile("b", attributes={"x_y": "2"}))


@pytest.mark.parametrize("name", ["a", "data-eng", "1.2_3", "x" * 100])
def test_a_name_can_be_a_file_and_a_word(name: str) -> None:
    """Letters, digits and three signs."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-", ".x", "_x", "../x", "a/b", "a b", "ä", "x" * 101, "x\n", "+x"])
def test_a_name_that_would_escape_or_be_an_option_is_none(name: str) -> None:
    """No path, no option, no blank."""
    assert not is_name(name)


def test_a_byte_order_mark_is_named() -> None:
    """An editor on Windows adds it, and nobody sees it."""
    with pytest.raises(ConfigError, match=r"/p\.toml begins with a byte order mark"):
        parse_profile("p", b'\xef\xbb\xbfdescription = "x"\n', "/p.toml")
