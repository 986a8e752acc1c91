"""What another ledger was told of transcripts, a damaged or an older one, is taken over, and nothing counts twice by it."""

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledger_rows import rows_in
from two_witnesses import NOON, SECOND, columns, dressed, event, is_added_up, ledger, send, sums, tell, told

from cclaunch.store.ledger.copies import has_more
from cclaunch.store.ledger.forget import forget_requests
from cclaunch.store.ledger.forget_transcripts import forget_transcripts
from cclaunch.store.ledger.from_transcripts import Taken
from cclaunch.store.ledger.refill import take_ledger
from cclaunch.store.ledger.request import Request
from cclaunch.store.ledger.seen import COPIED
from cclaunch.store.ledger.wanted import Wanted, rules_for
from cclaunch.store.ledger.witnessed import Witnessed

LATER = NOON + 86_400 * SECOND


@contextmanager
def at_path(connection: sqlite3.Connection) -> Iterator[str]:
    """Give the path of a file that holds what the ledger in memory does."""
    with TemporaryDirectory() as directory:
        path = f"{directory}/other.db"
        connection.execute("VACUUM INTO ?", (path,))
        yield path


def take_over(connection: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """Have the ledger take over what *other* holds."""
    with at_path(other) as path:
        assert take_ledger(connection, path) == 0


def forget_all(connection: sqlite3.Connection) -> None:
    """Forget all that transcripts told the ledger."""
    with connection:
        connection.execute("BEGIN")
        forget_transcripts(connection, LATER)


def test_what_it_was_told_is_taken_over_whole() -> None:
    """Rows of both witnesses, what was joined, whose copy it may be; the files are read again, and tell nothing new."""
    other, here = ledger(), ledger()
    lines = [told(1, 2), told(2, 5, session="a-fork", copied=True), told(3, 9, session="bare")]
    send(other, event(1), event(4, 50))
    tell(other, *lines)
    take_over(here, other)
    assert rows_in(here) == rows_in(other)
    assert here.execute("SELECT * FROM seen").fetchall() == other.execute("SELECT * FROM seen").fetchall()
    assert here.execute("SELECT count(*) FROM seen WHERE flags = ?", (COPIED,)).fetchone() == (1,)
    assert here.execute("SELECT count(*) FROM files").fetchone() == (0,)
    assert tell(here, *lines) == Taken(0, 3, 0)


@pytest.mark.parametrize("joined", ["here", "there", "nowhere"])
def test_what_one_knows_alone_and_the_other_joined_is_one(joined: str) -> None:
    """The event is in one of them, or each has one of both."""
    other, here = ledger(), ledger()
    send(here if joined == "here" else other, event(1))
    tell(here, told(1, 3))
    if joined != "nowhere":
        tell(other, told(1, 3))
    take_over(here, other)
    assert sums(here) == (1, 1000, 0, 1, 0)
    assert is_added_up(here)
    assert tell(here, told(1, 3)) == Taken(0, 1, 0)


def test_what_only_a_transcript_saw_wears_what_the_events_here_say() -> None:
    """There its session had none."""
    other, here = ledger(), ledger()
    tell(other, told(1, 2000), told(2, 2000, session="bare"))
    send(here, event(5))
    take_over(here, other)
    assert sorted(one.get("cclaunch.profile", "") for one in dressed(here)) == ["", "team-a", "team-a"]
    assert is_added_up(here)


@pytest.mark.parametrize("lost", ["seen", "requests", "requests WHERE witnesses = 2", "requests WHERE witnesses = 3"])
def test_what_is_lost_of_a_damaged_one_is_read_again(lost: str) -> None:
    """The transcript tells it once more, and it is counted once; without its event it is an estimate."""
    other, here = ledger(), ledger()
    lines = [told(1, 2), told(2, 5)]
    send(other, event(1))
    tell(other, *lines)
    other.execute(f"DELETE FROM {lost}")
    take_over(here, other)
    tell(here, *lines)
    assert sums(here)[0] == 2
    send(here, event(1))
    assert sums(here) == (2, 1900, 900, 1, 1)


def test_what_was_forgotten_there_stays_away_here() -> None:
    """By rule, or all that transcripts told."""
    other, here = ledger(), ledger()
    tell(other, told(1), told(2, session="b"))
    other.execute("BEGIN")
    forget_requests(other, rules_for(Wanted(where={"session.id": ["a-session"]}), LATER))
    other.execute("COMMIT")
    take_over(here, other)
    assert tell(here, told(1), told(1, session="a-fork", copied=True)) == Taken(0, 1, 0)
    forget_all(other)
    take_over(here, other)
    assert tell(here, told(7)) == Taken(0, 0, 1)


def test_what_transcripts_told_and_was_forgotten_here_is_not_taken_over() -> None:
    """Of a ledger that was put aside before."""
    other, here = ledger(), ledger()
    send(other, event(1))
    tell(other, told(1), told(2))
    forget_all(here)
    take_over(here, other)
    assert columns(here, "request, witnesses") == [("req_1", 1)]
    assert here.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_what_a_person_brought_after_all_was_forgotten_is_taken_over() -> None:
    """He has named it; it stands nowhere else."""
    other, here = ledger(), ledger()
    send(other, event(1))
    forget_all(other)
    tell(other, told(1), told(2), asked=True)
    take_over(here, other)
    assert sums(here) == sums(other) == (2, 1900, 900, 1, 1)
    assert tell(here, told(3)) == Taken(0, 0, 1)


@pytest.mark.parametrize("wanted", [Wanted(session="a-session"), Wanted(where={"cclaunch.profile": ["team-a"]})])
def test_what_was_forgotten_there_goes_from_here(wanted: Wanted) -> None:
    """An older ledger was put in the place of the one that knows; by rule, and what it wore there and does not here."""
    other, here = ledger(), ledger()
    for one in (other, here):
        tell(one, told(1, 3), told(2, 9), told(3, 7, session="b"))
        send(one, event(3, 4, {"cclaunch.profile": "team-b"}, session="b"))
    send(other, event(1))
    other.execute("BEGIN")
    forget_requests(other, rules_for(wanted, LATER))
    other.execute("COMMIT")
    assert sums(here)[0] == 3
    take_over(here, other)
    assert columns(here, "request, witnesses") == [("req_3", 3)]
    assert is_added_up(here)
    assert tell(here, told(1, 3), told(2, 9)) == Taken(0, 2, 0)


def test_what_transcripts_told_goes_from_here_where_it_was_forgotten_there() -> None:
    """As far as it was: what is newer is read again."""
    other, here = ledger(), ledger()
    for one in (other, here):
        send(one, event(1))
        tell(one, told(1), told(2))
    forget_all(other)
    take_over(here, other)
    assert columns(here, "request, witnesses") == [("req_1", 1)]
    assert tell(here, told(2), told(3, 86_401)) == Taken(1, 0, 1)


def test_who_owns_what_lost_its_marks_is_read_again() -> None:
    """It may have been a copy."""
    other, here = ledger(), ledger()
    tell(other, told(1, session="a-fork", copied=True))
    other.execute("DELETE FROM seen")
    take_over(here, other)
    tell(here, told(1))
    assert here.execute("SELECT name FROM sessions JOIN requests ON session = id").fetchall() == [("a-session",)]


def test_a_copy_has_more_by_what_was_told_to_it_not_by_its_rows(tmp_path: Path) -> None:
    """Rows become fewer when they are joined."""
    before, after = ledger(), ledger()
    for one in (before, after):
        tell(one, told(1), told(2))
    copy = str(tmp_path / "copy.db")
    before.execute("VACUUM INTO ?", (copy,))
    send(after, event(1), event(2))
    assert not has_more(copy, after)
    os.unlink(copy)
    tell(before, told(3))
    before.execute("VACUUM INTO ?", (copy,))
    assert has_more(copy, after)


Step = Callable[[sqlite3.Connection], object]


def _send(one: Request, connection: sqlite3.Connection) -> None:
    send(connection, one)


def _tell(one: Witnessed, connection: sqlite3.Connection) -> None:
    tell(connection, one)


def steps_of(count: int, chance: random.Random) -> list[Step]:
    """Return what may happen: events, lines of the owner and of a fork, of *count* requests that differ."""
    steps: list[Step] = []
    for number in range(count):
        second, saw = chance.randrange(5000), chance.randrange(1, 4)
        ids: dict[str, Any] = {"request": chance.choice([f"req_{number}", "always"]), "input": number}
        line = told(number, second + chance.randrange(-50, 50), **ids)
        if saw & 1:
            steps.append(partial(_send, event(number, second)._replace(**ids)))
        if saw & 2:
            steps += [partial(_tell, one) for one in (line, line._replace(session="a-fork", copied=True))]
    return steps


@given(some.integers(1, 8), some.randoms(use_true_random=False))
def test_whatever_each_was_told_together_they_know_it_once(count: int, chance: random.Random) -> None:
    """Each was told a part; then one takes the other over, and the transcripts are read again."""
    steps = steps_of(count, chance)
    whole, here, other = ledger(), ledger(), ledger()
    for step in steps:
        step(whole)
        which = chance.randrange(3)
        if which != 0:
            step(here)
        if which != 1:
            step(other)
    take_over(here, other)
    assert is_added_up(here)
    assert sums(here)[:2] == sums(whole)[:2]
    for step in chance.sample(steps, len(steps)):
        step(here)
    assert rows_in(here) == rows_in(whole)
    assert is_added_up(here)
