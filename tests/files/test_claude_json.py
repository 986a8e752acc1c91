"""JSON as claude reads it, without Python's limits. (``tests/real/test_real_settings_forms.py`` holds it to claude.)"""

import json
import sys
from typing import Any

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st
from settings_forms import ENCODINGS, FORMS, NAMES, VALUE

from cclaunch.files.claude_json import STEPS, decode_exactly, decode_json, encode_exactly, loads, text_of

NAME = "OTEL_RESOURCE_ATTRIBUTES"
OBEYED: tuple[str, ...] = (
    "UTF-16LE with a mark",
    "UTF-16LE with a mark and an odd byte",
    "UTF-8 with a mark",
    "all escapes, large digits",
)
OBEYED += ("a byte that is no text, in another name", "an integer of 5,000 digits", "nesting of 9,000", "nesting in env")


@pytest.mark.parametrize("form", OBEYED)
def test_what_claude_obeys_is_read(form: str) -> None:
    """What a strict reader refuses."""
    assert loads(decode_json(FORMS[form](NAME)))["env"][NAME] == VALUE


@pytest.mark.parametrize(
    "form", ["UTF-16BE with a mark", "UTF-8 with two marks", "a number NaN", "more behind", "a line comment"]
)
def test_what_claude_ignores_is_refused(form: str) -> None:
    """What a lax reader takes."""
    with pytest.raises(ValueError):  # noqa: PT011
        loads(decode_json(FORMS[form](NAME)))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, "\t"]))
def test_what_is_nested_deep_is_read_as_what_is_not(value: Any, indent: str | int | None) -> None:
    """The reader of our own gives what Python's gives."""
    depth = sys.getrecursionlimit() + 10
    text = "[" * depth + json.dumps(value, indent=indent) + "]" * depth

    found = loads(text)
    for _ in range(depth):
        (found,) = found

    assert found == value


@pytest.mark.parametrize("text", ['{"a" 1}', '{"a":1,}', "{1:2}", "[1 2]", "[1,]", '{"a":1]', "[", '{"a":', '{"a"'])
def test_what_is_nested_deep_and_wrong_is_refused(text: str) -> None:
    """As strictly."""
    depth = sys.getrecursionlimit() + 10

    with pytest.raises(ValueError):  # noqa: PT011
        loads("[" * depth + text + "]" * depth)


def test_the_depth_has_an_end() -> None:
    """A repository's file may not cost more than a blink."""
    with pytest.raises(ValueError, match="too deeply"):
        loads("[" * (STEPS + 1) + "]" * (STEPS + 1))


@pytest.mark.parametrize("unit", ["[", '{"a":', '[{"":', "[[1],", "[1,", " ", '["\\u0041",', "[" * 2000 + "]" * 2000 + ","])
def test_a_hostile_megabyte_costs_ten_times_what_a_tenth_does(unit: str) -> None:
    """No more, as it would where something is quadratic."""

    def refused(size: int) -> None:
        with pytest.raises(ValueError):  # noqa: PT011
            loads(unit * (size // len(unit)))

    assert_linear(refused, 1_000_000)


@given(st.binary(), st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_bytes_go_round_exactly(data: bytes, mark: bytes) -> None:
    """`persist` changes nothing but its own."""
    data = mark + data
    if data.startswith(b"\xff\xfe") and len(data) % 2:
        with pytest.raises(ValueError, match="odd number"):
            decode_exactly(data)
    else:
        assert encode_exactly(*decode_exactly(data)) == data


@given(st.binary(), st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_any_bytes_are_some_text(data: bytes, mark: bytes) -> None:
    """Nothing raises."""
    assert isinstance(decode_json(mark + data), str)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (100.0, "100"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (-1234.5, "-1234.5"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (float("-inf"), "-Infinity"),
        ([1.0, [2.0, [], None, ["x"]], {}], "1,2,,,x,[object Object]"),
    ],
)
def test_a_value_becomes_the_text_that_javascript_makes_of_it(value: list[Any] | float, text: str) -> None:
    """`String(value)`."""
    assert text_of(value) == text


def test_every_form_has_a_name_of_its_own() -> None:
    """None hides another."""
    assert len(FORMS) > len(ENCODINGS) + len(NAMES)
