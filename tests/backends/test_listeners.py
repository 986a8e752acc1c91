"""A port that was ours, an adopted collector's or a container's, and that somebody else listens on by now."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from collector_client import Place
from doubles import fake_claude
from other_user import UID, listening, need_root
from receiver import RECEIVER
from sandbox import Sandbox, free_ports

from cclaunch.backends.embedded import collector
from cclaunch.backends.listeners import strangers
from cclaunch.files import lock
from cclaunch.hot import listeners, probe
from cclaunch.hot.paths import our_paths
from cclaunch.hot.ports import adopted_ports, collector_ports
from cclaunch.hot.reading import read_flat
from cclaunch.serving import holder

CLAUDES = 7
"""The exit code of the claude here."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture
def as_root() -> None:
    """Only root can act as another user."""
    need_root()


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that does nothing."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    return sandbox


@pytest.fixture
def adopted(box: Sandbox) -> dict[str, int]:
    """The ports of a configuration whose collector was adopted, and has ended since."""
    ports = box.configure()
    with subprocess.Popen([sys.executable, "-c", RECEIVER, str(ports["grpc"])], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert b"has a collector already" in box.cclaunch("-p", "x").stderr
        process.kill()
    return ports


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_the_uid_of_whoever_listens_is_seen_in_both_families(address: str, free_port: int, as_root: None) -> None:
    """A connection to loopback reaches all of these."""
    with listening(UID, (address, free_port)):
        assert listeners.listeners([free_port]) == frozenset({UID})
        assert strangers([free_port]) == [UID]


def test_every_one_that_listens_is_seen(free_port: int, as_root: None) -> None:
    """Ours on 127.0.0.1 hides nobody on ::1."""
    with listening(0, ("127.0.0.1", free_port)), listening(UID, ("::1", free_port)):
        assert listeners.listeners([free_port]) == frozenset({0, UID})
        assert strangers([free_port]) == [UID]


def test_the_kernels_table_says_the_same_where_the_question_is_forbidden(
    free_port: int, as_root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox may know no netlink."""

    def forbidden() -> None:
        raise PermissionError

    monkeypatch.setattr(listeners, "kernel", forbidden)
    with listening(0, ("127.0.0.1", free_port)), listening(UID, ("::1", free_port)):
        assert listeners.listeners([free_port]) == frozenset({0, UID})
    assert listeners.listeners([free_port]) == frozenset()


def test_what_no_system_tells_is_no_reproach(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    """macOS has neither."""
    monkeypatch.setattr(sys, "platform", "darwin")

    assert listeners.listeners([free_port]) is None
    assert listeners.listened_to_by([], [free_port])
    assert strangers([free_port]) == []


def test_nobody_who_listens_is_no_reproach_either(free_port: int) -> None:
    """A container's port may be a rule of the firewall."""
    assert listeners.listeners([free_port]) == frozenset()
    assert listeners.listened_to_by([], [free_port])


def test_a_judgement_names_the_uid(box: Sandbox, adopted: dict[str, int]) -> None:
    """What was trusted is whom, not where."""
    known = adopted_ports(our_paths(box.environ))

    assert known is not None
    assert known.uids == str(os.geteuid())


def test_an_adopted_port_that_another_user_took_over_gets_nothing(box: Sandbox, adopted: dict[str, int], as_root: None) -> None:
    """Judged anew: ours takes a free port, and the stranger is named once."""
    paths = our_paths(box.environ)
    with listening(UID, ("127.0.0.1", adopted["grpc"])):
        done = box.cclaunch("-p", "x")
        ports = read_flat(paths.data + "/collector.ports")

        assert done.returncode == CLAUDES
        assert f"port {adopted['grpc']} (grpc) is held by a process of user {UID}".encode() in done.stderr
        assert ports["grpc"] != str(adopted["grpc"])
        assert adopted_ports(paths) is None


def test_another_user_beside_the_adopted_one_is_enough(box: Sandbox, as_root: None) -> None:
    """`localhost` may be ::1."""
    ports = box.configure()
    with subprocess.Popen([sys.executable, "-c", RECEIVER, str(ports["grpc"])], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with listening(UID, ("::1", ports["grpc"])):
            done = box.cclaunch("-p", "x")
        process.kill()

    assert f"held by a process of user {UID}".encode() in done.stderr
    assert adopted_ports(our_paths(box.environ)) is None


@pytest.mark.parametrize("words", [("usage",), ("status",), ("stack", "status"), ("env",)], ids=" ".join)
def test_the_verbs_say_who_holds_the_port(box: Sandbox, adopted: dict[str, int], as_root: None, words: tuple[str, ...]) -> None:
    """A shell's variables keep to the port, whoever has it."""
    with listening(UID, ("127.0.0.1", adopted["grpc"])):
        done = box.cclaunch(*words)

    assert f"held by a process of user {UID}".encode() in done.stdout + done.stderr


def test_check_names_whoever_holds_the_port_and_proves_another(box: Sandbox, adopted: dict[str, int], as_root: None) -> None:
    """Its proof goes where a launch would send."""
    with listening(UID, ("127.0.0.1", adopted["grpc"])):
        done = box.cclaunch("check")

    assert f"port {adopted['grpc']} (grpc): held by" in done.stdout.decode()
    assert f"user {UID}" in done.stdout.decode()
    assert f"to http://127.0.0.1:{grpc_of(box)}" in done.stdout.decode()


@pytest.fixture
def docker_ports(box: Sandbox) -> dict[str, int]:
    """A Docker stack that was started and whose engine is away; nobody listens on its ports."""
    ports = box.configure(extra='backend = "docker"\n[docker]\nhost = "unix:///nonexistent/docker.sock"')
    ports |= {"health": free_ports(1)[0]}
    lines = {**ports, "services": "collector", "engine": "0"}
    path = Path(our_paths(box.environ).data) / "stack" / "ports"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return ports


def grpc_of(box: Sandbox) -> str:
    """Return the gRPC port of a collector of ours that was started, or an empty string."""
    return read_flat(our_paths(box.environ).data + "/collector.ports").get("grpc", "")


@pytest.mark.parametrize("taken", ["grpc", "http", "health"])
def test_a_containers_port_that_another_user_took_over_gets_nothing(
    box: Sandbox, docker_ports: dict[str, int], as_root: None, taken: str
) -> None:
    """200 on the port of the health is nobody's own word."""
    places = [("127.0.0.1", docker_ports["health"]), ("127.0.0.1", docker_ports[taken])]
    uids = [UID if taken == "health" else 0, UID]
    with listening(uids[0], places[0], answer=OK), listening(uids[1], *places[1:] if taken != "health" else []):
        done = box.cclaunch("-p", "x")

        assert done.returncode == CLAUDES
        assert b"stands in" in done.stderr
        assert grpc_of(box) not in ("", str(docker_ports["grpc"]) if taken == "grpc" else "")


def test_a_containers_port_is_used_when_root_or_nobody_is_seen_there(
    box: Sandbox, docker_ports: dict[str, int], as_root: None
) -> None:
    """docker-proxy is root's; without it, no listener is seen."""
    with listening(0, ("127.0.0.1", docker_ports["health"]), answer=OK):
        done = box.cclaunch("-p", "x")

    assert (done.returncode, done.stderr, grpc_of(box)) == (CLAUDES, b"", "")


def test_a_containers_port_is_used_when_the_engines_user_listens_there(
    box: Sandbox, docker_ports: dict[str, int], as_root: None
) -> None:
    """A rootless engine is its user's."""
    path = Path(our_paths(box.environ).data) / "stack" / "ports"
    path.write_text(path.read_text().replace("engine=0", f"engine={UID}"))
    with listening(UID, ("127.0.0.1", docker_ports["health"]), ("127.0.0.1", docker_ports["grpc"]), answer=OK):
        done = box.cclaunch("-p", "x")

    assert (done.returncode, done.stderr, grpc_of(box)) == (CLAUDES, b"", "")


def test_a_collector_of_ours_proves_the_port_that_is_sent_to(box: Sandbox) -> None:
    """A question about another gRPC port, handed on by whoever holds the old ones, is not answered with a proof."""
    box.configure()
    box.cclaunch("-p", "x")
    paths = our_paths(box.environ)
    ports = collector_ports(paths)
    assert ports is not None
    key = Path(paths.data, "collector.key").read_text().strip()

    def asked(grpc: str) -> str | None:
        return probe.answer(probe.ask(int(ports.http), 0, key, 5, grpc))

    assert asked(ports.grpc) is None
    assert asked(str(int(ports.grpc) + 1)) == "another program answers on its port"
    assert asked("") is None


def test_silence_on_a_port_of_somebody_else_is_not_a_busy_collector(place: Place, as_root: None) -> None:
    """The ports file may be one that was killed left behind, while the next one starts."""
    Path(place.paths.data).mkdir(parents=True)
    handle = lock.take(place.paths.collector_lock, 1)
    assert handle is not None
    holder.sign(handle)
    lines = {**place.ports, "pid": os.getpid()}
    Path(place.paths.data, "collector.ports").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    places = [("127.0.0.1", place.ports[name]) for name in ("grpc", "http")]
    try:
        with listening(os.geteuid(), *places, answer=None):
            assert collector.silent(place.paths) is not None
        with listening(UID, *places, answer=None):
            assert collector.silent(place.paths) is None
    finally:
        os.close(handle)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place whose collector does not run."""
    return Place(tmp_path / "ours")
