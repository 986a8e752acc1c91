"""The life of the embedded collector: killed, orphaned, replaced, idle, stopped; and nothing acknowledged is lost."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from collector_client import Place, logs, wait_until
from sandbox import kill

from cclaunch.backends.embedded import collector, ending, starting
from cclaunch.backends.embedded.collector import Running
from cclaunch.errors import StartFailed
from cclaunch.files import lock

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
VERSION_LINE = "version="


@contextlib.contextmanager
def grpc_channel(place: Place) -> Iterator[Any]:
    """A gRPC connection to the collector."""
    with grpc.insecure_channel(f"127.0.0.1:{place.ports['grpc']}") as made:
        yield made


def running(place: Place) -> Running:
    """Return who runs."""
    found = collector.running(place.paths)
    assert found is not None
    assert found.pid is not None
    return found


def healthy_again(place: Place, was: int) -> bool:
    """Wait until another collector process than *was* is healthy."""

    def another() -> bool:
        found = collector.running(place.paths)
        return found is not None and found.pid not in (None, was) and collector.health(place.paths) is None

    return wait_until(another)


def test_a_killed_collector_is_back_on_the_same_ports(place: Place) -> None:
    """kill -9: a session that runs knows these ports and no others."""
    ports, before = dict(place.ports), running(place)
    os.kill(before.pid or 0, signal.SIGKILL)

    assert healthy_again(place, before.pid or 0)
    place.start()
    assert place.ports == ports
    assert running(place).supervisor == before.supervisor
    assert place.post("/v1/logs", logs("after_kill").SerializeToString()).status == 200


def test_an_export_during_the_restart_waits_and_succeeds(place: Place) -> None:
    """OTLP over gRPC is not tried again by its exporters: a refused connection would lose the events."""
    before = running(place).pid or 0
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: not psutil.pid_exists(before))
    with grpc_channel(place) as channel:
        answer = channel.unary_unary(LOGS)(logs("meanwhile").SerializeToString(), timeout=120)

    assert answer == b""
    assert "meanwhile" in place.event_names()


def test_no_connection_is_refused_while_it_is_started_again(place: Place) -> None:
    """The sockets outlive the collector that is killed, and its supervisor as well."""
    refused = []
    for victim in (running(place).pid or 0, running(place).supervisor):
        before = running(place).pid or 0
        os.kill(victim, signal.SIGKILL)
        while not embedded_is_back(place, before):
            for name, port in place.ports.items():
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=120).close()
                except ConnectionRefusedError:
                    refused.append(name)

    assert refused == []


def embedded_is_back(place: Place, was: int) -> bool:
    """Say whether another collector than *was* has written down that it listens."""
    found = collector.running(place.paths)
    return found is not None and found.pid not in (None, was)


def test_nothing_acknowledged_is_lost_when_it_is_killed_in_the_middle(place: Place) -> None:
    """A stream of exports over HTTP and gRPC, two kills: what was answered is stored, and stored once."""
    acknowledged: list[str] = []
    over = threading.Event()

    def by_http() -> None:
        number = 0
        while not over.is_set():
            number += 1
            try:
                if place.post("/v1/logs", logs(f"http_{number}").SerializeToString()).status == 200:
                    acknowledged.append(f"http_{number}")
            except OSError:
                continue

    def by_grpc() -> None:
        number = 0
        with grpc_channel(place) as channel:
            export: Any = channel.unary_unary(LOGS)
            while not over.is_set():
                number += 1
                try:
                    export(logs(f"grpc_{number}").SerializeToString(), timeout=120)
                    acknowledged.append(f"grpc_{number}")
                except grpc.RpcError:
                    continue

    senders = [threading.Thread(target=send) for send in (by_http, by_grpc)]
    for sender in senders:
        sender.start()
    for _ in range(2):
        assert more_acknowledged(acknowledged)
        before = running(place).pid or 0
        os.kill(before, signal.SIGKILL)
        assert healthy_again(place, before)
    assert more_acknowledged(acknowledged)
    over.set()
    for sender in senders:
        sender.join(20)

    stored = place.event_names()
    assert not set(acknowledged) - set(stored)
    assert len(stored) == len(set(stored))


def more_acknowledged(acknowledged: list[str]) -> bool:
    """Wait for twenty more answers."""
    had = len(acknowledged)
    return wait_until(lambda: len(acknowledged) > had + 20)


def test_a_killed_supervisor_is_replaced(place: Place) -> None:
    """The collector becomes one itself: again two processes, on the same ports, holding the same lock."""
    ports, before = dict(place.ports), running(place)
    os.kill(before.supervisor, signal.SIGKILL)

    assert healthy_again(place, before.pid or 0)
    place.start()
    assert place.ports == ports
    assert wait_until(lambda: len(place.lasting()) == 2)
    assert running(place).supervisor == before.pid


def test_the_replaced_supervisor_restarts_the_collector_too(place: Place) -> None:
    """Being killed in turns changes nothing."""
    for _ in range(2):
        before = running(place)
        os.kill(before.supervisor, signal.SIGKILL)
        assert healthy_again(place, before.pid or 0)
        before = running(place)
        os.kill(before.pid or 0, signal.SIGKILL)
        assert healthy_again(place, before.pid or 0)

    assert len(place.lasting()) == 2


def test_both_killed_leaves_a_place_that_starts_again_on_its_ports(place: Place) -> None:
    """The lock went with them, the ports file stayed."""
    ports = dict(place.ports)
    for process in place.lasting():
        kill(process)
    assert wait_until(lambda: collector.running(place.paths) is None)

    place.start()
    assert place.ports == ports


def test_a_stop_drains_and_cleans_up(place: Place) -> None:
    """Nothing listens, nothing lives, the ports file is gone, the data is there."""
    place.post("/v1/logs", logs("before_stop").SerializeToString())

    assert ending.shutdown(place.paths) is True
    assert wait_until(lambda: not place.processes())
    assert not Path(place.paths.data, "collector.ports").exists()
    assert collector.health(place.paths) is not None
    assert place.event_names() == ["before_stop"]
    assert ending.shutdown(place.paths) is False


def test_a_stop_does_not_wait_for_idle_connections(place: Place) -> None:
    """A session keeps its connections open for ever."""
    with grpc_channel(place) as channel:
        channel.unary_unary(LOGS)(logs("kept_open").SerializeToString(), timeout=120)
        found = running(place)
        assert ending.shutdown(place.paths)

    log = Path(place.paths.collector_log).read_text()
    assert wait_until(lambda: not psutil.pid_exists(found.supervisor))
    assert "Traceback" not in log


def test_a_process_that_merely_has_the_pid_is_not_killed(place: Place) -> None:
    """The lock is held, and its text names a stranger that was made after the signing."""
    ending.shutdown(place.paths)
    held = lock.take(place.paths.collector_lock, 5)
    assert held is not None
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        try:
            os.pwrite(held, f"pid={stranger.pid}\nstarted={time.time() - 100}\n".ljust(200, "\n").encode(), 0)

            assert ending.shutdown(place.paths) is False
            assert stranger.poll() is None
        finally:
            os.close(held)
            stranger.kill()


def test_an_older_release_is_replaced_by_a_newer_one(place: Place) -> None:
    """Drained, and started anew on the same ports."""
    ports, before = dict(place.ports), running(place)
    place.post("/v1/logs", logs("by_the_old_one").SerializeToString())
    pretend(place, "0.0.1")
    place.start()

    assert running(place).pid != before.pid
    assert place.ports == ports
    assert len(place.lasting()) == 2
    assert place.event_names() == ["by_the_old_one"]


def test_a_newer_release_is_left_alone(place: Place) -> None:
    """The older launch uses it."""
    before = running(place)
    pretend(place, "999.0")
    place.start()

    assert running(place).pid == before.pid


def test_a_replaced_release_keeps_the_ports_that_sessions_know(tmp_path: Path) -> None:
    """Even where it had to take a free one, and the configured one is free by now."""
    place = Place(tmp_path)
    with socket.create_server(("127.0.0.1", place.ports["http"])):
        place.start()
    try:
        taken_then = dict(place.ports)
        pretend(place, "0.0.1")
        place.start()
        assert place.ports == taken_then
    finally:
        place.stop()


def test_a_restart_keeps_the_ports_of_sessions_that_run(tmp_path: Path) -> None:
    """They know no others; what they send would be lost, although the configured port is free by now."""
    place = Place(tmp_path)
    wanted = place.ports["http"]
    with socket.create_server(("127.0.0.1", wanted)):
        place.start()
    session = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        place.ask("GET", place.registering(session.pid))
        started = starting.restart(place.paths, place.config, deadline_s=20, environ=place.environ)
        assert int(started.ports.http) == place.ports["http"]
        assert [f"port {wanted} (http) is free" in note for note in started.notes] == [True]
    finally:
        session.kill()
        session.wait()
        place.stop()


def test_a_restart_without_sessions_takes_the_configured_ports(tmp_path: Path) -> None:
    """Nobody sends to the others any more."""
    place = Place(tmp_path)
    wanted = place.ports["http"]
    with socket.create_server(("127.0.0.1", wanted)):
        place.start()
    try:
        started = starting.restart(place.paths, place.config, deadline_s=20, environ=place.environ)
        assert (int(started.ports.http), started.notes) == (wanted, [])
    finally:
        place.stop()


def test_a_collector_that_hangs_is_replaced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the lock and its sockets accept, but nothing answers."""
    monkeypatch.setattr(starting, "SETTLE_S", 0.5)
    monkeypatch.setattr(ending, "END_S", 0.5)
    before = running(place)
    os.kill(before.pid or 0, signal.SIGSTOP)
    place.start()

    assert running(place).supervisor != before.supervisor
    assert len(place.lasting()) == 2


def test_a_full_disk_is_said_and_no_reason_to_end(place: Place) -> None:
    """503 with Retry-After, UNAVAILABLE, 503 of /health with a sentence, a start that fails at once; and then it works again."""
    import resource

    process = psutil.Process(running(place).pid)
    before = process.rlimit(resource.RLIMIT_FSIZE)
    place.post("/v1/logs", logs("before_full").SerializeToString())
    process.rlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    many = logs(*[f"too_much_{number}" for number in range(200)]).SerializeToString()
    answer = place.post("/v1/logs", many)
    with grpc_channel(place) as channel, pytest.raises(grpc.RpcError) as failure:
        channel.unary_unary(LOGS)(many, timeout=120)
    health = place.ask("GET", "/health")
    with pytest.raises(StartFailed) as refusal:
        place.start()
    process.rlimit(resource.RLIMIT_FSIZE, before)

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    assert health.status == 503
    assert health.body.decode().splitlines()[-1].startswith("200 records wait in memory: cannot write ")
    assert "cannot write " in str(refusal.value)
    assert wait_until(lambda: collector.health(place.paths) is None)
    assert place.post("/v1/logs", logs("after_full").SerializeToString()).status == 200
    assert place.event_names() == ["before_full", *[f"too_much_{number}" for number in range(200)], "after_full"]


def pretend(place: Place, version: str) -> None:
    """Make the collector that runs look like another release's."""
    path = Path(place.paths.data, "collector.ports")
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{VERSION_LINE}{version}\n" if line.startswith(VERSION_LINE) else f"{line}\n" for line in lines))


def test_it_leaves_when_nobody_needs_it(tmp_path: Path) -> None:
    """Nothing received, no launched process alive: after idle_exit both processes are gone, cleanly."""
    place = Place(tmp_path, idle_exit=0.5)
    place.start()
    try:
        assert wait_until(lambda: not place.processes())
        assert not Path(place.paths.data, "collector.ports").exists()
    finally:
        place.stop()


def test_it_stays_while_a_launched_process_lives_and_also_after_being_killed(tmp_path: Path) -> None:
    """A quiet session still needs it; a restarted collector must not have forgotten that."""
    place = Place(tmp_path, idle_exit=0.5)
    session = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        place.start()
        assert place.ask("GET", place.registering(session.pid)).status == 200
        before = running(place).pid or 0
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: collector.running(place.paths) is not None and running(place).pid != before)
        assert not wait_until(lambda: not place.processes(), seconds=2.5)
        session.kill()
        session.wait()
        assert wait_until(lambda: not place.processes())
    finally:
        session.kill()
        session.wait()
        place.stop()
