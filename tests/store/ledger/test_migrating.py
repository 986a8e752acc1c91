"""A ledger of the version before there were transcripts is brought up to date, whole or not at all, and answers as before."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from guard import REPOSITORY
from ledger_rows import rows_of
from ledgers import places_at
from stored import request, store

from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import known_files
from cclaunch.store.ledger.opening import has_transcripts, open_to_write, reading
from cclaunch.store.ledger.schema import VERSION
from cclaunch.store.places import Places
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
BACK = (
    "DROP INDEX requests_by_transcript",
    "DROP TABLE seen",
    "DROP TABLE files",
    *(f"ALTER TABLE quarters DROP COLUMN {name}" for name in ("estimated", "unpriced", "both", "unseen")),
    "PRAGMA user_version = 1",
)
"""What makes a ledger of the first version of one of the second."""

KILLED = """
import os, signal, sqlite3, sys
sys.path[:] = {path!r}
from cclaunch.store.ledger.migrating import migrate

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
    """Return places whose ledger is one of the first version: requests with and without money."""
    found = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))
    some = [request(number, NOW + number * 10**12, session__id="s") for number in range(20)]
    store(tmp_path / "telemetry.db", *some, request(99, NOW, micros=-1, session__id="s"))
    catch_up(found)
    return found


def take_back(ledger: str) -> None:
    """Make the ledger one of the first version."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for statement in BACK:
            connection.execute(statement)


def test_a_ledger_of_before_becomes_what_a_new_one_would_be(places: Places) -> None:
    """Its requests and sums; what tells how sure they are is added up."""
    before = rows_of(places.ledger)
    assert any(", 0, 1, 0, 0)" in row for row in before[1])  # one is counted that has no price
    take_back(places.ledger)
    with closing(open_to_write(places.ledger)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert has_transcripts(connection)
    assert rows_of(places.ledger) == before


def test_who_reads_one_of_before_is_answered_and_finds_no_transcripts(places: Places) -> None:
    """Nobody has written to it since."""
    take_back(places.ledger)
    with reading(places.ledger) as connection:
        assert not has_transcripts(connection)
        assert known_files(connection) == {}
    found = usage(places, None, None, ("session",), {}).usage
    assert found is not None
    assert found.total["requests"] == 21


def test_a_migration_that_is_killed_anywhere_is_done_by_the_next_one(places: Places) -> None:
    """Before each of its statements: the version changes with what it names."""
    before = rows_of(places.ledger)
    take_back(places.ledger)
    code = KILLED.format(path=[str(REPOSITORY), *sys.path])
    killed = 0
    while True:
        done = subprocess.run([sys.executable, "-c", code, places.ledger, str(killed + 1)], check=False, capture_output=True)
        with reading(places.ledger) as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(quarters)")]
            assert has_transcripts(connection) == ("unseen" in columns)
            if done.returncode == 0:
                break
            assert done.returncode == -9, done.stderr
        killed += 1
    assert killed > 8
    assert rows_of(places.ledger) == before


def test_a_migration_that_cannot_be_written_says_why_and_leaves_the_ledger_as_it_was(places: Places) -> None:
    """SQLite has ended the transaction by itself; there is room the next time."""
    before = rows_of(places.ledger)
    take_back(places.ledger)
    code = NO_ROOM.format(path=[str(REPOSITORY), *sys.path])
    done = subprocess.run([sys.executable, "-c", code, places.ledger], check=False, capture_output=True, text=True)
    assert done.stdout == "disk I/O error\n", done.stderr
    with reading(places.ledger) as connection:
        assert not has_transcripts(connection)
    with closing(open_to_write(places.ledger)):
        assert rows_of(places.ledger) == before


def test_the_answer_out_of_a_copy_of_before_is_whole(places: Places) -> None:
    """The ledger cannot be opened: a stand-in is made of the copy, in memory."""
    from cclaunch.store.ledger.care import look_after
    from cclaunch.store.ledger.copies import copies

    look_after(places, 0, NOW)
    (copy,) = copies(places.copies)
    take_back(copy.path)
    store(Path(places.database), request(50, NOW + 5, session__id="s"))
    Path(places.ledger).unlink()
    Path(places.ledger).symlink_to("nowhere/at-all")
    found = usage(places, None, None, ("session",), {})
    assert found.usage is not None
    assert found.usage.total["requests"] == 22
    assert "this is answered from the raw events and the last copy" in found.troubles[0]
