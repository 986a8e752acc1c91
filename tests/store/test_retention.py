"""Old rows are deleted in slices, which keep nobody waiting; what is too new by any clock stays; space is given back."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stored
from collector_client import wait_until

from cclaunch.store import retention
from cclaunch.store.connection import connect
from cclaunch.store.retention import RETENTION_NS, retain
from cclaunch.store.writer import Writer

DAY_NS = 24 * 3600 * 1_000_000_000
NOW = 1_790_000_000_000_000_000
OLD = NOW - RETENTION_NS - DAY_NS
ALL = 1 << 62
TABLES = ("events", "shared", "series", "points")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "telemetry.db"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that may write, as the maintenance has it."""
    connection = connect(str(path))
    try:
        yield connection
    finally:
        connection.close()


def fill(path: Path, old: int, new: int = 1) -> None:
    """Store so many requests of before the border, and of now; each of a session of its own, with a point of the cost."""
    batches = []
    for time_ns, count, name in ((OLD, old, "old"), (NOW, new, "new")):
        for number in range(count):
            session = f"{name}-{number}"
            more = {"session__id": session, "message__uuid": f"{number}".ljust(800, "x")}
            batches.append(stored.request(number, time_ns + number, **more))  # type: ignore[arg-type]
            batches.append(stored.cost(session, 0.001, time_ns + number))
    stored.store(path, *batches)


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def quietly(_: float) -> None:
    """Do not wait between slices."""


def test_events_go_with_what_they_share_and_series_with_their_points(path: Path) -> None:
    """What is new stays whole."""
    fill(path, old=30, new=3)
    with opened(path) as connection:
        assert retain(connection, NOW + 2 * DAY_NS, ALL, pause=quietly) == 30
        assert counts(connection) == dict.fromkeys(TABLES, 3)


def test_what_the_ledger_has_not_read_stays(path: Path) -> None:
    """However old it is, and with what it shares."""
    fill(path, old=30)
    with opened(path) as connection:
        assert retain(connection, NOW + 2 * DAY_NS, 12, pause=quietly) == 12
        left = connection.execute("SELECT count(*) FROM events JOIN shared ON shared.key = events.shared").fetchone()[0]

    assert left == 19


def test_the_newest_row_stays(path: Path) -> None:
    """Rowids grow for ever: who reads by them would take a second row of the same number for one that is known."""
    stored.store(path, stored.request(1, NOW), stored.request(2, OLD))
    with opened(path) as connection:
        assert retain(connection, NOW, ALL, pause=quietly) == 0


def test_a_clock_that_is_months_ahead_deletes_nothing(path: Path) -> None:
    """By it everything is old; the newest event says that it cannot be so late."""
    fill(path, old=0, new=20)
    with opened(path) as connection:
        assert retain(connection, NOW + 2 * RETENTION_NS, ALL, pause=quietly) == 0
        assert counts(connection) == dict.fromkeys(TABLES, 20)


def test_a_slice_is_no_larger_than_what_fits_into_its_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took too long is halved; one that was quick grows by half."""
    sizes = []
    size = 100
    for took in (0.01, 0.01, 0.03, 0.2, 0.2, 0.2, 0.2, 0.01):
        size = retention._next_size(size, took)
        sizes.append(size)

    assert sizes == [150, 225, 225, 112, 56, 28, 25, 37]


def test_a_lock_of_another_program_is_waited_for(path: Path) -> None:
    """It holds the database for a while in the midst of the deletion."""
    fill(path, old=30)
    with opened(path) as connection, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        connection.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")
        waits = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                other.execute("COMMIT")

        assert retain(connection, NOW + 2 * DAY_NS, ALL, pause=pause) == 30


def test_free_pages_are_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for some, which the next rows take."""
    monkeypatch.setattr(retention, "KEPT_PAGES", 5)
    fill(path, old=300, new=20)
    with opened(path) as connection:
        before = connection.execute("PRAGMA page_count").fetchone()[0]
        retain(connection, NOW + 2 * DAY_NS, ALL, pause=quietly)
        after, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))

    assert after < before / 3
    assert free <= 5


def test_where_nothing_can_be_given_back_the_space_is_used_again(path: Path) -> None:
    """A database of an older release: it grows no more."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("CREATE TABLE gone (one)")
        connection.execute("DROP TABLE gone")
    fill(path, old=300)
    with opened(path) as connection:
        before = connection.execute("PRAGMA page_count").fetchone()[0]
        retain(connection, NOW + 2 * DAY_NS, ALL, pause=quietly)
    fill(path, old=0, new=250)
    with opened(path) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0
        assert connection.execute("PRAGMA page_count").fetchone()[0] == before


def test_who_sends_while_old_rows_are_deleted_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slice by slice they go, and every batch that comes meanwhile is committed."""
    fill(path, old=400)
    monkeypatch.setattr(retention, "_next_size", lambda size, _: size)
    writer = Writer(str(path))
    writer.start()
    deleting = threading.Thread(target=lambda: writer.maintain(NOW + 2 * DAY_NS, ALL))
    deleting.start()
    sent = []
    number = 0
    while deleting.is_alive():
        sent.append(writer.submit(stored.request(5000 + number, NOW + number)).exception(60))
        number += 1
    deleting.join()
    writer.close()
    with opened(path) as connection:
        left = counts(connection)

    assert number > 3
    assert set(sent) == {None}
    assert left["events"] == 1 + number


def test_the_log_does_not_grow_with_what_is_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is received that would have its writer fold it back."""
    from cclaunch.store import database, maintenance

    fill(path, old=600)
    for module in (database, maintenance):
        monkeypatch.setattr(module, "LARGEST_LOG", 1 << 16)
    monkeypatch.setattr(retention, "_next_size", lambda size, _: size)
    writer = Writer(str(path))
    writer.start()
    largest = 0
    deleting = threading.Thread(target=lambda: writer.maintain(NOW + 2 * DAY_NS, ALL))
    deleting.start()
    log = Path(f"{path}-wal")
    while deleting.is_alive():
        largest = max(largest, log.stat().st_size)
        time.sleep(0.001)
    deleting.join()
    assert wait_until(lambda: writer._database.clean)
    writer.close()

    assert 1 << 16 < largest < 1 << 22


def test_a_collector_that_ends_leaves_the_rest_for_another_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for its end does not wait for the deletion."""
    fill(path, old=600)
    monkeypatch.setattr(retention, "FIRST_ROWS", 1)
    monkeypatch.setattr(retention, "_next_size", lambda size, _: size)
    writer = Writer(str(path))
    writer.start()
    deleting = threading.Thread(target=lambda: writer.maintain(NOW + 2 * DAY_NS, ALL))
    deleting.start()
    with opened(path) as connection:
        assert wait_until(lambda: counts(connection)["events"] < 601)
    writer.close()
    deleting.join(60)
    with opened(path) as connection:
        assert 1 < counts(connection)["events"] < 601
