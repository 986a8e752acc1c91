"""The mark by which our own exports are known again: short, and never mistaken where a person's word would be lost."""

import pytest

from cclaunch import otel
from cclaunch.hot.marks import BLOCK, BY_BLOCK, BY_LAUNCH, entry, hash8, key_of, mark_of, own_exports


def test_every_variable_has_a_key_of_its_own() -> None:
    """A shell asks by the key alone whether a block exported it."""
    assert len({key_of(name) for name in otel.EXPORTED}) == len(otel.EXPORTED)


@pytest.mark.parametrize("name", otel.PRIVACY.values())
def test_no_spelling_of_a_switch_is_taken_for_another_one(name: str) -> None:
    """A hand that switches off what we had switched on must be heard, although an entry is short."""
    spellings = ["", *"0 1 true false True False TRUE FALSE yes no on off".split()]

    assert len({entry(name, value) for value in spellings}) == len(spellings)


def test_what_two_of_us_exported_one_after_the_other_is_ours() -> None:
    """A block in a shell that a launch started adds its own."""
    first, second = {otel.ENDPOINT: "http://127.0.0.1:1"}, {otel.PROTOCOL: "grpc"}
    mark = f"{mark_of(BY_LAUNCH, first)},{mark_of(BY_LAUNCH, second)}"

    assert own_exports({**first, **second, BLOCK: mark}, otel.EXPORTED) == {otel.ENDPOINT, otel.PROTOCOL}


def test_a_first_release_s_mark_counts_beside_one_of_today() -> None:
    """Its block may run in a shell that a launch of today started."""
    old, new = {otel.ENDPOINT: "http://127.0.0.1:1"}, {otel.PROTOCOL: "grpc"}
    mark = f"{mark_of(BY_BLOCK, new)},{otel.ENDPOINT}:{hash8(old[otel.ENDPOINT])}"

    assert own_exports({**old, **new, BLOCK: mark}, otel.EXPORTED) == {otel.ENDPOINT, otel.PROTOCOL}


@pytest.mark.parametrize("mark", ["", "b", "l", ",", ".", ":", "b.", "b..", "x" * 999, "é.ü:ß,", "\udcff", ",:,::"])
def test_a_mark_of_no_sense_makes_nothing_ours(mark: str) -> None:
    """And raises nothing."""
    assert own_exports({otel.ENDPOINT: "http://127.0.0.1:1", BLOCK: mark}, otel.EXPORTED) == frozenset()
