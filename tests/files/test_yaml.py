"""The YAML that we write says what we meant, to a reader that is not ours."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.files.yaml import dump

TEXT = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.text("a \n:-#\"'\t", max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    """Whatever the texts hold: colons, quotes, blank lines, control characters."""
    assert yaml.safe_load(dump(value)) == value


@pytest.mark.parametrize("word", ["yes", "NO", "on", "null", "~", "1", "1e3", "0x1f", "1:30", "2026-01-01", "", "-", "a: b", "#"])
def test_a_text_stays_a_text(word: str) -> None:
    """What YAML would take for something else is quoted."""
    assert yaml.safe_load(dump({"key": word})) == {"key": word}


def test_several_lines_can_be_read_by_a_person() -> None:
    """A file inside a file keeps its lines."""
    assert dump({"content": "a: 1\n  b: 2\n\nc\n"}) == "content: |\n  a: 1\n    b: 2\n\n  c\n"


def test_the_heading_is_a_comment() -> None:
    """Line by line."""
    assert dump({"a": "b"}, heading="one\ntwo") == "# one\n# two\na: b\n"
