"""A HOME that containers and sandboxes share: the collector of one of them is told from one that does not run."""

import os
import shlex
import subprocess
import threading
import time
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest
from collector_client import Place
from doubles import FAKE_EXIT, fake_claude, told
from required import require
from sandbox import Sandbox

from cclaunch.backends.embedded import collector
from cclaunch.files.process_identity import start_ticks
from cclaunch.hot.paths import our_paths

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")

WITHOUT_PROC = ("-m", "sh", "-c", 'umount -l /proc && exec "$@"', "sh")
PIDS = ("-pf", "--mount-proc")
NETWORK = ("-n",)
BOTH = ("-pfn", "--mount-proc")
OTHER_NETWORK = "runs in another network namespace of this machine"
OTHER_PIDS = "runs in another PID namespace of this machine"
OWN = "CCLAUNCH_DATA_DIR"
WAIT_S = 20.0
"""What `stack.wait` says: a launch that waits for what cannot come waits as long."""


@pytest.fixture
def shared(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude, and a collector that runs here."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure(wait=WAIT_S)
    assert sandbox.cclaunch("-p", "hello").returncode == FAKE_EXIT
    return sandbox


def elsewhere(sandbox: Sandbox, options: tuple[str, ...], *words: str, **environ: str) -> CompletedProcess[bytes]:
    """Run ``cclaunch`` with *words* in new namespaces."""
    return sandbox.run([require("unshare"), *options, *sandbox.command(*words)], environ=environ)


@pytest.mark.parametrize("options", [NETWORK, BOTH], ids=["network", "both"])
def test_a_launch_in_another_network_says_one_line_and_waits_for_nothing(shared: Sandbox, options: tuple[str, ...]) -> None:
    """Its loopback is another: the collector of this HOME is not reached from there, however long it waits."""
    began = time.monotonic()
    done = elsewhere(shared, options, "-p", "hello")

    assert done.returncode == FAKE_EXIT
    (line,) = done.stderr.decode().splitlines()
    assert OTHER_NETWORK in line
    assert OWN in line
    assert time.monotonic() - began < WAIT_S / 2


def test_what_another_network_could_not_do_is_not_remembered_here(shared: Sandbox) -> None:
    """The memory of a failure is in the shared HOME."""
    elsewhere(shared, NETWORK, "-p", "hello")

    assert not Path(our_paths(shared.environ).wake_failed).exists()


def test_a_launch_in_another_network_leaves_the_collector_alone(shared: Sandbox) -> None:
    """Sessions here send to it."""
    paths = our_paths(shared.environ)
    before = collector.running(paths)
    elsewhere(shared, NETWORK, "-p", "hello")
    after = collector.running(paths)

    assert before is not None
    assert after is not None
    assert after[:3] == before[:3]
    assert collector.health(paths) is None


def test_another_network_has_a_collector_of_its_own_in_a_directory_of_its_own(shared: Sandbox, tmp_path: Path) -> None:
    """As the line says."""
    script = f"ip link set lo up && {' '.join(shared.command('-p', 'hello'))}; {' '.join(shared.command('stack', 'down'))} >&2"
    require("ip")
    words = [require("unshare"), *NETWORK, "sh", "-c", script]
    done = shared.run(words, environ={"CCLAUNCH_DATA_DIR": str(shared.home / "own")})

    assert done.stderr == b"collector: stopped\n"
    assert told(done.stdout)["environ"]["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("options", [PIDS, WITHOUT_PROC], ids=["pids", "no /proc"])
def test_a_launch_that_cannot_see_the_process_uses_the_collector_that_it_reaches(
    shared: Sandbox, options: tuple[str, ...]
) -> None:
    """The proof is enough."""
    done = elsewhere(shared, options, "-p", "hello")

    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


def test_a_session_in_another_container_is_stayed_for(shared: Sandbox) -> None:
    """By the pid that it has where the collector is: in there it is the first of all."""
    program = shared.home / "bin" / "claude"
    program.write_text("#!/bin/sh\necho started $$\nread line\n")
    words = [require("unshare"), *PIDS, *shared.command("-p", "hello")]
    with subprocess.Popen(words, env=shared.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "started 1\n"
        (claude,) = psutil.Process(session.pid).children()
        names = [name.split(".")[1:] for name in os.listdir(our_paths(shared.environ).launched) if name.count(".") == 2]
        assert [str(claude.pid), str(start_ticks(claude.pid))] in names
        session.communicate("\n")


def test_an_older_collector_in_another_place_is_used_and_named(shared: Sandbox) -> None:
    """It cannot be replaced from there, and a launch does not wait for that."""
    ports = Path(our_paths(shared.environ).collector_ports)
    older = "".join(f"{line}\n" for line in ports.read_text().splitlines() if not line.startswith("version=")) + "version=0.0.1\n"
    for _ in range(20):  # the collector writes its file again within a second
        ports.write_text(older)
        done = elsewhere(shared, PIDS, "-p", "hello")
        if done.stderr:
            break

    assert done.returncode == FAKE_EXIT
    (line,) = done.stderr.decode().splitlines()
    assert OTHER_PIDS in line
    assert "0.0.1" in line


@pytest.mark.parametrize("verb", ["down", "restart"])
@pytest.mark.parametrize(("options", "why"), [(PIDS, OTHER_PIDS), (WITHOUT_PROC, "there is no /proc")], ids=["pids", "no /proc"])
def test_what_cannot_be_ended_from_there_is_no_collector_that_was_not_running(
    shared: Sandbox, options: tuple[str, ...], why: str, verb: str
) -> None:
    """The verb says where it runs, ends with 1, and leaves it running."""
    done = elsewhere(shared, options, "stack", verb)

    assert done.returncode == 1
    assert why in done.stderr.decode()
    assert collector.health(our_paths(shared.environ)) is None


def test_where_there_is_no_proc_at_all_it_is_started_checked_and_ended(shared: Sandbox) -> None:
    """The lock, the proof and the pid have to do."""
    shared.cclaunch("stack", "down")
    alarms = f"{shlex.join(shared.command('check'))} | grep -E '^failed +(port|collector|proof)'"
    script = f"{shlex.join(shared.command('stack', 'up'))}; {alarms}; {shlex.join(shared.command('stack', 'down'))}"
    done = shared.run([require("unshare"), *WITHOUT_PROC, "sh", "-c", script])

    assert done.stderr == b""
    assert done.stdout.decode().splitlines()[1:] == ["collector: stopped"]


def test_what_is_seen_is_ended_from_another_network(shared: Sandbox) -> None:
    """A signal goes where no packet does."""
    done = elsewhere(shared, NETWORK, "stack", "down")

    assert (done.returncode, done.stdout) == (0, b"collector: stopped\n")
    assert collector.running(our_paths(shared.environ)) is None


@pytest.mark.parametrize("options", [PIDS, WITHOUT_PROC], ids=["pids", "no /proc"])
def test_check_gives_no_alarm_about_a_collector_that_it_reaches(shared: Sandbox, options: tuple[str, ...]) -> None:
    """The ports are the collector's by its proof, whoever holds them."""
    done = elsewhere(shared, options, "check")

    alarms = [line for line in done.stdout.decode().splitlines() if not line.startswith("ok")]
    assert [line for line in alarms if not line.startswith("failed  claude:")] == []  # a double has no version
    assert "held by the collector" in done.stdout.decode()


@pytest.mark.parametrize("words", [["check"], ["stack", "up"], ["status"]], ids=" ".join)
def test_a_verb_in_another_network_says_where_the_collector_is(shared: Sandbox, words: list[str]) -> None:
    """Not only that nothing answers."""
    done = elsewhere(shared, NETWORK, *words)

    assert OTHER_NETWORK in (done.stdout + done.stderr).decode()


def test_another_machine_is_named(place: Place) -> None:
    """A HOME on a file system of the network, where locks hold across machines."""
    path = Path(place.paths.collector_lock)
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    mine = path.read_text()
    lines |= {"host": "elsewhere-7", "boot": "00000000-0000-4000-8000-000000000000"}
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    said = collector.elsewhere(place.paths)
    path.write_text(mine)

    assert said == "on another machine, elsewhere-7"


def test_the_signature_of_one_that_has_ended_elsewhere_says_nothing_once_another_holds_the_lock(place: Place) -> None:
    """Whoever has just taken the lock stands under the old signature for a moment: that is looked at again."""
    path = Path(place.paths.collector_lock)
    mine = path.read_text()
    path.write_text(mine.replace("network=", "network=another "))
    signing = threading.Timer(0.05, path.write_text, [mine])
    signing.start()
    said = collector.elsewhere(place.paths)
    signing.join()

    assert said == ""
