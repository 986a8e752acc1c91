"""The database cannot be written for a while: what is received is kept, said, and stored when it can be."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
import stored
from collector_client import Place, logs, wait_until
from required import missing, require
from sandbox import kill

from cclaunch.backends.embedded import collector, ending, starting
from cclaunch.errors import CannotStore, StartFailed
from cclaunch.store import backlog, committing
from cclaunch.store.backlog import Backlog, load, put_down
from cclaunch.store.beside import UNSAVED
from cclaunch.store.insert import rows_of
from cclaunch.store.refused import RefusalCount, refusals
from cclaunch.store.write_queue import StoreUnavailable
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000
VIEWER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(99)
"""
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


def told_to_a_launch(place: Place) -> str:
    """Return what /health says to a launch."""
    return place.ask("GET", place.registering(os.getpid())).body.decode()


def give_up_on(place: Place, name: str) -> None:
    """Send one event over gRPC as claude does at its end: after two seconds nobody is there any more."""
    with grpc.insecure_channel(f"127.0.0.1:{place.ports['grpc']}") as channel, contextlib.suppress(grpc.RpcError):
        channel.unary_unary(LOGS, None, None)(logs(name).SerializeToString(), timeout=2)


def test_the_last_export_of_a_session_is_stored_when_the_lock_is_gone(place: Place) -> None:
    """A viewer has an edit open for longer than anybody waits; the session is long over when it lets go."""
    with place.locked():
        give_up_on(place, "last")
        assert wait_until(lambda: "1 record waits in telemetry.db-unsaved" in (collector.health(place.paths) or ""), 60)
        assert "locked by another program" in (collector.health(place.paths) or "")

    assert wait_until(lambda: place.event_names() == ["last"], 60)
    assert wait_until(lambda: collector.health(place.paths) is None)


def test_who_holds_the_lock_is_named(place: Place) -> None:
    """By name and pid: so that a person knows which window to close."""
    words = [sys.executable, "-c", VIEWER, place.paths.data + "/telemetry.db"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as viewer:
        assert viewer.stdout is not None
        viewer.stdout.readline()
        give_up_on(place, "last")
        assert wait_until(lambda: f"pid {viewer.pid})" in (collector.health(place.paths) or ""), 60)
        viewer.kill()

    assert wait_until(lambda: place.event_names() == ["last"], 60)


def test_a_health_question_is_answered_at_once_while_the_database_is_locked(place: Place) -> None:
    """A launch waits half a second; who does not answer is taken for dead, and replaced."""
    with place.locked():
        give_up_on(place, "last")
        assert wait_until(lambda: collector.health(place.paths) is not None, 60)
        for _ in range(4):
            assert (collector.health(place.paths, 0.5) or "").startswith(collector.SICK)


def test_an_export_waits_for_a_short_lock_and_is_acknowledged(place: Place) -> None:
    """Nobody has to send twice."""
    with place.locked():
        answers: list[int] = []
        sender = threading.Thread(target=lambda: answers.append(place.post("/v1/logs", logs("short").SerializeToString()).status))
        sender.start()
        time.sleep(0.5)
    sender.join(20)
    assert answers == [200]


def test_what_is_sent_again_meanwhile_is_stored_once_and_in_order(place: Place) -> None:
    """Acknowledged, for it is on the disk; what comes again is stored once, and older things before newer ones."""
    first, second = logs("first").SerializeToString(), logs("second").SerializeToString()
    with place.locked():
        assert place.post("/v1/logs", first).status == 200
        assert place.post("/v1/logs", first).status == 200
        assert place.post("/v1/logs", second).status == 200
    assert place.post("/v1/logs", first).status == 200

    assert place.event_names() == ["first", "second"]


def test_a_stop_while_the_database_is_locked_loses_nothing(place: Place) -> None:
    """What waits goes into a file, and the next collector stores it."""
    with place.locked():
        give_up_on(place, "last")
        assert ending.shutdown(place.paths)  # which the lock does not wait for
        unsaved = Path(place.paths.data, "telemetry.db" + UNSAVED)
        assert unsaved.stat().st_mode & 0o777 == 0o600
    place.start()

    assert wait_until(lambda: place.event_names() == ["last"])
    assert wait_until(lambda: not unsaved.exists())


def test_a_supervisor_that_is_killed_while_the_database_is_locked_costs_nothing(place: Place) -> None:
    """The collector becomes another one; what waited in it is still there."""
    found = collector.running(place.paths)
    assert found is not None
    with place.locked():
        give_up_on(place, "last")
        os.kill(found.supervisor, signal.SIGKILL)
        assert wait_until(lambda: Path(place.paths.data, "telemetry.db" + UNSAVED).exists(), 30)
    assert wait_until(lambda: place.event_names() == ["last"], 30)


def test_what_was_acknowledged_while_the_database_is_locked_outlives_kill_9(place: Place) -> None:
    """Both processes, before the viewer lets go."""
    with place.locked():
        for number in range(5):
            assert place.post("/v1/logs", logs(f"event_{number}").SerializeToString()).status == 200
        for process in place.lasting():
            kill(process)
    assert wait_until(lambda: collector.running(place.paths) is None)
    place.start()

    assert wait_until(lambda: place.event_names() == [f"event_{number}" for number in range(5)])


def test_a_collector_starts_while_the_database_is_locked(tmp_path: Path) -> None:
    """Also one that would have something to write into it at once."""
    place = Place(tmp_path)
    database = Path(place.paths.data, "telemetry.db")
    stored.store(database, stored.event("before", NOW))
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as viewer:
        viewer.execute("DROP TABLE lineage")
        viewer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CannotStore, match="locked by another program"):
            place.start()
        assert place.post("/v1/logs", logs("meanwhile").SerializeToString()).status == 200
    try:
        assert wait_until(lambda: place.event_names() == ["before", "meanwhile"], 60)
    finally:
        place.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is that no process has."""
    return tmp_path / "telemetry.db"


def locked_out(made: Writer, *names: str) -> None:
    """Have *names* fail for a lock."""
    with contextlib.closing(sqlite3.connect(made.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for waiting in [made.submit(stored.event(name, NOW)) for name in names]:
            assert isinstance(waiting.exception(30), StoreUnavailable | None)


def test_what_does_not_fit_is_counted_and_told_to_a_launch_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within bounds; the number outlives the collector."""
    monkeypatch.setattr(backlog, "MOST_ROWS", 2)
    monkeypatch.setattr(committing, "PATIENCE_S", 0.3)
    made = Writer(str(path))
    made.start()
    locked_out(made, "one", "two", "three", "four")
    assert made.refused.now is not None
    assert made.refused.now.rows == 2
    assert "2 records were received and could not be kept" in made.refused.tell()
    assert made.refused.tell() == ""
    made.close()
    found = refusals(str(path))

    assert found is not None
    assert (found.rows, found.told) == (2, True)
    assert "locked" in found.reason


def test_what_was_refused_and_came_again_is_taken_off_the_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporters that are told to try again do."""
    monkeypatch.setattr(backlog, "MOST_ROWS", 1)
    monkeypatch.setattr(committing, "PATIENCE_S", 0.3)
    made = Writer(str(path))
    made.start()
    locked_out(made, "one", "two")
    assert made.submit(stored.event("two", NOW)).exception(10) is None
    made.close()

    assert refusals(str(path)) is None


def test_a_backlog_is_written_and_read_whole(tmp_path: Path) -> None:
    """Events and points, with everything in them."""
    rows = rows_of(stored.request(1, NOW, note='ä"\n\u2028', empty=None, many=[1, "x"]))
    points = rows_of(stored.cost("session", 1.5, NOW, model="m"))
    kept = Backlog()
    assert kept.add(rows) == kept.add(points) == 0
    assert kept.add(rows) == 0
    assert kept.count == 2
    kept.save(str(tmp_path / "file"))

    assert list(load(str(tmp_path / "file"))) == [rows, points]


def test_a_count_that_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    """A full disk takes no number either."""
    directory = tmp_path / "absent"
    made = RefusalCount(str(directory / "telemetry.db"))
    made.count(3, "the disk\nis full")
    directory.mkdir()
    made.keep()

    found = refusals(str(directory / "telemetry.db"))
    assert found is not None
    assert (found.rows, found.reason) == (3, "the disk is full")


def test_a_line_of_the_file_that_is_no_row_is_left_out_and_the_next_one_read(tmp_path: Path) -> None:
    """Cut off by kill -9, or no row of ours: neither costs the next one, or the start of a collector."""
    file = tmp_path / "file"
    file.write_text('{"events":[["00ff",1]],"points":[]}\n[]\n{"events":[["00', encoding="utf-8")
    rows = rows_of(stored.event("kept", NOW))
    put_down(str(file), rows)

    assert list(load(str(file))) == [rows]


class Disk(NamedTuple):
    """A file system of its own for the data directory, and a way to fill it and to free it."""

    place: Place

    def fill(self, left: int = 0) -> None:
        """Leave *left* bytes."""
        file = Path(self.place.paths.data, "ballast")
        with file.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        if left:
            with file.open("ab") as ballast:
                ballast.truncate(max(0, ballast.tell() - left))

    def free(self) -> None:
        """Take the ballast away."""
        Path(self.place.paths.data, "ballast").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A data directory on a file system of 8 MB, unmounted at the end."""
    require("mount")
    made = Place(tmp_path)
    Path(made.paths.data).mkdir(mode=0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", made.paths.data], check=False)
    if done.returncode:
        missing("the right to mount")
    try:
        yield Disk(made)
        made.stop()
        assert wait_until(lambda: not made.processes())
    finally:
        subprocess.run(["umount", "-l", made.paths.data], check=True)


def test_a_full_disk_is_known_before_anything_is_lost(disk: Disk) -> None:
    """A launch on a disk that has just become full is told so by the first question."""
    disk.place.start()
    disk.fill()

    told = collector.health(disk.place.paths) or ""
    assert "no space left" in told
    assert disk.place.paths.data in told
    assert disk.place.post("/v1/logs", logs("kept", *["more"] * 50).SerializeToString()).status == 503
    assert "records wait in memory" in (collector.health(disk.place.paths) or "")
    disk.free()
    assert wait_until(lambda: collector.health(disk.place.paths) is None, 60)
    assert disk.place.event_names() == ["kept", *["more"] * 50]


def test_what_waits_at_the_end_on_a_full_disk_is_in_a_file_or_said_to_be_lost(disk: Disk) -> None:
    """Memory holds it until the collector is ended; the file takes it if there is room for that, else a number is left."""
    disk.place.start()
    disk.fill()
    assert disk.place.post("/v1/logs", logs("gone", *["more"] * 50).SerializeToString()).status == 503
    ending.shutdown(disk.place.paths)
    log = Path(disk.place.paths.collector_log).read_text()
    disk.free()
    disk.place.start()

    assert "51 records" in log
    assert "51 records are lost" in log or wait_until(lambda: len(disk.place.event_names()) == 51, 60)


def test_what_is_lost_at_the_end_on_a_full_disk_is_told_to_the_next_launch(disk: Disk) -> None:
    """The number needs no room any more: its file was made while there was some."""
    disk.place.start()
    disk.fill()
    assert disk.place.post("/v1/logs", logs("gone", *["more"] * 400).SerializeToString()).status == 503
    ending.shutdown(disk.place.paths)
    disk.free()
    disk.place.start()

    found = refusals(disk.place.paths.data + "/telemetry.db")
    assert found is not None
    assert found.rows == 401
    assert "401 records were received and could not be kept" in told_to_a_launch(disk.place)


def test_a_ports_file_that_cannot_be_written_is_the_reason_that_is_told(tmp_path: Path) -> None:
    """As on a disk that has just become full: and not what is said of servers that are left behind."""
    place = Place(tmp_path)
    Path(place.paths.data, "collector.ports").mkdir(parents=True)
    Path(place.paths.data).chmod(0o700)

    with pytest.raises(StartFailed, match="Is a directory"):
        place.start()
    assert "Traceback" not in Path(place.paths.collector_log).read_text()
    place.stop()


def test_a_launch_is_told_once_by_a_collector_that_cannot_store(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is final: each further question would cost the launch a fifth of a second."""
    disk.place.start()
    disk.fill()
    assert disk.place.post("/v1/logs", logs("waits", *["more"] * 50).SerializeToString()).status == 503
    asked: list[str] = []
    real = collector.health

    def health(*words: Any) -> str | None:
        asked.append("once")
        return real(*words)

    monkeypatch.setattr(collector, "health", health)
    with pytest.raises(CannotStore, match="no space left"):
        starting.start_in_turn(disk.place.paths, disk.place.config, time.monotonic() + 60, environ={}, replace=False)
    assert asked == ["once"]
