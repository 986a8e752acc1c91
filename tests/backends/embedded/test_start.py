"""Starting the embedded collector: once, from anywhere, leaving nothing behind and taking nothing along."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from collector_client import DEADLINE_S, Place, logs, resident, wait_until
from starter import starter

from cclaunch import __version__
from cclaunch.backends.embedded import collector, ending
from cclaunch.collector.process import command
from cclaunch.errors import StartFailed

MIB = 1 << 20


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose collector does not run yet."""
    made = Place(tmp_path)
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


def collector_process(place: Place) -> psutil.Process:
    """Return the collector's own process."""
    found = collector.running(place.paths)
    assert found is not None
    assert found.pid is not None
    return psutil.Process(found.pid)


def test_it_answers_when_start_returns(place: Place) -> None:
    """Healthy, and on the ports that the configuration asks for."""
    wanted = dict(place.ports)
    started = place.start()

    assert place.ports == wanted
    assert started.notes == []
    assert collector.health(place.paths) is None
    assert place.post("/v1/logs", logs("first").SerializeToString()).status == 200


def test_starting_again_finds_the_same_one(place: Place) -> None:
    """Idempotent."""
    place.start()
    first = collector.running(place.paths)
    place.start()

    again = collector.running(place.paths)
    assert first is not None
    assert again is not None
    assert (again.pid, again.supervisor) == (first.pid, first.supervisor)
    assert len(place.lasting()) == 2


def test_many_starts_at_once_make_one_collector(place: Place) -> None:
    """One starts it, the others wait and find it."""
    starting = [subprocess.Popen(starter(place), stdout=subprocess.PIPE, env=place.environ) for _ in range(4)]
    told = [json.loads(one.communicate(timeout=60)[0]) for one in starting]

    assert len({one["ports"] for one in told}) == 1
    assert len(place.lasting()) == 2


def test_the_process_that_starts_keeps_nothing_of_it(place: Place) -> None:
    """It is about to become claude: no child, no descriptor, no thread, no blocked signal."""
    told = json.loads(subprocess.run(starter(place), capture_output=True, env=place.environ, check=True, timeout=60).stdout)

    assert told["children"] == []
    assert told["blocked"] == []
    assert told["threads"] == 1
    assert [one for one in told["fds"] if place.paths.state in one or place.paths.data in one] == []
    assert [one for one in told["fds"] if one.startswith("socket:")] == []


def test_the_output_of_a_launch_ends_with_the_launch(place: Place) -> None:
    """`x=$(cclaunch ...)` returns: the daemon does not hold the pipe."""
    done = subprocess.run(
        starter(place), stdin=subprocess.DEVNULL, capture_output=True, env=place.environ, check=True, timeout=60
    )

    assert done.stderr == b""
    assert collector.health(place.paths) is None


@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_it_starts_with_closed_standard_descriptors(place: Place, closed: str) -> None:
    """Some services start programs so; the daemon's log must not land in the database."""
    command = starter(place)
    subprocess.run(["/bin/sh", "-c", f'"$@" {closed}', "sh", *command], env=place.environ, check=False, timeout=60)

    assert collector.health(place.paths) is None
    for process in place.lasting():
        targets = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 1, 2)]
        assert targets == ["/dev/null", place.paths.collector_log, place.paths.collector_log]


def test_the_daemon_lives_in_a_session_of_its_own(place: Place) -> None:
    """No terminal, no directory and no group of the person's."""
    place.start()
    for process in place.lasting():
        assert os.getsid(process.pid) != os.getsid(0)
        assert os.getpgid(process.pid) != os.getpgid(0)
        assert process.cwd() == "/"
        assert process.terminal() is None
        assert oct(int(umask_of(process.pid), 8)) == oct(0o077)


def umask_of(pid: int) -> str:
    """Return the umask of a process, octal, as Linux shows it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Umask:"))


def test_the_supervisor_has_no_parent_of_ours(place: Place) -> None:
    """A double fork: nobody has to wait for it. (Services that other tests share are children of ours.)"""
    before = psutil.Process().children()
    place.start()
    found = collector.running(place.paths)
    assert found is not None

    assert psutil.Process(found.supervisor).ppid() != os.getpid()
    assert psutil.Process().children() == before


def test_the_daemon_inherits_no_descriptor(place: Place, tmp_path: Path) -> None:
    """A file that the launching process had open, inheritable, is closed in it."""
    with open(tmp_path / "open.txt", "w") as file:
        os.set_inheritable(file.fileno(), True)
        place.start()
        for process in place.lasting():
            assert str(tmp_path / "open.txt") not in {opened.path for opened in process.open_files()}


def test_the_daemon_knows_nothing_of_the_account(place: Place) -> None:
    """Its environment is chosen name by name; `/proc/PID/environ` shows no key and no endpoint."""
    place.start(
        ANTHROPIC_API_KEY="sk-secret", OTEL_EXPORTER_OTLP_HEADERS="secret", PYTHONPATH="/secret", TZ="UTC", LC_ALL="C.UTF-8"
    )
    for process in place.lasting():
        environ = process.environ()
        assert "secret" not in " ".join(environ.values())
        assert not [name for name in environ if name.startswith(("ANTHROPIC_", "OTEL_", "CLAUDE", "PYTHON"))]
        assert (environ["TZ"], environ["LC_ALL"], environ["HOME"]) == ("UTC", "C.UTF-8", str(place.base))


def test_the_daemon_ignores_and_blocks_no_signal_that_was_not_its_own(place: Place) -> None:
    """`nohup`, or a shell that ignores SIGTERM, must not make a daemon that cannot be stopped."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        place.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGTERM, before)

    assert ending.shutdown(place.paths)
    assert wait_until(lambda: not place.processes())


def test_the_log_is_private_and_a_long_one_is_put_aside(place: Place) -> None:
    """It must not grow for ever."""
    log = Path(place.paths.collector_log)
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * (5 * MIB + 1))
    place.start()

    assert log.stat().st_size < MIB
    assert log.with_name(log.name + ".1").stat().st_size > 5 * MIB
    assert log.stat().st_mode & 0o777 == 0o600


def test_supervisor_and_collector_together_stay_small(place: Place) -> None:
    """At most 80 MB resident, also after some work."""
    place.start()
    for _ in range(20):
        place.post("/v1/logs", logs("small").SerializeToString())

    assert resident(place) <= 80 * 1000 * 1000


def test_a_place_that_cannot_be_written_fails_with_one_sentence(tmp_path: Path) -> None:
    """A file in the way of the data directory: the launch goes on without us."""
    place = Place(tmp_path)
    Path(place.paths.data).parent.mkdir(parents=True, exist_ok=True)
    Path(place.paths.data).write_text("in the way")

    with pytest.raises(StartFailed) as failure:
        place.start()
    assert place.paths.data in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_database_of_somebody_else_fails_with_its_reason(place: Place) -> None:
    """At once, not at the deadline, and the file is left as it was."""
    Path(place.paths.data).mkdir(parents=True, mode=0o700)
    database = Path(place.paths.data, "telemetry.db")
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = database.read_bytes()
    began = time.monotonic()

    with pytest.raises(StartFailed, match="a database of another program"):
        place.start()
    assert time.monotonic() - began < DEADLINE_S / 2
    assert database.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a directory away")
def test_nothing_is_started_in_the_home_of_another_user(place: Place) -> None:
    """sudo -E: the owner could not change the files that root leaves there."""
    os.chown(place.base, 12345, 12345)
    before = sorted(place.base.rglob("*"))

    with pytest.raises(StartFailed, match="belongs to another user"):
        place.start()
    assert sorted(place.base.rglob("*")) == before


@pytest.mark.parametrize("room", [0, 200])
def test_a_disk_without_room_ends_a_start_with_one_line(place: Place, room: int) -> None:
    """The lock cannot be signed, or with a little more room the database cannot be made: no traceback, no second try."""
    Path(place.paths.data).mkdir(parents=True)
    words = command("supervisor", place.paths, *place.ports.values())
    limit = (
        f"import os, sys; from resource import *; setrlimit(RLIMIT_FSIZE, ({room}, {room})); os.execv(sys.argv[1], sys.argv[1:])"
    )

    done = subprocess.run([sys.executable, "-c", limit, *words], capture_output=True, env=place.environ, timeout=20, check=False)

    assert done.returncode == 1
    assert b"error: cannot " in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_taken_port_is_left_to_its_holder(place: Place) -> None:
    """Ours takes a free one, the others stay, and one sentence names the holder."""
    wanted = dict(place.ports)
    with socket.create_server(("127.0.0.1", wanted["http"])):
        started = place.start()

        assert place.ports["http"] != wanted["http"]
        assert (place.ports["grpc"], place.ports["metrics"]) == (wanted["grpc"], wanted["metrics"])
        assert len(started.notes) == 1
        assert str(wanted["http"]) in started.notes[0]
        assert f"pid {os.getpid()}" in started.notes[0]
        assert place.post("/v1/logs", logs("moved").SerializeToString()).status == 200


def test_a_port_taken_on_the_other_loopback_address_counts(place: Place) -> None:
    """Else `localhost` would reach one of us, and 127.0.0.1 the other."""
    wanted = place.ports["http"]
    with socket.create_server(("::1", wanted), family=socket.AF_INET6):
        place.start()

        assert place.ports["http"] != wanted


def test_all_ports_taken_is_no_reason_to_fail(place: Place) -> None:
    """One stranger on all three: one sentence that names it, the ports and what is used instead."""
    wanted = dict(place.ports)
    held = [socket.create_server(("127.0.0.1", port)) for port in wanted.values()]
    try:
        started = place.start()
        assert not set(wanted.values()) & set(place.ports.values())
        (said,) = started.notes
        assert f"pid {os.getpid()}" in said
        assert all(str(port) in said for port in [*wanted.values(), *place.ports.values()])
        assert collector.health(place.paths) is None
    finally:
        for one in held:
            one.close()


def test_each_holder_of_a_port_is_named_in_a_sentence_of_its_own(place: Place) -> None:
    """Two strangers, two sentences."""
    code = "import socket, sys\nheld = socket.create_server(('127.0.0.1', int(sys.argv[1])))\nprint('ready', flush=True)\ninput()"
    words = [sys.executable, "-c", code, str(place.ports["metrics"])]
    with (
        socket.create_server(("127.0.0.1", place.ports["http"])),
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        notes = place.start().notes
        other.kill()

    assert [f"pid {pid}" in note for pid, note in zip([os.getpid(), other.pid], notes, strict=True)] == [True, True]


def test_the_status_names_each_service(place: Place) -> None:
    """Healthy while it runs, and said when it does not."""
    assert [service.healthy for service in collector.status(place.paths)] == [False]
    place.start()
    services = collector.status(place.paths)

    assert all(service.healthy for service in services)
    assert any(str(place.ports["grpc"]) in service.url for service in services)
    assert any(service.url.endswith(f":{place.ports['metrics']}/metrics") for service in services)


def test_the_ports_file_says_who_listens(place: Place) -> None:
    """Launches read it instead of asking."""
    place.start()
    lines = dict(line.split("=", 1) for line in Path(place.paths.data, "collector.ports").read_text().splitlines())

    assert lines["version"] == __version__
    assert {name: int(lines[name]) for name in place.ports} == place.ports
    assert int(lines["pid"]) == collector_process(place).pid
    assert psutil.Process(int(lines["pid"])).ppid() == int(lines["supervisor"])
