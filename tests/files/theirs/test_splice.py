"""Members of a JSON object in a text: put in and taken out, and nothing else of the text is touched."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.files.theirs.splice import NotJson, Object, inner, put_members, put_raw, read_object, take_member

VALUES = {"A": "1", "B": 'it\'s "ö"'}

TEXTS = {
    "two spaces": '{\n  "model": "opus",\n  "env": {\n    "X": "1"\n  }\n}\n',
    "tabs": '{\n\t"env": {\n\t\t"X": "1",\n\t\t"Y": "2"\n\t},\n\t"model": "opus"\n}',
    "one line": '{"env": {"X": "1"}, "n": 1.50e3}',
    "tight": '{"env":{"X":"1","Y":"2"}}',
    "crlf": '{\r\n  "env": {\r\n    "X": "1"\r\n  }\r\n}\r\n',
    "empty env": '{\n  "env": {}\n}\n',
    "two of a name": '{"env": {"no": "1"}, "env": {"X": "1"}}',
    "bom": '\ufeff{"env": {"X": "1"}}',
}


def env_of(text: str) -> Object:
    """Return the object that counts as ``env`` of *text*."""
    member = read_object(text).last("env")
    assert member is not None
    return inner(text, member)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_members_are_laid_out_as_those_before_them_and_come_out_again(text: str) -> None:
    """Order, spaces, and the spelling of numbers stay."""
    made = put_members(text, env_of(text), VALUES)

    assert json.loads(made.removeprefix("\ufeff"))["env"].items() >= VALUES.items()
    assert ("\n" in made) == ("\n" in text)
    back = made
    for name in reversed(VALUES):
        back = take_member(back, env_of(back), name)
    assert back == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", 1),
        ("{} x", 1),
        ('{\n "a": 1,\n}', 3),
        ('{\n "a" 1}', 2),
        ('{"a": NaN}', 1),
        ("{'a': 1}", 1),
        ('{\n// c\n"a": 1}', 2),
        ('{"a": ' + "[" * 100_000, 1),
    ],
)
def test_what_is_no_json_object_is_named_with_its_line(text: str, line: int) -> None:
    """Claude ignores such a file as a whole, so it must not be written."""
    with pytest.raises(NotJson) as wrong:
        read_object(text)

    assert wrong.value.line == line


def test_a_member_that_is_no_object_is_refused() -> None:
    """There is nothing to put anything into."""
    text = '{\n "env": []}'
    with pytest.raises(NotJson, match="`env` is not an object"):
        env_of(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_any_object_keeps_its_other_members(document: dict[str, Any], indent: str | int | None, ascii_only: bool) -> None:
    """Whatever it holds, however it is laid out."""
    document.pop("new", None)
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    made = put_raw(text, read_object(text), ['"new": {}'])

    assert json.loads(made) == {**document, "new": {}}
    assert take_member(made, read_object(made), "new") == text
