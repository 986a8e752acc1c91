"""
Whatever order events and transcripts come in, the ledger is the same at the end.

The problem it owns: both are read when they are read, late, twice and in pieces. An order that leaves a request out, or counts it
twice, is found by trying them.
"""

import random
import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from ledger_rows import rows_in
from two_witnesses import NOON, SECOND, columns, event, is_added_up, ledger, send, sums, tell, told

from cclaunch.store.ledger.forget import forget_requests
from cclaunch.store.ledger.request import Request
from cclaunch.store.ledger.wanted import Wanted, rules_for
from cclaunch.store.ledger.witnessed import Witnessed, together

LATER = NOON + 86_400 * SECOND


class Truth(NamedTuple):
    """A request: when (seconds), whose, under which id, who saw it, and how the transcript has it."""

    second: int
    session: str
    id: str
    saw: int
    apart: int
    output: int
    cut: bool
    forks: int
    profile: str


TRUTHS = some.lists(
    some.builds(
        Truth,
        some.integers(0, 4000),
        some.sampled_from("ab"),
        some.sampled_from(["its own", "its own", "none", "always"]),
        some.sampled_from([1, 2, 3, 3]),
        some.integers(-60, 60),
        some.sampled_from([1, 50]),
        some.booleans(),
        some.integers(0, 2),
        some.sampled_from(["team-a", "team-b"]),
    ),
    min_size=1,
    max_size=10,
)


def id_of(number: int, truth: Truth) -> str | None:
    """Return the id that the API gave it: its own, none, or the one that a gateway gives to all."""
    return {"its own": f"req_{number}", "none": None, "always": "always"}[truth.id]


def event_of(number: int, truth: Truth, *, distinct: bool) -> Request:
    """Return what telemetry tells of it."""
    return event(
        number,
        truth.second,
        {"cclaunch.profile": truth.profile},
        session=truth.session,
        request=id_of(number, truth),
        output=truth.output,
        input=100 + number if distinct else 10,
    )


def lines_of(number: int, truth: Truth, *, distinct: bool) -> list[Witnessed]:
    """Return what transcripts tell of it: of the answer's beginning, and of all of it, in the session's file and in forks."""
    is_cut = truth.cut and truth.id == "its own"
    whole = told(
        number,
        truth.second + truth.apart,
        session=truth.session,
        request=id_of(number, truth),
        output=1 if is_cut else truth.output,
        partial=is_cut,
        input=100 + number if distinct else 10,
        cache_5m=0 if is_cut else 40,
    )
    begun = whole._replace(time_ns=whole.time_ns - 1000)
    return [begun, whole, *(whole._replace(session=f"fork-{fork}", copied=True) for fork in range(truth.forks))]


ASTRAY = """
SELECT count(*) FROM seen s
WHERE NOT EXISTS (SELECT 1 FROM requests r WHERE r.time_ns = s.time_ns AND r.key = s.request AND r.witnesses & 2)
"""
"""What a transcript told of, and whose row is not the one that is named."""

Step = Callable[[sqlite3.Connection], object]


def steps_of(truths: Sequence[Truth], *, distinct: bool) -> list[Step]:
    """Return what happens, one thing after the other: first all events, then all transcripts, the owner's before the forks'."""
    events = [event_of(number, one, distinct=distinct) for number, one in enumerate(truths) if one.saw & 1]
    lines = [line for number, one in enumerate(truths) if one.saw & 2 for line in lines_of(number, one, distinct=distinct)]
    return [*(_sent(one) for one in events), *(_told(one) for one in sorted(lines, key=lambda one: one.copied))]


def _sent(one: Request) -> Step:
    return lambda connection: send(connection, one)


def _told(one: Witnessed) -> Step:
    return lambda connection: tell(connection, one)


def done(steps: Sequence[Step]) -> sqlite3.Connection:
    """Return a ledger to which that has happened."""
    connection = ledger()
    for step in steps:
        step(connection)
    return connection


@given(TRUTHS, some.randoms(use_true_random=False))
def test_requests_that_differ_are_the_same_in_any_order(truths: list[Truth], chance: random.Random) -> None:
    """Rows, money, owners, clothes and sums; each thing happens once or twice."""
    steps = steps_of(truths, distinct=True)
    connection = done(steps)
    shuffled = [*steps, *chance.sample(steps, len(steps) // 2)]
    chance.shuffle(shuffled)
    other = done(shuffled)
    assert rows_in(other) == rows_in(connection)
    assert is_added_up(other)
    assert other.execute(ASTRAY).fetchone() == (0,)
    assert sorted(columns(other, "witnesses")) == sorted((one.saw,) for one in truths)
    assert sums(other)[:3] == (
        len(truths),
        sum(1000 if one.saw & 1 else 900 for one in truths),
        sum(900 for one in truths if one.saw == 2),
    )


@given(TRUTHS, some.randoms(use_true_random=False))
def test_equal_requests_are_never_counted_too_low(truths: list[Truth], chance: random.Random) -> None:
    """Nobody can tell them apart; what both saw is there at least once each, and the sums are those of the rows."""
    truths = [one._replace(saw=3) for one in truths]
    steps = steps_of(truths, distinct=False)
    chance.shuffle(steps)
    connection = done(steps)
    requests, micros, estimated, both, alone = sums(connection)
    assert requests - alone == len(truths)
    assert micros - estimated == 1000 * len(truths)
    assert requests == both + alone + connection.execute("SELECT count(*) FROM requests WHERE witnesses = 1").fetchone()[0]
    assert is_added_up(connection)


@given(TRUTHS)
def test_equal_requests_that_are_told_together_are_counted_once(truths: list[Truth]) -> None:
    """As a file is read at once: in the order of time, whoever comes first, as many as can be are joined."""
    truths = [one._replace(saw=3, cut=False, apart=one.apart // 20, output=50, id="always", forks=0) for one in truths]
    events = [event_of(number, one, distinct=False) for number, one in enumerate(truths)]
    lines = [line for number, one in enumerate(truths) for line in lines_of(number, one, distinct=False)]
    for first in (True, False):
        connection = ledger()
        if first:
            send(connection, *events)
        tell(connection, *lines)
        if not first:
            send(connection, *events)
        assert sums(connection) == (len(truths), 1000 * len(truths), 0, len(truths), 0)


FORGOTTEN = {"session": Wanted(session="a"), "profile": Wanted(where={"cclaunch.profile": ["team-a"]})}


def _forgetting(wanted: Wanted) -> Step:
    def forget(connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN")
            forget_requests(connection, rules_for(wanted, LATER))

    return forget


@pytest.mark.parametrize("name", FORGOTTEN)
@settings(max_examples=25)
@given(TRUTHS, some.randoms(use_true_random=False))
def test_what_is_forgotten_in_between_leaves_what_is_left_when_it_is_forgotten_last(
    name: str, truths: list[Truth], chance: random.Random
) -> None:
    """Events and transcripts come before it and after it, and all of them once more."""
    forget = _forgetting(FORGOTTEN[name])
    truths = [one._replace(id="its own", profile=f"team-{one.session}", apart=one.apart // 2) for one in truths]
    steps = steps_of(truths, distinct=True)
    left = rows_in(done([*steps, forget]))
    assert rows_in(done([*steps, forget, *steps])) == left
    shuffled = chance.sample(steps, len(steps))
    shuffled.insert(chance.randrange(len(steps) + 1), forget)
    other = done([*shuffled, *chance.sample(steps, len(steps))])
    assert rows_in(other) == left
    assert is_added_up(other)


@given(some.lists(some.builds(told, some.just(1), some.integers(0, 9), output=some.integers(0, 3), partial=some.booleans())))
def test_what_is_told_of_one_request_adds_up_in_any_order(tellings: list[Witnessed]) -> None:
    """The most that anybody saw, the latest moment."""
    if tellings:
        made = tellings[0]
        for one in tellings:
            made = together(made, one)
        assert (made.output, made.time_ns) == (max(one.output for one in tellings), max(one.time_ns for one in tellings))
        assert made.partial == all(one.partial for one in tellings if one.output == made.output)
