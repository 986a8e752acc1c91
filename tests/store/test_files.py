"""The database's file is moved, deleted, restored or overwritten under its writer: what is acknowledged is at the path."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stored
from collector_client import wait_until

from cclaunch.store import lineage, set_aside
from cclaunch.store.reader import open_reader
from cclaunch.store.write_queue import StoreUnavailable
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "telemetry.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    """A writer that runs."""
    made = Writer(str(path))
    made.start()
    yield made
    made.close()


def put(writer: Writer, name: str) -> None:
    """Have *name* committed; sent again as exporters do while the store says so."""
    batch = stored.event(name, NOW)
    deadline = time.monotonic() + 120
    while True:
        wrong = writer.submit(batch).exception(10)
        if wrong is None:
            return
        assert isinstance(wrong, StoreUnavailable), wrong
        assert time.monotonic() < deadline, wrong
        time.sleep(0.05)


def names(path: Path) -> list[str]:
    """Return the names of what is stored at *path*, in the order of storing."""
    with contextlib.closing(open_reader(str(path))) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM events ORDER BY id")]


def is_whole(path: Path) -> bool:
    """Say whether SQLite finds nothing wrong with the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def backup(path: Path, copy: Path) -> Path:
    """Make a backup as the manual of SQLite has it."""
    with contextlib.closing(sqlite3.connect(path)) as one, contextlib.closing(sqlite3.connect(copy)) as other:
        one.backup(other)
    return copy


def by_rename(copy: Path, path: Path) -> None:
    """`mv backup telemetry.db`."""
    os.replace(copy, path)


def by_copy(copy: Path, path: Path) -> None:
    """`cp backup telemetry.db`: the same file with another content."""
    shutil.copyfile(copy, path)


def by_copy_into_a_new_file(copy: Path, path: Path) -> None:
    """`rm telemetry.db; cp backup telemetry.db`."""
    path.unlink()
    shutil.copyfile(copy, path)


def by_rsync(copy: Path, path: Path) -> None:
    """A temporary file beside it, with the old times, renamed."""
    temporary = path.with_name(".telemetry.db.Xq1")
    shutil.copy2(copy, temporary)
    os.replace(temporary, path)


def by_sqlite(copy: Path, path: Path) -> None:
    """`sqlite3 telemetry.db ".restore backup"`."""
    with contextlib.closing(sqlite3.connect(copy)) as one, contextlib.closing(sqlite3.connect(path)) as other:
        one.backup(other)


def with_its_log(copy: Path, path: Path) -> None:
    """A directory put back file by file, with an empty log and an index of long ago."""
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(copy, path)
    Path(f"{path}-wal").touch()


RESTORES = [by_rename, by_copy, by_copy_into_a_new_file, by_rsync, by_sqlite, with_its_log]


@pytest.mark.parametrize("restore", RESTORES)
def test_a_backup_that_is_restored_under_the_writer_is_what_is_there(
    writer: Writer, path: Path, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    """What came after the backup is gone, as the person wants it; what comes after the restore is there."""
    put(writer, "before")
    copy = backup(path, tmp_path / "backup.db")
    put(writer, "undone")
    assert wait_until(lambda: writer._database.clean)
    restore(copy, path)
    put(writer, "after")

    assert names(path) == ["before", "after"]
    writer.close()
    assert names(path) == ["before", "after"]
    assert is_whole(path)


@pytest.mark.parametrize("restore", RESTORES)
def test_a_log_that_was_left_is_not_replayed_onto_a_restored_backup(
    path: Path, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    """Killed with a log full of commits; the backup is put in place by hand; then a new collector starts."""
    copy = tmp_path / "backup.db"
    kill_with_a_log(path, copy)
    assert Path(f"{path}-wal").stat().st_size > 0
    restored_onto_it = restore is by_sqlite  # SQLite itself has the old log first, and writes behind it
    restore(copy, path)
    writer = Writer(str(path))
    writer.start()
    put(writer, "after")
    writer.close()

    assert names(path) == ["before", "after"]
    assert is_whole(path)
    assert len(set_aside.logs_aside(str(path))) == (0 if restored_onto_it or restore is with_its_log else 1)


def test_a_log_that_was_left_is_replayed_onto_its_own_database(path: Path, tmp_path: Path) -> None:
    """Also when the whole directory was copied elsewhere meanwhile, by whatever program."""
    kill_with_a_log(path, tmp_path / "backup.db")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for one in path.parent.iterdir():
        shutil.copyfile(one, elsewhere / one.name)
    for place in (path, elsewhere / path.name):
        writer = Writer(str(place))
        writer.start()
        writer.close()
        assert names(place) == ["before", *(f"undone_{number}" for number in range(20))]
        assert not set_aside.logs_aside(str(place))


KILLED = """
import os, signal, sqlite3, sys
sys.path[:0] = [{root!r}, {tests!r}]
import stored
from cclaunch.store.writer import Writer
writer = Writer(sys.argv[1])
writer.start()
writer.submit(stored.event("before", {now})).result(10)
writer._database.settle()
copy = sqlite3.connect(sys.argv[2])
sqlite3.connect(sys.argv[1]).backup(copy)
copy.close()
writer._database.settle = writer._database.settle_large = lambda: None  # as when more is received all the time
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("BEGIN"); reader.execute("SELECT count(*) FROM events").fetchone()  # keeps the log from being folded back
for number in range(20):
    writer.submit(stored.event(f"undone_{{number}}", {now})).result(10)
os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_with_a_log(path: Path, copy: Path) -> None:
    """Leave a database whose log holds commits, from a process that was killed; *copy* is a backup from before them."""
    code = KILLED.format(root=str(ROOT), tests=str(ROOT / "tests/harness"), now=NOW)
    done = subprocess.run([sys.executable, "-c", code, str(path), str(copy)], check=False, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_database_that_is_deleted_is_made_anew(writer: Writer, path: Path) -> None:
    """`rm telemetry.db`, alone and with what lies beside it."""
    put(writer, "before")
    path.unlink()
    put(writer, "between")
    assert names(path) == ["between"]
    for one in path.parent.glob("telemetry.db*"):
        one.unlink()
    put(writer, "after")
    assert names(path) == ["after"]


def test_a_database_that_is_moved_is_whole_where_it_is(writer: Writer, path: Path, tmp_path: Path) -> None:
    """`mv telemetry.db elsewhere`: nothing of it stays behind in a log."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        put(writer, "before")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        put(writer, "in_the_log")
        reader.execute("COMMIT")
    moved = tmp_path / "moved.db"
    path.rename(moved)
    put(writer, "after")

    assert names(path) == ["after"]
    assert names(moved) == ["before", "in_the_log"]


def test_a_directory_that_is_moved_is_made_anew(writer: Writer, path: Path, tmp_path: Path) -> None:
    """What was acknowledged before is in the old one, what is acknowledged then in the new one."""
    put(writer, "before")
    path.parent.rename(tmp_path / "moved")
    put(writer, "after")

    assert names(path) == ["after"]
    assert names(tmp_path / "moved" / path.name) == ["before"]
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_log_that_is_deleted_takes_nothing_along(writer: Writer, path: Path, suffix: str) -> None:
    """What was committed is brought into the database; another program that reads sees all of it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        put(writer, "before")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        put(writer, "in_the_log")
        reader.execute("COMMIT")
    Path(f"{path}{suffix}").unlink()
    put(writer, "after")

    assert names(path) == ["before", "in_the_log", "after"]
    writer.close()
    assert names(path) == ["before", "in_the_log", "after"]
    assert is_whole(path)


def test_another_program_that_writes_is_no_replacement(writer: Writer, path: Path) -> None:
    """A viewer edits and folds the log back: SQLite's own affair."""
    put(writer, "before")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as viewer:
        viewer.execute("UPDATE events SET body = 'edited'")
        viewer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection = writer._database._connection
        put(writer, "after")
        assert writer._database._connection is connection
        assert viewer.execute("SELECT body FROM events ORDER BY id").fetchall() == [("edited",), ("claude_code.after",)]


@pytest.mark.parametrize("what", ["a directory", "a database of another program", "a newer cclaunch"])
def test_what_cannot_be_written_to_keeps_what_comes_until_it_is_gone(writer: Writer, path: Path, what: str) -> None:
    """Somebody else's file is left alone; its reason is named; and then what came meanwhile is stored."""
    put(writer, "before")
    path.rename(path.with_name("kept.db"))
    if what == "a directory":
        path.mkdir()
    else:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE theirs (x)")
            if "newer" in what:
                other.execute(f"PRAGMA application_id = {0x63636C61}")
                other.execute("PRAGMA user_version = 1000")
    assert isinstance(writer.submit(stored.event("meanwhile", NOW)).exception(10), StoreUnavailable)
    assert what in writer.trouble
    assert writer.waiting == 1
    path.rename(path.with_name("gone"))

    assert wait_until(lambda: writer.trouble == "")
    assert names(path) == ["meanwhile"]


def test_a_link_that_leads_elsewhere_is_followed(path: Path, tmp_path: Path) -> None:
    """The data lie on another disk; the person turns the link to a third one."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    path.symlink_to(tmp_path / "one" / "telemetry.db")
    writer = Writer(str(path))
    writer.start()
    put(writer, "before")
    path.unlink()
    path.symlink_to(tmp_path / "two" / "telemetry.db")
    put(writer, "after")
    writer.close()

    assert names(tmp_path / "one" / "telemetry.db") == ["before"]
    assert names(path) == ["after"]


def test_a_copy_of_the_one_file_is_whole_when_nothing_is_received(writer: Writer, path: Path, tmp_path: Path) -> None:
    """`cp telemetry.db backup.db`: the log is folded back at once."""
    put(writer, "before")
    assert wait_until(lambda: writer._database.clean)
    shutil.copyfile(path, tmp_path / "copy.db")

    assert names(tmp_path / "copy.db") == ["before"]


def test_looking_after_a_database_drops_no_lock_on_it(writer: Writer, path: Path) -> None:
    """Who closes a file loses all locks on it: another program would think that it was the last, and take the log away."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        put(writer, "before")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        put(writer, "in_the_log")
    writer.maintain(NOW, 0)
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute('SELECT count(*) FROM events').fetchone()[0])"
    seen = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True, timeout=120)

    assert seen.stdout == b"2\n"
    assert Path(f"{path}-wal").exists()


def test_the_log_of_another_database_is_strange_and_what_is_none_is_garbage(path: Path, tmp_path: Path) -> None:
    """The first mark in a log decides; what has no valid header is no log."""
    kill_with_a_log(path, tmp_path / "backup.db")
    assert lineage.judge_log(str(path)) == lineage.BELONGS
    shutil.copyfile(tmp_path / "backup.db", path)
    assert lineage.judge_log(str(path)) == lineage.STRANGE
    path.with_name("telemetry.db-log").unlink()
    assert lineage.judge_log(str(path)) == lineage.BELONGS  # it is the very commit that the log goes on from
    stored.store(tmp_path / "other.db", stored.event("other", NOW))
    shutil.copyfile(tmp_path / "other.db", path)
    assert lineage.judge_log(str(path)) == lineage.STRANGE
    path.write_bytes(b"")
    assert lineage.judge_log(str(path)) == lineage.STRANGE
    Path(f"{path}-wal").write_bytes(b"garbage" * 1000)
    assert lineage.judge_log(str(path)) == lineage.GARBAGE
    Path(f"{path}-wal").unlink()
    assert lineage.judge_log(str(path)) == lineage.BELONGS
