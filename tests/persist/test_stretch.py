"""A change of a file as one stretch: put back to the byte, and only in the file as it was left."""

from hypothesis import given
from hypothesis import strategies as st

from cclaunch.persist.stretch import is_as_left, put_back, record_of

DATA = st.binary(max_size=40) | st.text("ab", max_size=12).map(str.encode)


@given(before=DATA, after=DATA)
def test_any_change_is_put_back(before: bytes, after: bytes) -> None:
    """Whatever the two have in common, at both ends."""
    record = record_of(before, after, 0)

    assert is_as_left(after, record)
    assert put_back(after, record) == before


@given(before=DATA, after=DATA, other=DATA)
def test_only_the_file_as_it_was_left_is_known_again(before: bytes, after: bytes, other: bytes) -> None:
    """And nothing is, where nothing was written down."""
    assert is_as_left(other, record_of(before, after, 0)) == (other == after)
    assert not is_as_left(other, {})


def test_a_file_that_was_made_is_none_again() -> None:
    """One that was there and empty is empty again."""
    assert put_back(b"x", record_of(b"", b"x", 1)) is None
    assert put_back(b"x", record_of(b"", b"x", 0)) == b""
