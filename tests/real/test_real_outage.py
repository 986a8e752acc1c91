"""
``kill -9`` of the collector while a real session runs.

The problem it owns: claude keeps telemetry in memory only and retries for seconds. A supervisor must
bring the collector back in that time, and what was acknowledged before must still be there.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable

import psutil
import pytest
from messages_api import MessagesApi
from real_claude import VERSIONS, outcome
from recorded import assert_complete, assert_usage_is, events
from sandbox import PROTOCOLS, Sandbox

from cclaunch.store import reader

pytestmark = pytest.mark.real

CASES = [(VERSIONS[(turn + 1) % 2], PROTOCOLS[turn]) for turn in range(3)]


def collector(sandbox: Sandbox) -> int:
    """Return the pid of the collector, from the file it writes when it listens; 0 while there is none."""
    try:
        lines = (sandbox.data / "collector.ports").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return int(dict(line.split("=", 1) for line in lines)["pid"])


def wait_until(claim: str, holds: Callable[[], object], patience: float = 30) -> None:
    """Wait until *holds* () is true; it is an error after *patience* seconds."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"never: {claim}"
        time.sleep(0.05)


@pytest.mark.parametrize(("claude", "protocol"), CASES, indirect=["claude"])
def test_a_session_loses_nothing_when_the_collector_is_killed(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Killed after the first export, in the middle of the work, and back before the end: every event is there, once."""
    ready.configure(protocol=protocol)
    started = ready.popen(ready.command("-p", "hold and run ls", "--output-format", "json", "--allowedTools", "Bash"))
    api.wait_held(1)
    wait_until("the first events are stored", lambda: ready.database.exists() and bool(events(ready)))
    before = collector(ready)
    os.kill(before, signal.SIGKILL)
    api.let_go()
    api.wait_held(2)
    wait_until("a new collector listens", lambda: collector(ready) not in (0, before) and psutil.pid_exists(collector(ready)))
    api.let_go()
    out, err = started.communicate(timeout=120)
    assert started.returncode == 0, err
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, outcome_of(out))


@pytest.mark.parametrize(("claude", "protocol"), CASES, indirect=["claude"])
def test_a_session_that_ends_right_after_the_kill_loses_nothing(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Claude flushes for two seconds at its exit: a collector killed just before must answer again within them."""
    ready.configure(protocol=protocol)
    started = ready.popen(ready.command("-p", "hold and greet", "--output-format", "json"))
    api.wait_held(1)
    os.kill(collector(ready), signal.SIGKILL)
    api.let_go()
    out, err = started.communicate(timeout=120)
    assert started.returncode == 0, err
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, outcome_of(out))


@pytest.mark.parametrize(("claude", "protocol"), CASES, indirect=["claude"])
def test_a_session_that_runs_and_ends_while_a_viewer_has_the_database_loses_nothing(
    ready: Sandbox, api: MessagesApi, protocol: str
) -> None:
    """An edit is left open for longer than claude waits at its end; what it sent is stored when the viewer lets go."""
    ready.configure(protocol=protocol)
    assert ready.cclaunch("stack", "up").returncode == 0
    with contextlib.closing(sqlite3.connect(ready.database, isolation_level=None)) as viewer:
        viewer.execute("BEGIN IMMEDIATE")
        done = ready.cclaunch("-p", "greet", "--output-format", "json")
        assert done.returncode == 0, done.stderr
        wait_until("it is said that something waits", lambda: b"locked by another program" in ready.cclaunch("usage").stderr)
    wait_until("all is stored", lambda: b"locked" not in ready.cclaunch("usage").stderr)
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, outcome_of(done.stdout))


@pytest.mark.parametrize(("claude", "protocol"), CASES[:1], indirect=["claude"])
def test_a_session_whose_data_directory_is_moved_goes_on_into_the_new_one(
    ready: Sandbox, api: MessagesApi, protocol: str
) -> None:
    """What came before the move is in the old directory, what comes then in the new one; each event is in one of them."""
    ready.configure(protocol=protocol)
    started = ready.popen(ready.command("-p", "hold and run ls", "--output-format", "json", "--allowedTools", "Bash"))
    api.wait_held(1)
    wait_until("the first events are stored", lambda: ready.database.exists() and bool(events(ready)))
    before = collector(ready)
    moved = ready.data.with_name("moved")
    ready.data.rename(moved)
    api.let_go()
    api.wait_held(2)
    wait_until("a collector listens from the new place", lambda: collector(ready) not in (0, before))
    api.let_go()
    err = started.communicate(timeout=60)[1]
    assert started.returncode == 0, err
    assert ready.cclaunch("stack", "down").returncode == 0
    with contextlib.closing(reader.open_reader(str(moved / "telemetry.db"))) as connection:
        old = [one.attributes["event.sequence"] for one in reader.events(connection)]
    new = [one["event.sequence"] for one in events(ready)]
    assert sorted(old + new) == list(range(len(old + new)))
    assert old
    assert new


def outcome_of(stdout: bytes) -> int:
    """Return the micro-dollars that the run reported."""
    return outcome(subprocess.CompletedProcess([], 0, stdout, b"")).micros
