"""A ledger of an older version is brought up to date, whole or not at all, and answers as before."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from guard import REPOSITORY
from ledger_rows import rows_of
from ledgers import places_at
from stored import request, store

from cclaunch.errors import StoreTooNew
from cclaunch.store.ledger import migrating
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.copies import copies
from cclaunch.store.ledger.current import is_current
from cclaunch.store.ledger.forget import forget_requests
from cclaunch.store.ledger.from_transcripts import known_files
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.opening import has_doings, has_launched, has_transcripts, open_to_write, reading
from cclaunch.store.ledger.refill import opened, take_ledger
from cclaunch.store.ledger.request import LAUNCH
from cclaunch.store.ledger.schema import DAY_NS, HOUR_NS, VERSION
from cclaunch.store.ledger.tombstones import Rule
from cclaunch.store.places import Places
from cclaunch.store.usage import brought_up, usage

NOW = 1_790_000_000_000_000_000
BACK_TO_3 = ("DROP TABLE doing_days", "DROP TABLE doings", "DROP TABLE doing_names", "PRAGMA user_version = 3")
BACK_TO_2 = (
    *BACK_TO_3,
    "DROP TABLE pull_requests",
    "ALTER TABLE quarters DROP COLUMN launched",
    "PRAGMA user_version = 2",
)
BACK_TO_1 = (
    *BACK_TO_2,
    "DROP INDEX requests_by_transcript",
    "DROP TABLE seen",
    "DROP TABLE files",
    *(f"ALTER TABLE quarters DROP COLUMN {name}" for name in ("estimated", "unpriced", "both", "unseen")),
    "PRAGMA user_version = 1",
)
BACK = {1: BACK_TO_1, 2: BACK_TO_2, 3: BACK_TO_3}
"""Version -> what makes a ledger of it of one of today."""

old_versions = pytest.mark.parametrize("version", BACK)
without_launched = pytest.mark.parametrize("version", [1, 2])

KILLED = """
import os, signal, sqlite3, sys, time
sys.path[:] = {path!r}
from cclaunch.store.ledger.migrating import migrate

time.time_ns = lambda: {now}

left = int(sys.argv[2])
def count(_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.set_trace_callback(count)
migrate(connection)
"""

NO_ROOM = """
import resource, sqlite3, sys
sys.path[:] = {path!r}
from cclaunch.store.ledger.migrating import migrate

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("SELECT count(*) FROM requests")
connection.execute("PRAGMA cache_size = 1")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, -1))  # no file may grow
try:
    migrate(connection)
except sqlite3.Error as error:
    print(error)
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places whose ledger has requests with and without money, a launch's and others'."""
    found = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))
    some = [request(number, NOW + number * 10**12, session__id="s") for number in range(20)]
    store(tmp_path / "telemetry.db", *some, request(99, NOW, micros=-1, session__id="s"))
    catch_up(found)
    with closing(sqlite3.connect(found.ledger, isolation_level=None)) as connection:
        connection.execute(f"UPDATE requests SET sender = {LAUNCH} WHERE time_ns >= ?", (NOW + 10 * 10**12,))
        add_up(connection, {row[0] for row in connection.execute("SELECT quarter FROM quarters").fetchall()})
    return found


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the present be an hour behind the requests, wherever it is asked for in this process."""
    monkeypatch.setattr(migrating, "time", SimpleNamespace(time_ns=lambda: NOW + HOUR_NS))


def take_back(ledger: str, version: int = 1) -> None:
    """Make the ledger one of that version."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for statement in BACK[version]:
            connection.execute(statement)


def launched(ledger: str) -> int:
    """Return what launches have spent, by the quarters, in micro-dollars."""
    with closing(sqlite3.connect(ledger)) as connection:
        return int(connection.execute("SELECT sum(launched) FROM quarters").fetchone()[0])


@old_versions
def test_a_ledger_of_before_becomes_what_a_new_one_would_be(places: Places, version: int) -> None:
    """Its requests and sums; what tells how sure they are is added up, and what launches have spent."""
    before = rows_of(places.ledger)
    assert any(", 0, 1, 0, 0, 0)" in row for row in before[1])  # one is counted that has no price
    assert launched(places.ledger) == 10_000
    take_back(places.ledger, version)
    with closing(open_to_write(places.ledger)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert has_transcripts(connection)
        assert has_launched(connection)
        assert has_doings(connection)
    assert rows_of(places.ledger) == before


@without_launched
def test_what_no_period_of_a_budget_can_reach_is_not_added_up(
    places: Places, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """A migration reads the requests of a month, and not of years."""
    take_back(places.ledger, version)
    monkeypatch.setattr(migrating, "time", SimpleNamespace(time_ns=lambda: NOW + 40 * DAY_NS))
    with closing(open_to_write(places.ledger)):
        assert launched(places.ledger) == 0


def test_who_reads_one_of_the_second_version_finds_transcripts_and_no_launches(places: Places) -> None:
    """Nobody has written to it since."""
    take_back(places.ledger, 2)
    with reading(places.ledger) as connection:
        assert has_transcripts(connection)
        assert not has_launched(connection)


def test_who_reads_one_of_before_is_answered_and_finds_no_transcripts(places: Places) -> None:
    """Nobody has written to it since."""
    take_back(places.ledger)
    with reading(places.ledger) as connection:
        assert not has_transcripts(connection)
        assert known_files(connection) == {}
    found = usage(places, None, None, ("session",), {}).usage
    assert found is not None
    assert found.total["requests"] == 21


@pytest.mark.parametrize(("version", "least"), [(1, 14), (2, 7), (3, 4)])
def test_a_migration_that_is_killed_anywhere_is_done_by_the_next_one(places: Places, version: int, least: int) -> None:
    """Before each of its statements: the version changes with what it names."""
    before = rows_of(places.ledger)
    take_back(places.ledger, version)
    code = KILLED.format(path=[str(REPOSITORY), *sys.path], now=NOW)
    killed = 0
    while True:
        done = subprocess.run([sys.executable, "-c", code, places.ledger, str(killed + 1)], check=False, capture_output=True)
        with reading(places.ledger) as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(quarters)")]
            assert has_transcripts(connection) == ("unseen" in columns)
            assert has_launched(connection) == ("launched" in columns)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            assert has_doings(connection) == ({"doing_names", "doings", "doing_days"} <= tables)
            if done.returncode == 0:
                break
            assert done.returncode == -9, done.stderr
        killed += 1
    assert killed >= least
    assert rows_of(places.ledger) == before


@without_launched
def test_a_migration_that_cannot_be_written_says_why_and_leaves_the_ledger_as_it_was(places: Places, version: int) -> None:
    """SQLite has ended the transaction by itself; there is room the next time."""
    before = rows_of(places.ledger)
    take_back(places.ledger, version)
    code = NO_ROOM.format(path=[str(REPOSITORY), *sys.path])
    done = subprocess.run([sys.executable, "-c", code, places.ledger], check=False, capture_output=True, text=True)
    assert done.stdout == "disk I/O error\n", done.stderr
    with reading(places.ledger) as connection:
        assert has_transcripts(connection) == (version > 1)
        assert not has_launched(connection)
    with closing(open_to_write(places.ledger)):
        assert rows_of(places.ledger) == before


@old_versions
def test_the_answer_out_of_a_copy_of_before_is_whole(places: Places, version: int) -> None:
    """The ledger cannot be opened: a stand-in is made of the copy, in memory."""
    from cclaunch.store.ledger.care import look_after

    look_after(places, 0, NOW)
    (copy,) = copies(places.copies)
    take_back(copy.path, version)
    store(Path(places.database), request(50, NOW + 5, session__id="s"))
    Path(places.ledger).unlink()
    Path(places.ledger).symlink_to("nowhere/at-all")
    found = usage(places, None, None, ("session",), {})
    assert found.usage is not None
    assert found.usage.total["requests"] == 22
    assert "this is answered from the raw events and the last copy" in found.troubles[0]


@old_versions
def test_a_ledger_is_made_of_a_copy_of_before_and_knows_what_launches_have_spent(places: Places, version: int) -> None:
    """The ledger is gone; its last copy was made by an older release."""
    from cclaunch.store.ledger.care import look_after

    before = rows_of(places.ledger)
    look_after(places, 0, NOW)
    (copy,) = copies(places.copies)
    take_back(copy.path, version)
    Path(places.ledger).unlink()
    with closing(opened(places)):
        assert rows_of(places.ledger) == before


@old_versions
def test_what_another_ledger_of_before_knows_is_taken_over_with_what_launches_have_spent(
    places: Places, tmp_path: Path, version: int
) -> None:
    """As of one that is damaged, or that somebody has put in the place of a newer one."""
    before = rows_of(places.ledger)
    take_back(places.ledger, version)
    with closing(open_to_write(str(tmp_path / "new"))) as connection:
        assert take_ledger(connection, places.ledger) == 0
    assert rows_of(str(tmp_path / "new"))[:2] == before[:2]


def test_what_launches_have_spent_goes_when_it_is_forgotten(places: Places) -> None:
    """A budget has room again."""
    with closing(open_to_write(places.ledger)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        forget_requests(connection, [Rule(0, NOW + 15 * 10**12, {})])
        connection.execute("COMMIT")
    assert launched(places.ledger) == 5_000


@old_versions
def test_whoever_asks_brings_a_ledger_of_before_up_to_date_though_nothing_is_new(places: Places, version: int) -> None:
    """A budget that was just set is told of what launches have spent before."""
    take_back(places.ledger, version)
    assert not is_current(places)
    assert brought_up(places) is None
    assert is_current(places)
    assert launched(places.ledger) == 10_000


def test_a_ledger_of_a_later_version_is_left_alone(places: Places) -> None:
    """It is said, and nothing is written."""
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreTooNew, match=f"version {VERSION + 1}, this one knows {VERSION}"):
        open_to_write(places.ledger)
