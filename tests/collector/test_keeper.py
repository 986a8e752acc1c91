"""The keeper's life beside a stack: no ports, the collector's lock and heartbeat, and the ledger up to date unasked."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector_client import Place, beats, registered, wait_until
from guard import REPOSITORY
from ledger_rows import counted
from stackproc import Vlogs
from stored import export_of

from cclaunch.backends.docker import keeper
from cclaunch.backends.embedded import collector, ending, spawned
from cclaunch.collector.process import KEEPER
from cclaunch.config.state import change_state
from cclaunch.hot.ports import collector_ports
from cclaunch.hot.ports import keeper as known_keeper
from cclaunch.hot.reading import read_flat
from cclaunch.hot.spending import read_spending
from cclaunch.serving import holder

NOW = time.time_ns()
LAUNCH = """
import sys, time
sys.path.insert(0, {repository!r})
from cclaunch.hot import alive
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import keeper
paths = Paths(*sys.argv[1:5])
found = keeper(paths)
print(found is not None and alive.vouched(paths.collector_alive, paths.launched, found.pid, found.here), flush=True)
sys.stdin.read()
"""
WAKE = """
import sys
sys.path[:] = {path!r}
from cclaunch.backends.docker.keeper import wake
from cclaunch.hot.paths import Paths
wake(Paths(*sys.argv[1:5]), {{"HOME": sys.argv[5]}})
print("woken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose backend is the stack, and where nothing runs yet."""
    made = Place(tmp_path)
    for path in (made.paths.data, made.paths.state):
        os.makedirs(path)
    change_state(made.paths, lambda state: state._replace(backend="docker"))
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


def up(place: Place) -> int:
    """Start the keeper and return the pid of its process, not the supervisor's."""
    assert keeper.come_up(place.paths, place.environ, time.monotonic() + 60) == []
    assert wait_until(lambda: beats_of(place))
    found = collector.keeper(place.paths)
    assert found
    assert found.pid
    return found.pid


def beats_of(place: Place) -> bool:
    """Say whether a keeper vouches for itself."""
    found = known_keeper(place.paths)
    return found is not None and beats(place.paths, found.pid)


@contextlib.contextmanager
def process(place: Place, code: str) -> Iterator[tuple[int, str]]:
    """Run *code* as a launch for the length of the block; give its pid, and the line that it wrote."""
    paths = place.paths
    text = code.format(repository=str(REPOSITORY), path=[str(REPOSITORY), *sys.path])
    words = [sys.executable, "-c", text, paths.config, paths.state, paths.cache, paths.data, str(place.base)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        assert made.stdout
        try:
            yield made.pid, made.stdout.readline().strip()
        finally:
            made.kill()


def test_it_has_the_collectors_lock_and_no_port(place: Place) -> None:
    """Launches and verbs must not take it for a collector."""
    pid = up(place)

    assert collector.running(place.paths) is None
    assert collector_ports(place.paths) is None
    found = holder.holder(place.paths.collector_lock)
    assert found is not None
    assert found.role == KEEPER
    assert [one for one in place.lasting() if one.net_connections(kind="inet")] == []
    assert pid in [one.pid for one in place.lasting()]


def test_it_keeps_what_was_spent_written_down(place: Place) -> None:
    """As the collector does; there is nothing yet."""
    up(place)
    assert wait_until(lambda: read_spending(place.paths, time.time_ns()) is not None)


def test_a_launch_leaves_its_name_and_is_stayed_for(place: Place) -> None:
    """As with the collector: one look at its lock, one link."""
    place.configure(idle_exit=0.2)
    first = keeper.come_up(place.paths, place.environ, 0.0)
    assert first == []
    assert wait_until(lambda: beats_of(place))
    with process(place, LAUNCH) as (pid, said):
        assert said == "True"
        assert pid in registered(place.paths)
        assert not wait_until(lambda: collector.keeper(place.paths) is None, 1.5)
    assert wait_until(lambda: collector.keeper(place.paths) is None)


def test_one_that_is_killed_is_back(place: Place) -> None:
    """Its supervisor starts it again."""
    before = up(place)
    os.kill(before, signal.SIGKILL)

    assert wait_until(lambda: (found := collector.keeper(place.paths)) is not None and found.pid not in (None, before))
    assert wait_until(lambda: beats_of(place))


def test_one_whose_supervisor_is_killed_becomes_one_and_goes_on(place: Place) -> None:
    """And is a keeper still."""
    up(place)
    found = collector.keeper(place.paths)
    assert found
    os.kill(found.supervisor, signal.SIGKILL)

    assert wait_until(lambda: (now := collector.keeper(place.paths)) is not None and now.supervisor != found.supervisor)
    assert wait_until(lambda: beats_of(place))
    assert collector_ports(place.paths) is None


def test_a_launch_that_finds_none_starts_it_and_is_stayed_for(place: Place) -> None:
    """It waits for nothing."""
    with process(place, WAKE) as (pid, said):
        assert said == "woken"
        assert pid in registered(place.paths)
        assert wait_until(lambda: beats_of(place))


def test_a_launch_does_not_start_it_where_the_collector_is_the_backend(place: Place) -> None:
    """`stack use embedded` came in between."""
    change_state(place.paths, lambda state: state._replace(backend="embedded"))
    with process(place, WAKE) as (_, said):
        assert said == "woken"
    assert place.processes() == []


def test_one_that_fails_is_not_started_by_every_launch(place: Place) -> None:
    """Only once in five minutes."""
    os.makedirs(place.paths.collector_log)  # nothing can be written there
    for _ in range(2):
        with process(place, WAKE):
            pass
    os.rmdir(place.paths.collector_log)
    with process(place, WAKE) as (_, said):
        assert said == "woken"
    assert place.processes() == []
    assert up(place)


def test_the_embedded_collector_takes_its_place(place: Place) -> None:
    """It stands in, or was chosen: the lock is one."""
    pid = up(place)
    place.start()

    assert collector.keeper(place.paths) is None
    assert collector.health(place.paths) is None
    assert pid not in [one.pid for one in place.lasting()]
    assert wait_until(lambda: beats(place.paths))


def test_beside_a_collector_it_is_not_started(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """That one keeps the ledger itself."""
    place.start()
    started: list[object] = []
    monkeypatch.setattr(spawned, "supervisor", lambda *words: started.append(words))
    keeper.start(place.paths, place.environ)

    assert started == []
    assert collector.health(place.paths) is None


def test_an_older_one_is_replaced(place: Place) -> None:
    """After an upgrade, by whoever has the turn first."""
    before = up(place)
    ports = Path(place.paths.collector_ports)
    text = ports.read_text().replace("version=", "version=0.0.", 1)
    os.kill(before, signal.SIGSTOP)  # it would write its own again
    ports.write_text(text)
    keeper.start(place.paths, place.environ)

    assert wait_until(lambda: (found := collector.keeper(place.paths)) is not None and found.pid not in (None, before))
    assert read_flat(place.paths.collector_ports)["version"] in text.replace("0.0.", "")


def test_shutdown_ends_it(place: Place) -> None:
    """As the collector."""
    up(place)

    assert keeper.end(place.paths)
    assert place.processes() == []
    assert not keeper.end(place.paths)
    assert not ending.shutdown(place.paths)


def test_what_victorialogs_takes_in_is_in_the_ledger_without_anybody_asking(place: Place, there: Vlogs) -> None:
    """Before and after it began; and a stack that is stopped is waited for."""
    there.take(export_of({"request_id": "a", "cost_usd_micros": 5}, time_ns=NOW - 10**9))
    ports = Path(place.paths.stack_ports)
    up(place)
    ports.parent.mkdir()
    ports.write_text(f"victorialogs={there.port}\n")
    assert wait_until(lambda: counted(place.paths.ledger) == 1)
    there.take(export_of({"request_id": "b", "cost_usd_micros": 5}, time_ns=NOW))
    assert wait_until(lambda: counted(place.paths.ledger) == 2)
    ports.unlink()
    there.take(export_of({"request_id": "c", "cost_usd_micros": 5}, time_ns=NOW + 1))
    assert beats_of(place)
    ports.write_text(f"victorialogs={there.port}\n")
    assert wait_until(lambda: counted(place.paths.ledger) == 3)
    log = Path(place.paths.collector_log).read_text()
    assert "not up to date" not in log
