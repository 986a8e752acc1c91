"""
A record in which anything stands in any place: it becomes a row that the ledger takes, or is left out.

The problem it owns: what reads a line, prices it, names its repository and stores it is four pieces, and a value that one lets
through is the next one's.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from ledgers import places_at
from transcript_lines import line, record

from cclaunch.history.rows import Rows
from cclaunch.history.turns import Turns
from cclaunch.store.ledger.witnessed import File
from cclaunch.transcripts.line import read_line
from cclaunch.transcripts.seen import Left, Seen

SHORT = "|x|²|2.1.²|99999999999999999999.1|..|2.1|\0|\ud800|\x02|\u202e|\n|/|//|HEAD|us|fast|[1m]|claude-|null|%s"
ODD: list[Any] = [
    *SHORT.split("|"),
    *("x" * 5000, "é" * 1024, "/root/" + "\u0301" * 100, "/a" * 2000, "/a/.claude/worktrees/b"),
    *("claude-opus-5-5[1m]", "2020-01-01T00:00:00Z", "<synthetic>"),
    *(None, True, False, 0, -1, 1, 1.5, 1e308, 10**9, 10**9 + 1, 2**63, 2**64, [], [1], [[]], {}, {"a": 1}, {"a": {}}),
]


def places_in(value: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the place of each value in a record: the keys that lead to it."""
    for key in value if isinstance(value, dict) else ():
        yield (*before, key)
        yield from places_in(value[key], (*before, key))


PLACES = list(places_in(record()))


def put(whole: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    """Put *value* there, if there is such a place any more."""
    for key in place[:-1]:
        whole = whole.get(key, {})
        if not isinstance(whole, dict):
            return
    whole[place[-1]] = value


def taken(turns: Turns, *lines: bytes) -> int:
    """Have the ledger take the *lines*; return how many were requests."""
    found = [read_line(one) for one in lines]
    assert all(one is None or isinstance(one, (Seen, Left)) for one in found)
    rows = Rows()
    rows.begin("/home/x/.claude/projects/-a-b/c.jsonl")
    made = [rows.made(one) for one in found if isinstance(one, Seen)]
    turns.add(File(1, b"", {}, anew=True), made)
    turns.hand_over()
    return len(made)


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    """What hands rows to an empty ledger."""
    return Turns(places_at(tmp_path / "telemetry.db"), 5)


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_anything_may_stand_in_a_place(turns: Turns, place: tuple[str, ...]) -> None:
    """One value of each kind; the line beside it is taken."""
    odd = [copy.deepcopy(record(number)) for number in range(len(ODD))]
    for one, value in zip(odd, ODD, strict=True):
        put(one, place, value)
    assert taken(turns, *map(line, odd), line(record("good"))) >= 1


@given(some.lists(some.tuples(some.sampled_from(PLACES), some.sampled_from(ODD)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_may_stand_in_many_places(turns: Turns, changes: list[tuple[tuple[str, ...], Any]]) -> None:
    """What is odd in one may hide what is odd in another."""
    odd = copy.deepcopy(record())
    for place, value in changes:
        put(odd, place, copy.deepcopy(value))
    assert taken(turns, line(odd), line(record("good"))) in (1, 2)
