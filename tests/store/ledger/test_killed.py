"""Whoever writes to the ledger may be killed at any step: the next one finishes, and the result is the same."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dying import at_each_step, places_in
from stored import cost, event, request, store

from cclaunch.store import forgetting
from cclaunch.store.ledger import catch_up as catching
from cclaunch.store.ledger import copies, from_events, raw
from cclaunch.store.ledger.care import look_after
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.wanted import Wanted, rules_for
from cclaunch.store.places import Places
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
DAY_NS = 86_400 * 1_000_000_000
CANARY = "canary-in-a-coal-mine"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return a directory with a telemetry.db that no ledger has read."""
    found = tmp_path / "recorded"
    found.mkdir()
    some = [request(number, NOW + number, micros=100, session__id=f"s-{number % 3}", team="core") for number in range(30)]
    of_canary = [request(100 + number, NOW - DAY_NS + number, micros=7, session__id=CANARY, team="data") for number in range(5)]
    store(found / "telemetry.db", *some, *of_canary, event("user_prompt", NOW, session__id=CANARY), cost(CANARY, 0.00004, NOW))
    return found


def totals(places: Places) -> tuple[int, int]:
    """Return (requests, micro-dollars) after catching up; the quarters are what the requests add up to."""
    found = usage(places, None, None, ("session",), {})
    assert found.usage is not None
    assert found.troubles == []
    with reading(places.ledger) as connection:
        rows = connection.execute("SELECT count(*), sum(micros) FROM requests").fetchone()
        assert connection.execute("SELECT sum(requests), sum(micros) FROM quarters").fetchone() == rows
    assert found.usage.total["requests"] == rows[0]
    return rows[0], rows[1]


def test_a_catch_up_that_is_killed_is_finished_by_the_next(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to all of it, in slices of a few rows."""
    monkeypatch.setattr(catching, "FIRST_ROWS", 10)
    monkeypatch.setattr(from_events, "TOGETHER", 10)

    def holds(places: Places) -> None:
        assert totals(places) == (35, 3035)

    assert at_each_step(recorded, catch_up, holds, by=3) > 60


def test_a_forgetting_that_is_killed_is_whole_or_none_and_is_finished(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a request is gone it does not come back, and in the end no file holds a word of it."""
    monkeypatch.setattr(raw, "TOGETHER", 10)
    places = places_in(recorded)
    catch_up(places)
    look_after(places, 0, NOW)
    rules = rules_for(Wanted(session=CANARY), NOW)

    def holds(places: Places) -> None:
        left = totals(places)
        assert left in ((35, 3035), (30, 3000))
        look_after(places, 0, NOW)
        assert totals(places) == left
        if left == (30, 3000):
            found = [path for path in Path(places.database).parent.rglob("*") if path.is_file()]
            assert [path for path in found if CANARY.encode() in path.read_bytes()] == []

    assert at_each_step(recorded, lambda places: forgetting.forget(places, rules), holds) > 60


def test_a_copy_that_is_killed_is_no_copy(recorded: Path) -> None:
    """What was half-made is swept away, and the copy before it stays until a whole one is there."""
    places = places_in(recorded)
    catch_up(places)
    look_after(places, 0, NOW)
    later = NOW + 8 * DAY_NS

    def holds(places: Places) -> None:
        assert all(copies.requests_in(one.path) == 35 for one in copies.copies(places.copies))
        look_after(places, 0, later)
        assert len(copies.copies(places.copies)) == 2
        assert sorted(os.listdir(places.copies)) == sorted(Path(one.path).name for one in copies.copies(places.copies))

    assert at_each_step(recorded, lambda places: look_after(places, 0, later), holds) > 5


@pytest.mark.parametrize("raw_rows", [True, False])
def test_a_refill_that_is_killed_is_finished_by_the_next(recorded: Path, *, raw_rows: bool) -> None:
    """A damaged ledger, a copy, and what can be read of the one that was put aside."""
    places = places_in(recorded)
    catch_up(places)
    look_after(places, 0, NOW)
    if not raw_rows:
        for path in recorded.glob("telemetry.db*"):
            if not path.name.startswith("telemetry.db-ledger"):
                path.unlink()
    with closing(sqlite3.connect(places.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    Path(places.ledger).write_bytes(Path(places.ledger).read_bytes()[:4096] + b"\xa5" * 4096)

    def holds(places: Places) -> None:
        assert totals(places) == (35, 3035)

    assert at_each_step(recorded, catch_up, holds) > 20
