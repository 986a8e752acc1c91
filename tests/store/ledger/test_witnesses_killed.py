"""Whoever takes in or forgets what transcripts tell may be killed at any step: nothing is lost by it, or counts twice."""

import contextlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dying import at_each_step, places_in
from ledger_rows import rows_of
from stored import request, store
from two_witnesses import NOON, SECOND, file_of, is_added_up, told

from cclaunch.errors import StoreMissing
from cclaunch.store import forgetting
from cclaunch.store.ledger.care import look_after
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import known_files, take
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.witnessed import File, Witnessed
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places

LATER = NOON + 86_400 * SECOND


def line(number: int, **changes: object) -> Witnessed:
    """Return what a transcript tells of the request that `stored.request` sends under that number."""
    return told(number, number + 0.5)._replace(**changes)  # type: ignore[arg-type]


PARTS: list[tuple[File, list[Witnessed]]] = [
    (file_of(1, known=b"1", left={"is no JSON": 1}), [line(1), line(2, output=1, partial=True)]),
    (file_of(2, known=b"1"), [line(number, session="a-fork", copied=True) for number in (1, 2, 8)]),
    (file_of(1, known=b"2", anew=False, left={"is no JSON": 1}), [line(2), line(3), line(9, session="bare")]),
]
"""Of two files; one is read in two parts."""


def read_on(places: Places) -> None:
    """Go on where the last one was: each part in a transaction with what is kept of its file; events come in between."""
    known: dict[int, bytes] = {}
    with contextlib.suppress(StoreMissing), reading(places.ledger) as connection:
        known = known_files(connection)
    for number, (file, rows) in enumerate(PARTS):
        if int(known.get(file.file, b"0")) < int(file.known):
            with writing(places) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                take(connection, [(file, rows)])
        if number == 1:
            catch_up(places)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return a directory with a telemetry.db that no ledger has read."""
    found = tmp_path / "recorded"
    found.mkdir()
    store(found / "telemetry.db", *(request(number, NOON + number * SECOND, session__id="a-session") for number in (1, 2, 4)))
    return found


def whole(recorded: Path) -> Places:
    """Return places to which all of it was told, undisturbed."""
    directory = recorded.parent / "undisturbed"
    shutil.copytree(recorded, directory)
    places = places_in(directory)
    read_on(places)
    return places


def sound(places: Places) -> bool:
    """Say whether the sums of the ledger are those of its rows."""
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as connection:
        return is_added_up(connection)


def test_reading_that_is_killed_goes_on_and_ends_as_if_it_had_not_been(recorded: Path) -> None:
    """Between the parts, and within each; also what was left out is counted once."""
    undisturbed = whole(recorded)
    wanted = rows_of(undisturbed.ledger)
    assert len(wanted[0]) == 6

    def holds(places: Places) -> None:
        read_on(places)
        catch_up(places)
        assert rows_of(places.ledger) == wanted
        assert sound(places)
        for query in ("SELECT * FROM seen", "SELECT * FROM files"):
            there, here = (sqlite3.connect(one.ledger).execute(query).fetchall() for one in (undisturbed, places))
            assert there == here

    assert at_each_step(recorded, read_on, holds) > 80


def test_a_forgetting_of_transcripts_that_is_killed_is_whole_or_none_and_is_finished(recorded: Path) -> None:
    """What it was is in no file in the end, and nothing brings it back."""
    canary = line(7, session="canary-session")
    places = places_in(recorded)
    read_on(places)
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        take(connection, [(file_of(3), [canary])])
    look_after(places, 0, LATER)

    def holds(places: Places) -> None:
        assert sound(places)
        counts = [len(rows_of(places.ledger)[0]), len(known_of(places))]
        assert counts in ([7, 3], [3, 0])
        look_after(places, 0, LATER)
        assert [len(rows_of(places.ledger)[0]), len(known_of(places))] == counts
        if counts == [3, 0]:
            with writing(places) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                assert take(connection, [(file_of(3), [canary])]).forgotten == 1
            found = [path for path in Path(places.database).parent.rglob("*") if path.is_file()]
            assert [path for path in found if b"canary-session" in path.read_bytes()] == []

    assert at_each_step(recorded, lambda places: forgetting.forget_all_transcripts(places, LATER), holds) > 20


def known_of(places: Places) -> dict[int, bytes]:
    """Return what is kept of files."""
    with reading(places.ledger) as connection:
        return known_files(connection)
