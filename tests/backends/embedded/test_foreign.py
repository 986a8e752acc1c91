"""A receiver on our port that is not ours: used when it may be, named always."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from collector_client import Place, collector, wait_until
from receiver import RECEIVER
from starter import starter

from cclaunch.backends.embedded import collector as embedded
from cclaunch.hot.ports import adopted_ports


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose collector does not run."""
    made = Place(tmp_path / "ours")
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


@pytest.fixture
def stranger(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A receiver of this user on the gRPC port, which is no collector of ours."""
    words = [sys.executable, "-c", RECEIVER, str(place.ports["grpc"])]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def test_a_receiver_of_this_user_is_used_and_named(place: Place, stranger: subprocess.Popen[bytes]) -> None:
    """Ours is not started; the sentence says that `usage` cannot see it."""
    wanted = dict(place.ports)
    started = place.start()

    assert place.ports == wanted
    assert str(stranger.pid) in started.ports.owner
    assert f"pid {stranger.pid}" in started.notes[0]
    assert "cannot see" in started.notes[0]
    assert place.processes() == []


def test_it_is_remembered_and_shown(place: Place, stranger: subprocess.Popen[bytes]) -> None:
    """`status` says whose it is."""
    place.start()
    known = adopted_ports(place.paths)

    assert known is not None
    assert known.grpc == str(place.ports["grpc"])
    assert [(one.healthy, str(stranger.pid) in one.detail) for one in embedded.status(place.paths)] == [(True, True)]


def test_asking_it_leaves_nothing_in_the_process_that_asks(place: Place, stranger: subprocess.Popen[bytes]) -> None:
    """No thread and no socket of gRPC: that process is about to become claude."""
    told = foreign_told(place)

    assert (told["children"], told["threads"]) == ([], 1)
    assert [one for one in told["fds"] if one.startswith(("socket:", "anon_inode:"))] == []


def foreign_told(place: Place) -> dict[str, Any]:
    """Run a process that starts the stack, and return what it is left with."""
    words = starter(place)
    words[2] = words[2].replace('open(where.data + "/collector.ports").read()', '""')
    done = subprocess.run(words, capture_output=True, env=place.environ, check=True, timeout=120)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_ours_is_started_when_the_stranger_is_gone(place: Place, stranger: subprocess.Popen[bytes]) -> None:
    """And the stranger is forgotten."""
    place.start()
    stranger.kill()
    stranger.wait()
    started = place.start()

    assert started.ports.owner == ""
    assert adopted_ports(place.paths) is None
    assert embedded.health(place.paths) is None


def test_a_program_that_takes_no_otlp_is_not_used(place: Place) -> None:
    """A gRPC server without these services: ours takes a free port."""
    server = grpc.server(ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
    server.add_insecure_port(f"127.0.0.1:{place.ports['grpc']}")
    server.start()
    wanted = place.ports["grpc"]
    try:
        started = place.start()
        assert place.ports["grpc"] != wanted
        assert str(wanted) in started.notes[0]
    finally:
        server.stop(0)


def test_the_collector_of_another_data_directory_is_not_used(place: Place, tmp_path: Path) -> None:
    """Whoever sets CCLAUNCH_DATA_DIR wants things kept apart."""
    with collector(tmp_path / "theirs") as theirs:
        place.ports = dict(theirs.ports)
        place.configure(600)
        place.start()

        assert not set(place.ports.values()) & set(theirs.ports.values())
        assert len(place.lasting()) == 2
