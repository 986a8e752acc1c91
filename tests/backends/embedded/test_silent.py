"""A collector that lives and does not answer: stopped or busy is not dead, and no launch waits for it or takes it away."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from collector_client import Place, beats, logs, registered, wait_until
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox

from cclaunch.backends.embedded import collector, starting
from cclaunch.backends.wake import wake
from cclaunch.hot.paths import Paths, our_paths

SECONDS = 2.0
PATIENCE_S = 20.0
"""The launch's own: what `stack.wait` says. On a loaded machine the two seconds are ours, the rest the machine's."""


@pytest.fixture
def launched(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with a claude and a collector that a launch has started; one that was stopped goes on at the end."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    assert sandbox.cclaunch("-p", "hello").returncode == FAKE_EXIT
    yield sandbox
    for process in sandbox.processes():
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            process.resume()


def found(paths: Paths) -> collector.Running:
    """Return the processes of the collector."""
    running = collector.running(paths)
    assert running is not None
    return running


def stop(paths: Paths, *, supervisor: bool = False) -> int:
    """Stop the collector (or its supervisor) and return its pid."""
    running = found(paths)
    pid = running.supervisor if supervisor else running.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    assert wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    assert supervisor or wait_until(lambda: not beats(paths))  # a launch before that relies on its last beat
    return pid


def clocked(place: Place) -> tuple[object, list[str], str, float]:
    """Wake as a launch does; return what it is told, and the seconds of its own work and waiting."""
    began = time.monotonic()
    return *wake(place.paths, PATIENCE_S, place.environ), time.monotonic() - began


def test_a_launch_beside_a_stopped_collector_runs_claude_and_says_one_line(launched: Sandbox) -> None:
    """With the ports that it holds: what is sent there waits for it. It is neither drained nor replaced."""
    paths = our_paths(launched.environ)
    before = found(paths)
    assert before.ports is not None
    pid = stop(paths)
    done = launched.cclaunch("-p", "hello")

    assert done.returncode == FAKE_EXIT
    assert told(done.stdout)["environ"]["OTEL_EXPORTER_OTLP_ENDPOINT"].endswith(f":{before.ports.grpc}")
    (line,) = done.stderr.decode().splitlines()
    assert f"(pid {pid}) is stopped" in line
    assert "cclaunch stack restart" in line
    assert found(paths)[:3] == before[:3]


def test_where_telemetry_must_not_fail_a_stopped_collector_keeps_claude_from_running(launched: Sandbox) -> None:
    """`on_failure = "fail"` asks for that in words."""
    path = launched.config_file
    path.write_text(path.read_text() + '\non_failure = "fail"\n')
    stop(our_paths(launched.environ))
    done = launched.cclaunch("-p", "hello")

    assert (done.returncode, done.stdout) == (125, b"")
    assert b"is stopped" in done.stderr


def test_a_launch_that_was_registered_with_a_stopped_collector_is_known_when_it_goes_on(place: Place) -> None:
    """Its question waits in the socket."""
    from cclaunch.hot import probe

    pid = stop(place.paths)
    key = Path(place.paths.data, "collector.key").read_text().strip()
    assert probe.answer(probe.ask(place.ports["http"], os.getpid(), key, 0.2)) == probe.SILENT
    os.kill(pid, signal.SIGCONT)

    assert wait_until(lambda: os.getpid() in registered(place.paths))


def test_a_wake_beside_a_stopped_collector_needs_no_turn_and_no_wait(place: Place) -> None:
    """Six at once: each gets the ports; none waits for another, and none asks longer than the state of a process takes."""
    pid = stop(place.paths)
    answers: list[tuple[object, list[str], str, float]] = []
    waking = [threading.Thread(target=lambda: answers.append(clocked(place))) for _ in range(6)]
    for one in waking:
        one.start()
    for one in waking:
        one.join(60)

    assert len(answers) == 6
    assert {getattr(ports, "grpc", None) for ports, *_ in answers} == {str(place.ports["grpc"])}
    assert all(notes == [] and f"(pid {pid}) is stopped" in trouble for _, notes, trouble, _ in answers)
    assert min(seconds for *_, seconds in answers) < SECONDS


def test_a_busy_collector_is_asked_for_a_second_and_left_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives, its sockets are open, it is not stopped: it only does not come to answering."""
    stop(place.paths)
    before = found(place.paths)
    monkeypatch.setattr(collector, "_is_stopped", lambda _: False)
    ports, notes, trouble, _ = clocked(place)

    assert getattr(ports, "http", None) == str(place.ports["http"])
    assert notes == []
    assert "is busy" in trouble
    assert "cclaunch stack restart" in trouble
    assert found(place.paths)[:3] == before[:3]


def test_a_stopped_supervisor_is_said_only_when_nothing_answers(place: Place) -> None:
    """The collector serves without it."""
    stop(place.paths, supervisor=True)
    ports, notes, trouble, _ = clocked(place)

    assert (getattr(ports, "http", None), notes, trouble) == (str(place.ports["http"]), [], "")


def test_a_start_for_a_launch_leaves_a_silent_one_alone(place: Place) -> None:
    """Also when it falls silent only after the launch has looked."""
    before = found(place.paths)
    stop(place.paths)
    until = time.monotonic() + PATIENCE_S
    started = starting.start_in_turn(place.paths, place.config, until, environ=place.environ, replace=False)

    assert int(started.ports.http) == place.ports["http"]
    assert "is stopped" in started.notes[0]
    assert found(place.paths)[:3] == before[:3]


def test_a_dead_one_is_replaced_by_a_launch(place: Place) -> None:
    """Both processes killed: nobody holds the lock, whatever the ports file says."""
    before = found(place.paths)
    for pid in (before.supervisor, before.pid):
        os.kill(pid or 0, signal.SIGKILL)
    assert wait_until(lambda: not place.processes())
    ports, _, trouble, _ = clocked(place)

    assert trouble == ""
    assert getattr(ports, "http", None) == str(place.ports["http"])
    assert found(place.paths).supervisor != before.supervisor


@pytest.mark.parametrize("verb", [["stack", "restart"], ["stack", "up"], ["stack", "down"]], ids=" ".join)
def test_a_person_can_end_a_stopped_one(launched: Sandbox, verb: list[str]) -> None:
    """It is woken to hear that it is to end, and drains: it is not killed after the longest wait."""
    paths = our_paths(launched.environ)
    before = found(paths)
    stop(paths)
    done = launched.cclaunch(*verb)

    assert done.returncode == 0
    assert before.pid not in [one.pid for one in launched.processes()]
    assert (collector.running(paths) is None) == (verb[1] == "down")
    assert "draining: asked to end" in Path(paths.collector_log).read_text()


def test_what_was_sent_to_a_stopped_one_is_stored_when_it_goes_on(place: Place) -> None:
    """The kernel keeps it."""
    pid = stop(place.paths)
    answers: list[int] = []
    sending = threading.Thread(target=lambda: answers.append(place.post("/v1/logs", logs("kept").SerializeToString()).status))
    sending.start()
    os.kill(pid, signal.SIGCONT)
    sending.join(20)

    assert answers == [200]
    assert "kept" in place.event_names()
