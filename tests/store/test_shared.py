"""What many events say alike, split from what each has of its own: nothing is lost, and nothing equal is taken for the same."""

from typing import Any

import pytest

from cclaunch.store.shared import Split


@pytest.mark.parametrize("value", [2, 0, True, 1.0, "1", [1], None])
def test_a_value_that_differs_from_its_resources_stays_with_the_record(value: Any) -> None:
    """Also where Python calls them equal: 1, 1.0 and true are stored as three."""
    shared, own = Split({"a": 1, "b": "x"})({"a": value, "b": "x"}, request=False)

    assert shared is not None
    assert {key: (type(one), one) for key, one in own.items()} == {"a": (type(value), value)}


@pytest.mark.parametrize("value", [[1], {"k": 1}, 0.5])
def test_lists_maps_and_fractions_are_kept_as_they_are(value: Any) -> None:
    """Nobody asks whether two of them are the same."""
    assert Split({"a": value})({"a": value}, request=False)[1] == {"a": value}


def test_what_shares_nothing_has_nothing_shared() -> None:
    """Without a resource, and without an attribute that repeats; with one of the two it has."""
    assert Split({})({"x": 1}, request=False) == (None, {"x": 1})
    assert Split({})({"session.id": "s"}, request=False)[0] is not None
    assert Split({"team": "a"})({"x": 1}, request=False)[0] is not None


def test_what_is_shared_is_of_the_resource_and_of_what_repeats() -> None:
    """And a request shares what other events keep: few requests differ in it."""
    split = Split({"team": "a"})
    shared, own = split({"session.id": "s", "note": "n", "input_tokens": 3}, request=True)
    again, _ = split({"session.id": "s", "note": "n", "input_tokens": 4}, request=True)
    other, kept = split({"session.id": "s", "note": "n"}, request=False)

    assert shared is not None
    assert other is not None
    assert (shared.text, own, again) == ('{"team":"a","session.id":"s","note":"n"}', {"input_tokens": 3}, shared)
    assert (other.text, kept) == ('{"team":"a","session.id":"s"}', {"note": "n"})
