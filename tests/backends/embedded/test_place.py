"""The collector's directory, lock, key or ports file is moved or deleted: one collector, whose data are at the path."""

import contextlib
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from collector_client import Place, logs, registered, wait_until

from cclaunch.backends.embedded import collector, ending, orphans
from cclaunch.backends.embedded.collector import Running
from cclaunch.hot.paths import Paths


def running(place: Place) -> Running:
    """Return who runs."""
    found = collector.running(place.paths)
    assert found is not None
    return found


def send(place: Place, name: str) -> bool:
    """Send one event to the ports that sessions know; say whether it was acknowledged."""
    try:
        return place.post("/v1/logs", logs(name).SerializeToString()).status == 200
    except OSError:
        return False


def move(place: Place) -> Path:
    """`mv data moved`."""
    moved = place.base / "moved"
    os.rename(place.paths.data, moved)
    return moved


def delete(place: Place) -> Path:
    """`rm -r data`, again where something was written meanwhile."""
    _remove(place.paths.data)
    return place.base / "nowhere"


def _remove(directory: str) -> None:
    def gone() -> bool:
        shutil.rmtree(directory, ignore_errors=True)
        return not os.path.lexists(directory)

    assert wait_until(gone)


def _copy(source: str, target: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # it may go meanwhile
        shutil.copy2(source, target)


def move_to_another_disk(place: Place) -> Path:
    """`mv data elsewhere; ln -s elsewhere data`: a copy, and a link in its place."""
    moved = place.base / "moved"
    shutil.copytree(place.paths.data, moved, copy_function=_copy)
    _remove(place.paths.data)
    os.symlink(moved, place.paths.data)
    return moved


WAYS = [move, delete, move_to_another_disk]


def names(directory: Path) -> list[str]:
    """Return the names of the events in a data directory; none where there is no database."""
    if not (directory / "telemetry.db").exists():
        return []
    other = Place.__new__(Place)
    other.paths = Paths(*[str(directory)] * 4)
    return other.event_names()


@pytest.mark.parametrize("way", WAYS)
def test_a_collector_whose_directory_goes_takes_the_place_anew(place: Place, way: Callable[[Place], Path]) -> None:
    """Same ports, same two processes; verbs find it, and `stack down` ends it."""
    ports = dict(place.ports)
    assert send(place, "before")
    way(place)
    assert wait_until(lambda: send(place, "after"))
    assert wait_until(lambda: collector.running(place.paths) is not None and collector.health(place.paths) is None, 60)
    place.start()

    assert place.ports == ports
    assert "after" in place.event_names()
    assert len(place.lasting()) == 2
    assert ending.shutdown(place.paths)
    assert wait_until(lambda: not place.processes())


@pytest.mark.parametrize("way", WAYS)
def test_a_launch_meanwhile_finds_the_one_that_lost_its_directory(place: Place, way: Callable[[Place], Path]) -> None:
    """At once, before that has noticed anything: it is ended as ours, its ports are used, nobody is adopted."""
    ports, before = dict(place.ports), running(place)
    os.kill(before.pid or 0, signal.SIGSTOP)  # it notices nothing
    way(place)
    threading.Timer(1.0, os.kill, (before.pid or 0, signal.SIGCONT)).start()
    started = place.start()

    assert place.ports == ports
    assert started.notes == []
    assert wait_until(lambda: len(place.lasting()) == 2, 60)
    assert send(place, "after")
    assert "after" in place.event_names()


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_ends_the_one_that_lost_its_directory(place: Place, way: Callable[[Place], Path]) -> None:
    """At once, too; its ports are free."""
    before = running(place)
    os.kill(before.pid or 0, signal.SIGSTOP)
    way(place)
    threading.Timer(1.0, os.kill, (before.pid or 0, signal.SIGCONT)).start()

    assert ending.shutdown(place.paths) or not place.processes()
    assert wait_until(lambda: not place.processes())
    socket.create_server(("127.0.0.1", place.ports["grpc"])).close()


@contextlib.contextmanager
def sending(place: Place) -> Iterator[list[str]]:
    """Send one event after the other meanwhile; the value is the names of those that were acknowledged."""
    acknowledged: list[str] = []
    over = threading.Event()

    def go_on() -> None:
        number = 0
        while not over.is_set():
            number += 1
            if send(place, f"event_{number}"):
                acknowledged.append(f"event_{number}")

    sender = threading.Thread(target=go_on)
    sender.start()
    try:
        yield acknowledged
    finally:
        over.set()
        sender.join(30)


def test_no_acknowledged_event_is_lost_while_the_directory_moves(place: Place) -> None:
    """Sessions go on sending; what was acknowledged is in the old directory or in the new one; what was under way, in both."""
    with sending(place) as acknowledged:
        assert wait_until(lambda: len(acknowledged) > 20)
        moved = move(place)
        had = len(acknowledged)
        assert wait_until(lambda: len(acknowledged) > had + 20, 60)
        assert wait_until(lambda: collector.running(place.paths) is not None, 60)
    ending.shutdown(place.paths)
    old, new = names(moved), names(Path(place.paths.data))

    assert not set(acknowledged) - {*old, *new}
    assert (len(old), len(new)) == (len(set(old)), len(set(new)))
    assert len(set(old) & set(new)) <= 1


def test_nothing_acknowledged_is_lost_when_it_is_killed_and_its_database_replaced(place: Place) -> None:
    """Rounds of kill -9 and of a database that is moved away: every acknowledged event is in one of the files."""
    database = Path(place.paths.data, "telemetry.db")
    moved = []
    with sending(place) as acknowledged:

        def beyond(count: int) -> bool:
            return len(acknowledged) > count

        for number in range(4):
            assert wait_until(partial(beyond, len(acknowledged) + 15), 60)
            if number % 2:
                os.kill(running(place).pid or 0, signal.SIGKILL)
            else:
                moved.append(place.base / f"moved-{number}")
                moved[-1].mkdir()
                os.rename(database, moved[-1] / "telemetry.db")
        had = len(acknowledged)
        assert wait_until(lambda: len(acknowledged) > had + 15, 60)
    ending.shutdown(place.paths)
    files = [names(one) for one in (*moved, Path(place.paths.data))]

    assert not set(acknowledged) - {name for file in files for name in file}
    assert [len(file) for file in files] == [len(set(file)) for file in files]
    assert sum(map(len, files)) - len({name for file in files for name in file}) <= len(moved)  # what was under way is in both


@pytest.mark.parametrize("name", ["collector.lock", "collector.ports", "collector.key"])
def test_a_file_that_is_deleted_comes_back(place: Place, name: str) -> None:
    """Within seconds: one collector, on its ports, that verbs find."""
    ports = dict(place.ports)
    Path(place.paths.data, name).unlink()
    assert wait_until(lambda: Path(place.paths.data, name).exists() and collector.health(place.paths) is None, 60)
    place.start()

    assert place.ports == ports
    assert len(place.lasting()) == 2
    assert send(place, "after")


@pytest.mark.parametrize("name", ["collector.lock", "collector.ports", "collector.key"])
def test_a_launch_just_after_a_file_was_deleted_uses_the_same_ports(place: Place, name: str) -> None:
    """It does not start a second one beside the first."""
    ports = dict(place.ports)
    Path(place.paths.data, name).unlink()
    started = place.start()

    assert place.ports == ports
    assert started.notes == []
    assert wait_until(lambda: len(place.lasting()) == 2 and collector.health(place.paths) is None, 60)


def test_a_quiet_session_is_not_forgotten_when_the_directory_goes(tmp_path: Path) -> None:
    """Who was launched is told to the new place: the collector stays for it."""
    place = Place(tmp_path, idle_exit=600)
    place.start()
    try:
        place.ask("GET", place.registering(os.getpid()))
        move(place)
        assert wait_until(lambda: os.getpid() in registered(place.paths))
    finally:
        place.stop()


def test_the_collector_of_other_directories_is_no_orphan(place: Place, tmp_path: Path) -> None:
    """Whoever sets the directories wants things kept apart."""
    other = Place(tmp_path / "other")
    other.start()
    try:
        assert orphans.find(place.paths) == []
        ending.shutdown(place.paths)
        assert orphans.end(place.paths) is False
        assert collector.health(other.paths) is None
    finally:
        other.stop()


def test_a_second_one_in_the_place_is_left_alone(place: Place) -> None:
    """It lost its lock to another one: it ends, and touches nothing of the other's."""
    first = running(place)
    os.kill(first.pid or 0, signal.SIGSTOP)
    Path(place.paths.data, "collector.lock").unlink()
    held = os.open(Path(place.paths.data, "collector.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    import fcntl

    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        Path(place.paths.data, "collector.ports").write_text("pid=1\ngrpc=1\nhttp=2\n")
        os.kill(first.pid or 0, signal.SIGCONT)
        assert wait_until(lambda: not place.processes(), 60)
        assert Path(place.paths.data, "collector.ports").read_text() == "pid=1\ngrpc=1\nhttp=2\n"
    finally:
        os.close(held)
