"""
What two witnesses tell of is joined when id, tokens and time agree, one to one.

The problem it owns: a request that is joined with another one is counted once too seldom, one that is not joined once too often.
"""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cclaunch.store.ledger.agreeing import APART_NS, Told, pairs

SECOND = 1_000_000_000
numbers = itertools.count()


def told(second: float = 0, **changes: Any) -> Told:
    """Return what one witness tells of a request at some *second*."""
    whole = Told(next(numbers), 10**18 + int(second * SECOND), "a-session", "req_1", 100, 50, 3000, 500)
    return whole._replace(**changes)


def agree(transcript: Told, event: Told) -> bool:
    """Say whether both are one request; asked alone, and beside many others."""
    alone = pairs([transcript], [event]) == [(transcript, event)]
    others = [told(0, request=f"req_{number}") for number in range(90, 99)]
    assert ((transcript, event) in pairs([*others, transcript], [event])) == alone
    return alone


@pytest.mark.parametrize(
    ("transcript", "event", "same"),
    [
        ({}, {}, True),
        ({"second": 60}, {}, True),
        ({"second": 60.1}, {}, False),
        ({}, {"second": 60.1}, False),
        ({"request": "req_2"}, {}, False),
        ({"output": 51}, {}, False),
        ({"cache_written": 501}, {}, False),
        ({"session": "a-fork", "copied": True}, {}, True),
        ({"session": "another"}, {}, True),
        ({"request": None}, {}, False),
        ({}, {"request": None}, False),
        ({"request": None}, {"request": None}, True),
        ({"request": None, "session": "another"}, {"request": None}, False),
        ({"request": None, "session": "a-fork", "copied": True}, {"request": None}, True),
        ({"request": None, "output": 1, "partial": True}, {"request": None}, False),
        ({"output": 1, "partial": True}, {}, True),
        ({"output": 1}, {}, True),
        ({"output": 1, "partial": True, "cache_written": 0}, {}, True),
        ({"output": 1, "input": 99}, {}, False),
        ({"output": 9}, {}, False),
        ({"output": 9, "partial": True}, {}, True),
    ],
    ids=str,
)
def test_two_are_one_when_they_agree(transcript: dict[str, Any], event: dict[str, Any], same: bool) -> None:
    """Id, tokens and time; without ids the session; a cut answer need not have the same output."""
    assert agree(told(**transcript), told(**event)) == same


def test_a_whole_agreement_comes_before_that_of_a_cut_answer() -> None:
    """Behind a gateway with one id for all, the one that was cut takes no other's event."""
    cut, whole = told(0, output=1, partial=True), told(1)
    events = [told(0), told(1, output=7)]
    assert pairs([cut, whole], events) == [(whole, events[0]), (cut, events[1])]


def test_of_equals_as_many_as_can_be_are_joined() -> None:
    """The nearest first would leave one alone."""
    transcripts, events = [told(0), told(50)], [told(40), told(100)]
    assert pairs(transcripts, events) == list(zip(transcripts, events, strict=True))


SOME = some.lists(
    some.builds(
        told,
        some.integers(0, 200),
        request=some.sampled_from(["req_1", "req_2", None]),
        session=some.sampled_from("ab"),
        output=some.sampled_from([1, 50]),
        copied=some.booleans(),
    ),
    max_size=12,
)


@given(SOME, SOME, some.randoms())
def test_each_is_joined_once_and_in_no_order(transcripts: list[Told], events: list[Told], chance: Any) -> None:
    """Whoever comes first; and none is left of which another is left that it would agree with."""
    found = pairs(transcripts, events)
    for side, given_ in ((0, transcripts), (1, events)):
        keys = [pair[side].key for pair in found]
        assert len(set(keys)) == len(keys)
        assert set(keys) <= {one.key for one in given_}
    chance.shuffle(transcripts)
    chance.shuffle(events)
    assert pairs(transcripts, events) == found
    alone = [
        [one for one in given_ if one.key not in {pair[side].key for pair in found}]
        for side, given_ in enumerate((transcripts, events))
    ]
    assert pairs(*alone) == []
    assert all(abs(one.time_ns - other.time_ns) <= APART_NS for one, other in found)
