"""The parts of the Docker backend that need no engine: archive, pull, health, record, state, log files."""

import http.server
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from wanted_service import service_of

from cclaunch.backends.chosen import chosen
from cclaunch.backends.docker import health, pull, record
from cclaunch.backends.docker.archive import archive
from cclaunch.backends.docker.handover import hand_over
from cclaunch.backends.docker.look import details
from cclaunch.backends.docker.model import stack_model
from cclaunch.backends.embedded import log
from cclaunch.backends.every import backend
from cclaunch.bars import Bars
from cclaunch.config.model import Config, Grafana, PortNumbers, Stack
from cclaunch.config.state import State, change_state, load_state
from cclaunch.errors import ConfigError, DiskFull, StackError
from cclaunch.hot.paths import Paths, our_paths

BOARD = {"dashboards/deep/er/a.json": b"{}"}


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox."""
    return our_paths(environ)


def entries(service: str) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    """Return the archive of a service of the default stack, entry by name."""
    data = archive(service_of(stack_model(Config(), "7", BOARD), service))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: (entry, content(tar, entry)) for entry in tar}


def content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    """Return what a file of *tar* holds; nothing for what is none."""
    file = tar.extractfile(entry) if entry.isfile() else None
    return file.read() if file else b""


def test_the_collector_may_write_its_queue() -> None:
    """A fresh volume is root's, and the collector is not."""
    queue, _ = entries("collector")["var/lib/cclaunch/queue"]

    assert (queue.isdir(), queue.uid, queue.gid, queue.mode) == (True, 10001, 10001, 0o700)


def test_directories_between_volume_and_file_come_before_the_file() -> None:
    """And none above the volume is touched: `/etc` keeps its owner."""
    names = list(entries("grafana"))

    assert names.index("etc/cclaunch/dashboards/deep/er") < names.index("etc/cclaunch/dashboards/deep/er/a.json")
    assert not {"etc", "etc/cclaunch", "var", "var/lib"} & set(names)


def test_the_password_can_be_read_by_grafana_alone() -> None:
    """Owner and mode go with the file."""
    entry, data = entries("grafana")["etc/cclaunch/admin_password"]

    assert (data, entry.uid, entry.mode) == (b"admin", 472, 0o400)


def test_the_same_files_make_the_same_archive() -> None:
    """No time of day in it."""
    service = service_of(stack_model(Config(), "7", BOARD), "grafana")

    assert archive(service) == archive(service)


class Volume:
    """An engine that has one directory, the collector's queue, with one file of *uid*; *written* is what was put into it."""

    def __init__(self, uid: int) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, kind, data in (("queue", tarfile.DIRTYPE, b""), ("queue/exporter", tarfile.REGTYPE, b"events" * 5000)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.size, entry.uid, entry.gid, entry.mode = kind, len(data), uid, uid, 0o600
                tar.addfile(entry, io.BytesIO(data))
        self.data = buffer.getvalue()
        self.left = 0
        self.written: list[tuple[str, str, int, int, int, int]] = []

    def get_archive(self, container: str, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        """Give it in pieces; *left* counts answers that were not read to their end."""
        assert path == "/var/lib/cclaunch/queue"
        self.left += 1
        return self._pieces(), {}

    def _pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), 1000):
            yield self.data[start : start + 1000]
        self.left -= 1

    def put_archive(self, container: str, path: str, data: IO[bytes]) -> None:
        """Take it."""
        assert self.left == 0  # the engine holds the container until an answer was read
        with tarfile.open(fileobj=data) as tar:
            self.written = [(path, one.name, one.uid, one.gid, one.mode, one.size) for one in tar]


@pytest.mark.parametrize("uid", [0, 10001])
def test_a_queue_of_another_user_is_handed_over_and_one_of_its_own_is_left(uid: int) -> None:
    """Compose has the collector run as root; bytes and modes stay."""
    volume = Volume(uid)

    hand_over(volume, "c", service_of(stack_model(Config(), "7", {}), "collector"))

    place = "/var/lib/cclaunch"
    changed = [(place, "queue", 10001, 10001, 0o600, 0), (place, "queue/exporter", 10001, 10001, 0o600, 30000)]
    assert volume.written == ([] if uid == 10001 else changed)
    assert volume.left == 0


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("prom/prometheus:v3", "prom/prometheus", "v3"),
        ("localhost:5000/a/b:c", "localhost:5000/a/b", "c"),
        ("a@sha256:" + "0" * 64, "a", "sha256:" + "0" * 64),
        ("localhost:5000/a:v1@sha256:" + "0" * 64, "localhost:5000/a", "sha256:" + "0" * 64),
    ],
)
def test_an_image_is_split_at_its_tag(image: str, name: str, tag: str) -> None:
    """A registry's port is no tag."""
    assert pull.parts(image) == (name, tag)


def test_a_pull_adds_up_its_layers() -> None:
    """Each tells how much it has of how much; one that is complete has it all."""
    tally = pull.Tally()
    for item in (
        {"status": "Pulling fs layer", "id": "a", "progressDetail": {}},
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "b", "progressDetail": {}},
        {"status": "Extracting", "id": "b", "progressDetail": {"current": 1, "total": 50}},
        {"status": "Digest: sha256:0"},
    ):
        tally.take(item)

    assert (tally.done, tally.total) == (60, 150)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"error": "x", "errorDetail": {"message": "write /x: no space left on device"}}, DiskFull),
        ({"error": "manifest for a:1 not found: manifest unknown"}, StackError),
    ],
)
def test_a_trouble_in_the_stream_is_an_error(item: dict[str, Any], error: type[DiskFull] | type[StackError]) -> None:
    """The engine has answered 200 by then."""
    with pytest.raises(error):
        pull.Tally().take(item)


def test_where_there_is_no_terminal_a_pull_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Not one for every layer."""
    with Bars({}) as bars:
        for done in range(5):
            bars("a:1", done, 5)

    assert capsys.readouterr().err == "cclaunch: fetching a:1\n"


class Pages(http.server.HTTPServer):
    """A server that answers with its `says`."""

    says: tuple[int, bytes]


class Page(http.server.BaseHTTPRequestHandler):
    """Answers with what the server was told to."""

    server: Pages

    def do_GET(self) -> None:
        """Answer."""
        status, body = self.server.says
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[Pages]:
    """A server that answers with its `says`."""
    with Pages(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("service", "status", "body", "trouble"),
    [
        ("collector", 200, b'{"status":"Server available"}', None),
        ("collector", 503, b"Server not available", "it answers 503: Server not available"),
        ("grafana", 200, b'{"database": "ok"}', None),
        ("grafana", 200, b'{"database": "failing"}', "its database is failing"),
        ("grafana", 200, b"<html>", "another program answers on its port"),
        ("grafana", 200, b"[]", "another program answers on its port"),
    ],
)
def test_health_is_what_the_service_says(page: Pages, service: str, status: int, body: bytes, trouble: str | None) -> None:
    """An open port proves nothing."""
    page.says = (status, body)

    assert health.ask(service, page.server_port) == trouble


def test_nobody_there_is_no_health(free_port: int) -> None:
    """In a word."""
    assert health.ask("collector", free_port) == "it does not run"


def test_waiting_ends_as_soon_as_a_container_has(free_port: int) -> None:
    """Its deadline is not waited for."""
    began = time.monotonic()

    found = health.wait(["collector"], PortNumbers(health=free_port), began + 600, lambda _: True)

    assert found == {"collector": "its container has ended"}
    assert time.monotonic() - began < 60


def test_what_runs_is_written_down_for_a_launch(paths: Paths) -> None:
    """Every port by name; `down` forgets it."""
    config = Config(stack=Stack(services=("collector", "victorialogs")), ports=PortNumbers(grpc=14317))
    record.remember_stack(paths, config, stack_model(config, "7", {}))
    found = record.endpoint(paths)
    up = record.was_up(paths)
    record.forget_stack(paths)

    assert found is not None
    assert (found.grpc, found.http, found.metrics, found.owner) == ("14317", "4318", "8889", "")
    assert (up, record.was_up(paths), record.endpoint(paths)) == (True, False, None)


def test_the_choice_beats_the_configuration(paths: Paths) -> None:
    """`stack use` is the later word; without it config.toml holds."""
    config = Config(stack=Stack(backend="docker"))
    before = chosen(paths, config)
    change_state(paths, lambda state: state._replace(backend="embedded"))

    assert (before, chosen(paths, config)) == ("docker", "embedded")
    assert load_state(paths) == State(backend="embedded")


def test_the_choice_keeps_what_else_stands_in_the_state(paths: Paths) -> None:
    """Tables of a later release are carried along."""
    change_state(paths, lambda state: state._replace(active="data-eng"))
    path = paths.state + "/state.toml"
    with open(path, "a") as file:
        file.write('[stack]\nunit = "x"\n')

    change_state(paths, lambda state: state._replace(backend="docker"))

    with open(path) as file:
        text = file.read()
    assert 'unit = "x"' in text
    assert load_state(paths) == State(active="data-eng", backend="docker")


def test_a_backend_that_nobody_knows_is_named_and_chooses_nothing(paths: Paths) -> None:
    """The file says which line."""
    change_state(paths, lambda state: state._replace(backend="docker"))
    path = paths.state + "/state.toml"
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace("docker", "podman"))

    with pytest.raises(ConfigError, match=r"line 4: `stack.backend` must be one of embedded, docker"):
        load_state(paths)
    assert chosen(paths, Config()) == "embedded"


@pytest.mark.parametrize("name", ["embedded", "docker"])
def test_both_backends_know_their_names(paths: Paths, environ: dict[str, str], name: str) -> None:
    """And fit the protocol, which the type checker holds them to."""
    assert backend(name, paths, Config(), environ).name == name


def test_the_login_is_told_and_a_password_is_not(paths: Paths) -> None:
    """It stands in config.toml, and nowhere else."""
    plain, own = details(Config(), paths), details(Config(grafana=Grafana(admin_password="s3cret")), paths, clear=True)

    assert plain["grafana"] == "login admin / admin"
    assert "s3cret" not in own["grafana"]
    assert "config.toml" in own["grafana"]


def test_no_line_of_a_log_is_asked_for(tmp_path: Path) -> None:
    """Zero is none, not all."""
    path = tmp_path / "log"
    path.write_text("one\ntwo\n")

    assert list(log.lines(str(path), 0, follow=False)) == []
    assert list(log.lines(str(path), 1, follow=False)) == ["two"]
