"""What was lost on the way: sessions that were found to be whole are not looked at again, until the metric counts more."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import places_at
from stored import SECOND_NS, cost, request, store

from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.losses import lost_usd_micros
from cclaunch.store.places import Places

NOW = 1_790_000_000 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A home in which session `whole` lost nothing, and session `lossy` one of two requests."""
    path = tmp_path / "telemetry.db"
    store(
        path,
        request(1, NOW, micros=1_000_000, session__id="whole"),
        cost("whole", 1.0, NOW + 1),
        request(2, NOW, micros=1_000_000, session__id="lossy"),
        cost("lossy", 3.0, NOW + 1),
    )
    return places_at(path)


def lost(places: Places) -> int:
    """Bring the ledger up to date; return what was lost, in micro-dollars."""
    catch_up(places)
    with closing(sqlite3.connect(places.ledger)) as connection:
        return lost_usd_micros(connection, None, None)


def owed(places: Places) -> set[str]:
    """Return the sessions that are looked at by whoever asks."""
    query = "SELECT s.name FROM metered m JOIN sessions s ON s.id = m.session WHERE m.owed"
    with closing(sqlite3.connect(places.ledger)) as connection:
        return {row[0] for row in connection.execute(query)}


def test_only_sessions_that_may_have_lost_something_are_looked_at(places: Places) -> None:
    """The rest is known to be whole."""
    assert lost(places) == 2_000_000
    assert owed(places) == {"lossy"}


def test_a_session_that_goes_on_is_looked_at_again(places: Places) -> None:
    """It was whole, and then a process that resumed it lost something."""
    lost(places)
    store(Path(places.database), cost("whole", 1.5, NOW + 2))

    assert lost(places) == 3_500_000
    assert owed(places) == {"lossy", "whole"}


def test_what_comes_late_is_lost_no_longer(places: Places) -> None:
    """Also where nobody looks at the session again by itself."""
    lost(places)
    store(Path(places.database), request(3, NOW, micros=2_000_000, session__id="lossy"))
    assert lost(places) == 0

    store(Path(places.database), cost("other", 0.0, NOW + 2))
    assert lost(places) == 0
    assert owed(places) == set()


def test_an_old_loss_is_told_whatever_came_since(places: Places) -> None:
    """It stays open, and is not settled by time."""
    lost(places)
    store(
        Path(places.database),
        request(4, NOW + 30 * DAY_NS, micros=1, session__id="new"),
        cost("new", 0.000001, NOW + 30 * DAY_NS + 1),
    )
    assert lost(places) == 2_000_000
    assert owed(places) == {"lossy"}
