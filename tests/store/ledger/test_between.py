"""What is stored between two steps of somebody who deletes, or with a wrong clock, is known by all it was sent with."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import lost_usd_micros, places_at
from stored import cost, request, store

from cclaunch.store import retention
from cclaunch.store.connection import connect
from cclaunch.store.ledger import raw
from cclaunch.store.ledger.tombstones import FOREVER, SESSION, Rule, hashed
from cclaunch.store.places import Places
from cclaunch.store.reader import open_reader
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
HOUR = 3600 * 1_000_000_000
OLD = NOW - retention.RETENTION_NS - 72 * HOUR


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a telemetry.db is to be."""
    return tmp_path / "telemetry.db"


def shares(connection: sqlite3.Connection) -> bool:
    """Say whether what all events have in common is there."""
    query = "SELECT count(*) FROM events e LEFT JOIN shared s ON s.key = e.shared WHERE e.shared IS NOT NULL AND s.key IS NULL"
    return bool(connection.execute(query).fetchone()[0] == 0)


def of(places: Places, session: str) -> int:
    """Return how many requests of *session* are counted."""
    found = usage(places, None, None, ("session",), {"session": session}).usage
    return 0 if found is None else int(found.total["requests"])


def test_an_old_event_that_comes_while_old_ones_go_keeps_what_it_shares(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It came when the events had been deleted, and what they had in common had not."""
    monkeypatch.setattr(retention, "FIRST_ROWS", 1)
    monkeypatch.setattr(retention, "LEAST", 1)
    monkeypatch.setattr(retention, "SLICE_S", 0)
    store(path, *(request(number, OLD + number, session__id=f"s-{number}") for number in range(3)), request(9, NOW))

    def comes(_: float) -> None:
        if connection.execute("SELECT count(*) FROM shared").fetchone()[0] == 3:
            store(path, request(5, OLD, session__id="s-2"))

    with closing(connect(str(path))) as connection:
        assert retention.retain(connection, NOW, 3, pause=comes) == 3
        assert shares(connection)
    assert of(places_at(path), "s-2") == 1


def test_more_of_a_forgotten_session_that_comes_meanwhile_is_known_by_its_session(path: Path) -> None:
    """Else the ledger would count it as nobody's."""
    rules = [Rule(0, FOREVER, {SESSION: frozenset([hashed("gone")])})]
    store(path, request(1, NOW, session__id="gone"), request(2, NOW, session__id="stays"))
    with closing(connect(str(path))) as connection:
        raw.sweep(connection, rules, 0, lambda done, whole: None)
        store(path, request(3, NOW + 1, session__id="gone"))
        raw.forget_shared(connection, rules)
        assert shares(connection)


def test_a_clock_that_went_before_ours_hides_no_loss_of_others(path: Path) -> None:
    """A point of tomorrow is the newest for a day; what others count meanwhile is looked at all the same."""
    now = time.time_ns()
    store(path, cost("ahead", 0.5, now + 20 * HOUR), request(1, now + 20 * HOUR, micros=500_000, session__id="ahead"))
    with closing(open_reader(str(path))) as connection:
        assert lost_usd_micros(connection, None, None) == 0
        store(path, cost("other", 0.25, now))
        assert lost_usd_micros(connection, None, None) == 250_000
