"""The process that reads transcripts behind everybody's back: when it reads, and how it gives way."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
from collector_client import wait_until
from sandbox import Sandbox
from transcript_lines import record, write

from cclaunch.collector.history_process import history_command
from cclaunch.files.lock import locked
from cclaunch.history import process
from cclaunch.history.turns import FEWEST
from cclaunch.hot.paths import Paths, our_paths


@pytest.fixture
def paths(sandbox: Sandbox) -> Paths:
    """Our directories in a home with one transcript, of which a person was told that it is read."""
    paths = our_paths(sandbox.environ)
    for directory in (paths.state, paths.data):
        Path(directory).mkdir(parents=True)
    Path(paths.transcripts_told).touch()
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", record())
    return paths


def run(sandbox: Sandbox, paths: Paths) -> tuple[int, str]:
    """Make a pass; return its exit code and what it has said."""
    done = subprocess.run(history_command(paths), env=sandbox.environ, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


@contextmanager
def running(sandbox: Sandbox, paths: Paths) -> Iterator[psutil.Popen]:
    """Make a pass that waits for the ledger as long as the block runs."""
    with locked(paths.ledger_lock, 5):
        started = psutil.Popen(history_command(paths), env=sandbox.environ, stderr=subprocess.PIPE)
        yield started
    assert started.wait(60) == 0
    started.stderr.close()


def requests(paths: Paths) -> int:
    """Return how many requests the ledger has."""
    if not os.path.exists(paths.ledger):
        return 0
    with closing(sqlite3.connect(paths.ledger)) as connection:
        return int(connection.execute("SELECT count(*) FROM requests").fetchone()[0])


def test_it_reads_what_there_is(sandbox: Sandbox, paths: Paths) -> None:
    """And says nothing."""
    assert run(sandbox, paths) == (0, "")
    assert requests(paths) == 1


def test_it_reads_nothing_before_a_person_knows_of_it(sandbox: Sandbox, paths: Paths) -> None:
    """It does not even make a ledger."""
    os.unlink(paths.transcripts_told)
    assert run(sandbox, paths) == (0, "")
    assert not os.path.exists(paths.ledger)


def test_it_reads_nothing_where_it_is_turned_off(sandbox: Sandbox, paths: Paths) -> None:
    """Whoever started it."""
    sandbox.configure(extra="[history]\ntranscripts = false")
    assert run(sandbox, paths) == (0, "")
    assert not os.path.exists(paths.ledger)


def test_of_two_one_leaves(sandbox: Sandbox, paths: Paths) -> None:
    """The other one reads all there is."""
    with locked(paths.history_lock, 5):
        assert run(sandbox, paths) == (0, "")
    assert requests(paths) == 0


def test_it_has_the_lowest_priority(sandbox: Sandbox, paths: Paths) -> None:
    """Of processor and disk."""
    with running(sandbox, paths) as started:
        assert wait_until(lambda: started.nice() == 19)
        assert wait_until(lambda: started.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE)


def test_a_second_one_begins_where_one_was_killed(sandbox: Sandbox, paths: Paths) -> None:
    """The locks of the dead are free."""
    with locked(paths.ledger_lock, 5):
        started = psutil.Popen(history_command(paths), env=sandbox.environ, stderr=subprocess.DEVNULL)
        assert wait_until(lambda: started.nice() == 19)
        started.kill()
        assert started.wait(60) == -9
    assert run(sandbox, paths) == (0, "")
    assert requests(paths) == 1


def test_a_ledger_of_a_newer_release_is_left_alone_in_one_line(sandbox: Sandbox, paths: Paths) -> None:
    """With what keeps it from being read."""
    run(sandbox, paths)
    with closing(sqlite3.connect(paths.ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")
    code, told = run(sandbox, paths)
    assert code == 1
    assert told.startswith("cclaunch: claude's transcripts were not read: ")
    assert told.count("\n") == 1


def test_a_fault_of_ours_says_where_and_not_what(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its words may be those of a conversation, and they go to a log."""

    def fail(*_: object) -> None:
        raise ValueError("what was said")

    monkeypatch.setattr(process, "_read", fail)
    assert process.main([paths.config, paths.state, paths.cache, paths.data], {}) == 1
    told = capsys.readouterr().err
    assert told.startswith("cclaunch: claude's transcripts were not read: ValueError in test_process.py, line ")
    assert "what was said" not in told


def test_it_leaves_when_a_person_wants_to_read(sandbox: Sandbox, paths: Paths) -> None:
    """After a turn, which is kept; the person reads the rest."""
    folder = sandbox.home / ".claude" / "projects" / "x"
    for name in "bc":
        write(folder / f"{name}.jsonl", *(record(f"{name}{number}") for number in range(FEWEST)))
    Path(paths.history_asked).touch()
    assert run(sandbox, paths) == (0, "")
    assert 0 < requests(paths) < 2 * FEWEST
    os.unlink(paths.history_asked)
    assert run(sandbox, paths) == (0, "")
    assert requests(paths) == 2 * FEWEST + 1
