"""What was forgotten does not come back from VictoriaLogs, which cannot delete it."""

import time
from pathlib import Path

import pytest
from ledgers import places_at
from stackproc import Vlogs
from stored import export_of, store

from cclaunch.otlp.decode import decode_logs
from cclaunch.store import forgetting
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.wanted import Wanted
from cclaunch.store.places import Places

MINUTE = 60 * 1_000_000_000
NOW = time.time_ns()
RECORDS = [
    {"request_id": f"req_{number}", "cost_usd_micros": 1, "session.id": session, "team": team, "time": NOW - number * MINUTE}
    for number, (session, team) in enumerate([("gone", "a"), ("gone", "b"), ("stays", "a"), ("stays", "b")], 1)
]


@pytest.fixture
def places(tmp_path: Path, there: Vlogs) -> Places:
    """Where the ledger and its copies are, and that VictoriaLogs."""
    return places_at(tmp_path / "telemetry.db", there.url)._replace(copies=str(tmp_path / "copies"))


def counted(places: Places) -> int:
    """Return how many requests the ledger has after reading all there is."""
    catch_up(places, everything=True)
    with reading(places.ledger) as connection:
        return int(connection.execute("SELECT count(*) FROM requests").fetchone()[0])


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Wanted(session="gone"), 2),
        (Wanted(before=NOW - 3 * MINUTE + MINUTE // 2), 2),
        (Wanted(where={"team": ["a"]}), 2),
        (Wanted(where={"team": ["a"]}, session="gone"), 3),
    ],
)
def test_it_stays_away_however_often_all_is_read_again(places: Places, there: Vlogs, wanted: Wanted, left: int) -> None:
    """By the same ledger, by one that is filled from its copy, late, and from the other backend as well."""
    there.take(export_of(*RECORDS, time_ns=NOW))
    assert counted(places) == 4

    found = forgetting.look(places, wanted, time.time_ns())
    forgetting.forget(places, found.rules)
    assert counted(places) == left

    there.take(export_of(*RECORDS, time_ns=NOW))
    assert counted(places) == left

    for suffix in ("", "-wal", "-shm"):
        Path(places.ledger + suffix).unlink(missing_ok=True)
    assert counted(places) == left

    store(Path(places.database), decode_logs(export_of(*RECORDS, time_ns=NOW)))
    assert counted(places) == left


def test_no_name_of_it_comes_back(places: Places, there: Vlogs) -> None:
    """Sessions and attribute sets of what is left out are not made."""
    there.take(export_of(*RECORDS, time_ns=NOW))
    counted(places)
    found = forgetting.look(places, Wanted(session="gone"), time.time_ns())
    forgetting.forget(places, found.rules)
    counted(places)

    with reading(places.ledger) as connection:
        assert connection.execute("SELECT name FROM sessions").fetchall() == [("stays",)]
