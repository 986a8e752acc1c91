"""`[history] keep_days`: what is older goes by itself, as deep as by `usage forget --before`."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import places_at
from stored import request, store

from cclaunch.store.ledger import copies
from cclaunch.store.ledger.care import look_after
from cclaunch.store.places import Places
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
DAY_NS = 86_400 * 1_000_000_000
CANARY = "canary-in-a-coal-mine"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places with requests of today, and of 40, 50 and 200 days ago; the last three are a canary's."""
    found = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))
    old = [request(days, NOW - days * DAY_NS, session__id=CANARY) for days in (40, 50, 200)]
    store(tmp_path / "telemetry.db", *old, request(1, NOW, session__id="s"))
    assert counted(found) == 4
    look_after(found, 0, NOW)
    return found


def counted(places: Places) -> int:
    """Return how many requests are counted."""
    found = usage(places, None, None, ("model",), {})
    assert found.usage is not None
    return int(found.usage.total["requests"])


def test_without_a_bound_everything_is_kept(places: Places) -> None:
    """For ever is the default."""
    look_after(places, 0, NOW + 10_000 * DAY_NS)

    assert counted(places) == 4


@pytest.mark.parametrize(("days", "left"), [(45, 2), (100, 3), (300, 4)])
def test_what_is_older_goes(places: Places, days: int, left: int) -> None:
    """By our clock, in days."""
    look_after(places, days, NOW)

    assert counted(places) == left


def test_it_goes_from_every_file_and_stays_away(places: Places) -> None:
    """Raw events and copies too; a late copy of it does not count."""
    look_after(places, 30, NOW)

    found = [path for path in Path(places.database).parent.rglob("*") if path.is_file()]
    assert [path for path in found if CANARY.encode() in path.read_bytes()] == []
    store(Path(places.database), request(40, NOW - 40 * DAY_NS, session__id=CANARY))
    assert counted(places) == 1
    with closing(sqlite3.connect(places.database)) as connection:
        assert connection.execute("SELECT count(*) FROM events WHERE session_id = ?", (CANARY,)).fetchone() == (0,)


def test_once_a_day_is_enough(places: Places) -> None:
    """What has been too old for less than a day waits."""
    look_after(places, 49, NOW)
    assert counted(places) == 2
    before = copies.copies(places.copies)

    look_after(places, 40, NOW + DAY_NS // 2)

    assert copies.copies(places.copies) == before
    assert counted(places) == 2
    look_after(places, 40, NOW + 3 * DAY_NS)
    assert counted(places) == 2  # the newest request is of today: its clock counts
    store(Path(places.database), request(2, NOW + 3 * DAY_NS, session__id="s"))
    counted(places)
    look_after(places, 40, NOW + 3 * DAY_NS)
    assert counted(places) == 2


def test_a_clock_that_is_far_ahead_deletes_nothing(places: Places) -> None:
    """The newest request has a say in what is old."""
    look_after(places, 300, NOW + 5000 * DAY_NS)

    assert counted(places) == 4


def test_what_was_forgotten_under_a_clock_that_was_years_ahead_takes_nothing_new(places: Places) -> None:
    """Its rule says that all is old until then; when the clock is right again, that is no longer so."""
    ahead = time.time_ns() + 2000 * DAY_NS
    store(Path(places.database), request(70, ahead, session__id="ahead"))
    counted(places)
    look_after(places, 30, ahead)
    assert counted(places) == 1

    store(Path(places.database), request(71, time.time_ns(), session__id="right"))

    assert counted(places) == 2


def test_nothing_is_done_where_nothing_was_recorded(tmp_path: Path) -> None:
    """No ledger is made for it."""
    places = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))

    look_after(places, 30, NOW)

    assert list(tmp_path.iterdir()) == []
