"""Which container engine is meant, and what is said when there is none."""

import errno
import hashlib
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cclaunch.backends.docker import contexts
from cclaunch.backends.docker.connect import connect, explained, refused
from cclaunch.backends.docker.contexts import Endpoint, endpoint, sockets, starter
from cclaunch.config.model import Docker
from cclaunch.errors import ContextStale, DiskFull, EngineHung, EngineMissing, EngineRefused


@pytest.fixture(autouse=True)
def no_system_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of the machine that runs this must not count."""
    monkeypatch.setattr(contexts, "SYSTEM_SOCKET", str(tmp_path / "var-run-docker.sock"))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory whose name is short: a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="cc") as path:
        yield Path(path)


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own."""
    return {"HOME": str(tmp_path)}


def put_context(home: Path, name: str, host: str, *, current: bool = True, tls: bool = False) -> None:
    """Lay a Docker context down as the docker command does."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker/contexts/meta" / key
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}))
    if tls:
        (home / ".docker/contexts/tls" / key / "docker").mkdir(parents=True)
    if current:
        (home / ".docker/config.json").write_text(json.dumps({"currentContext": name}))


def listening(path: Path) -> socket.socket:
    """Return a socket that listens on *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.bind(str(path))
    peer.listen(8)
    return peer


def test_config_beats_the_environment_which_beats_the_context(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """The docker command's order, with ours before it."""
    put_context(tmp_path, "colima", "unix:///colima.sock")
    put_context(tmp_path, "other", "unix:///other.sock", current=False)

    by_context = endpoint(Docker(), surroundings)
    by_name = endpoint(Docker(), {**surroundings, "DOCKER_CONTEXT": "other"})
    by_host = endpoint(Docker(), {**surroundings, "DOCKER_CONTEXT": "other", "DOCKER_HOST": "unix:///host.sock"})
    by_our_context = endpoint(Docker(context="other"), {**surroundings, "DOCKER_HOST": "unix:///host.sock"})
    by_our_host = endpoint(Docker(host="unix:///ours.sock"), {**surroundings, "DOCKER_HOST": "unix:///host.sock"})

    assert [one.socket for one in (by_context, by_name, by_host, by_our_context, by_our_host)] == [
        "/colima.sock",
        "/other.sock",
        "/host.sock",
        "/other.sock",
        "/ours.sock",
    ]
    assert by_context.source == f"the Docker context `colima` (from {tmp_path}/.docker/config.json)"


def test_the_context_called_default_means_the_usual_sockets(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """As for the docker command."""
    with listening(tmp_path / "var-run-docker.sock"):
        found = endpoint(Docker(), {**surroundings, "DOCKER_CONTEXT": "default"})

    assert found.socket == str(tmp_path / "var-run-docker.sock")


def test_a_context_that_does_not_exist_is_named(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """The SDK would silently take another engine."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "desktop-linux"}')

    with pytest.raises(ContextStale, match=r"the Docker context `desktop-linux` .*does not exist") as caught:
        endpoint(Docker(), surroundings)

    assert "docker context use default" in caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", '{"currentContext": 3}', "[" * 100000])
def test_a_broken_docker_configuration_chooses_nothing(tmp_path: Path, surroundings: dict[str, str], text: str) -> None:
    """The docker command warns and goes on."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(text)

    assert endpoint(Docker(), surroundings).source == "the default"


@pytest.mark.parametrize("host", ["ssh://me@build", "tcp://192.0.2.7:2375", "ftp://x", "nonsense"])
def test_an_engine_on_another_machine_is_refused(surroundings: dict[str, str], host: str) -> None:
    """Its ports would be there, not here."""
    with pytest.raises(ContextStale):
        endpoint(Docker(), {**surroundings, "DOCKER_HOST": host})


def test_an_engine_on_a_loopback_port_is_taken_with_its_certificates(surroundings: dict[str, str]) -> None:
    """DOCKER_TLS_VERIFY and DOCKER_CERT_PATH mean what they mean to docker."""
    plain = endpoint(Docker(), {**surroundings, "DOCKER_HOST": "tcp://127.0.0.1:2375"})
    secure = endpoint(
        Docker(),
        {**surroundings, "DOCKER_HOST": "tcp://127.0.0.1:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"},
    )

    assert (plain.certificates, secure.certificates, secure.verify) == ("", "/certs", True)


def test_certificates_of_a_context_are_found(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """They lie beside it."""
    put_context(tmp_path, "secure", "tcp://localhost:2376", tls=True)

    assert endpoint(Docker(), surroundings).certificates.endswith("/docker")


@pytest.mark.parametrize(
    "path",
    [
        ".docker/run/docker.sock",
        ".orbstack/run/docker.sock",
        ".colima/default/docker.sock",
        ".rd/docker.sock",
        ".local/share/containers/podman/machine/podman.sock",
    ],
)
def test_a_known_socket_is_found_without_a_context(tmp_path: Path, surroundings: dict[str, str], path: str) -> None:
    """Docker Desktop, OrbStack, Colima, Rancher Desktop, Podman's machine."""
    with listening(tmp_path / path):
        assert endpoint(Docker(), surroundings).socket == str(tmp_path / path)


def test_a_plain_file_is_no_socket(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """What some tool left behind does not count."""
    (tmp_path / ".rd").mkdir()
    (tmp_path / ".rd/docker.sock").write_text("")

    assert endpoint(Docker(), surroundings).source == "the default"


def test_the_sockets_of_the_session_are_known() -> None:
    """Rootless Docker and Podman."""
    found = sockets({"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/7"})

    assert {"/run/user/7/docker.sock", "/run/user/7/podman/podman.sock"} < set(found)


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/h/.colima/default/docker.sock", "colima start"),
        ("/h/.colima/big/docker.sock", "colima start big"),
        ("/h/.orbstack/run/docker.sock", "orb start"),
        ("/h/.rd/docker.sock", "rdctl start"),
        ("/h/.docker/run/docker.sock", "docker desktop start"),
        ("/run/podman/podman.sock", "sudo systemctl start podman.socket"),
        ("/run/user/7/podman/podman.sock", "systemctl --user start podman.socket"),
        ("/run/user/7/docker.sock", "systemctl --user start docker"),
        ("/h/.local/share/containers/podman/machine/podman.sock", "podman machine start"),
    ],
)
def test_each_runtime_has_its_start_command(path: str, command: str) -> None:
    """So that the hint can be pasted."""
    assert starter(path) == command


def test_no_engine_names_socket_and_mend(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """One line, and the way without an engine."""
    with pytest.raises(EngineMissing, match="no container engine runs") as caught:
        connect(Docker(host=f"unix://{tmp_path}/.colima/default/docker.sock"), surroundings)

    assert caught.value.hint.startswith("colima start")
    assert "stack use embedded" in caught.value.hint


def test_a_socket_that_nobody_serves_is_no_engine(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """An engine that was killed leaves its socket."""
    path = tmp_path / "left.sock"
    listening(path).close()

    with pytest.raises(EngineMissing, match="connection refused"):
        connect(Docker(host=f"unix://{path}"), surroundings)


@pytest.mark.parametrize(
    ("path", "mend"), [("/var/run/docker.sock", "usermod -aG docker"), ("/h/.rd/docker.sock", "ls -l /h/.rd/docker.sock")]
)
def test_a_socket_of_another_group_is_a_matter_of_permission(path: str, mend: str) -> None:
    """With the group that mends it, where it is a group's."""
    error = refused(Endpoint(f"unix://{path}", "the default"), PermissionError(errno.EACCES, "Permission denied"))

    assert isinstance(error, EngineRefused)
    assert mend in error.hint


def test_an_engine_that_does_not_answer_is_left_after_the_deadline(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """It takes the connection, and nothing more: a hung Docker Desktop."""
    path = tmp_path / "hung.sock"
    with listening(path), pytest.raises(EngineHung, match="does not answer"):
        connect(Docker(host=f"unix://{path}"), surroundings, seconds=0.3)


def hang_up(server: socket.socket, times: int) -> None:
    """Take so many connections and close them."""
    for _ in range(times):
        server.accept()[0].close()


def test_an_engine_that_hangs_up_is_no_engine(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """One line without a tuple of Python's."""
    path = tmp_path / "rude.sock"
    with listening(path) as server:
        threading.Thread(target=hang_up, args=(server, 2), daemon=True).start()
        with pytest.raises(EngineMissing) as caught:
            connect(Docker(host=f"unix://{path}"), surroundings, seconds=2)

    assert "(" not in caught.value.message


def test_a_full_disk_is_known_by_what_the_engine_says() -> None:
    """Whatever it was doing."""
    error = explained("write /var/lib/docker/tmp/x: no space left on device", "pull a:1")

    assert isinstance(error, DiskFull)
    assert "docker system prune" in error.hint
