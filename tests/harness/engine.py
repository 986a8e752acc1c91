"""
A Docker engine of the tests' own, and the real services as images in it.

The problem it owns: the stack is tested with a real engine and the real collector, Prometheus and
VictoriaLogs, where no image can be pulled. The engine is a throw-away one: a person's own is never asked,
and never gets an image whose tag says that it was published.
"""

import contextlib
import http.client
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from guard import CACHE

SERVICES = Path(__file__).parents[1] / "services"
RUNNING = "CCLAUNCH_TEST_DOCKER_HOST"  # an engine for tests that runs already: it is used, and left running
PROGRAMS = ("dockerd", "containerd", "runc", "docker")
PATIENCE = 120  # seconds for a script of tests/services


class Engine(NamedTuple):
    """A running engine: the value of DOCKER_HOST that leads to it, and the images' tags by service."""

    host: str
    images: dict[str, str]


def pins() -> dict[str, str]:
    """Return the versions that are built, by name as in tests/services/pins."""
    lines = (SERVICES / "pins").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def tags() -> dict[str, str]:
    """Return the tag of each service's image."""
    version = pins()
    return {
        "otelcol-contrib": f"otel/opentelemetry-collector-contrib:{version['OTELCOL_CONTRIB']}",
        "prometheus": f"prom/prometheus:v{version['PROMETHEUS']}",
        "victoria-logs": f"victoriametrics/victoria-logs:v{version['VICTORIA_LOGS']}",
        "caddy": f"caddy:{version['CADDY']}",
    }


def built() -> dict[str, Path]:
    """Return where tests/services/build lays each service's program."""
    return {
        name: CACHE / "services" / f"{name}-{pins()[name.replace('-', '_').upper()]}" / name
        for name in ("otelcol-contrib", "prometheus", "victoria-logs", "caddy")
    }


def compose_program() -> Path:
    """Return where tests/services/build lays Docker Compose."""
    return CACHE / "services" / f"compose-{pins()['COMPOSE']}" / "compose"


def lacking(*, own: bool = False) -> str | None:
    """Return what there is none of, so that no engine (or none of our *own*) with the services can be had, or None."""
    if absent := [name for name, path in built().items() if not path.exists()]:
        return f"{' and '.join(absent)} (tests/services/build)"
    if not shutil.which("docker"):
        return "docker (Debian: docker.io)"
    if not shutil.which("setcap"):
        return "setcap (Debian: libcap2-bin)"
    if os.environ.get(RUNNING) and not own:
        return None
    if os.geteuid() != 0:
        return "root, which dockerd needs,"
    return next((f"{program} (Debian: docker.io)" for program in PROGRAMS if not shutil.which(program)), None)


def script(name: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script of tests/services with *words* and further variables."""
    return subprocess.run(
        [str(SERVICES / name), *words],
        env={**os.environ, "CCLAUNCH_TEST_CACHE": str(CACHE), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextlib.contextmanager
def running() -> Iterator[Engine]:
    """Run an engine with all images for the length of the block, or put the images into the one that was named."""
    with contextlib.ExitStack() as stack:
        host = os.environ.get(RUNNING) or stack.enter_context(started())
        done = script("images", str(CACHE), DOCKER_HOST=host)
        assert done.returncode == 0, done.stderr
        yield Engine(host, tags())


@contextlib.contextmanager
def started() -> Iterator[str]:
    """Run an empty engine for the length of the block, and give its DOCKER_HOST."""
    place = tempfile.mkdtemp(prefix="cct-")  # short: sockets are made below it
    try:
        done = script("engine", "start", place, str(os.getpid()))  # also when we are killed, it ends
        assert done.returncode == 0, done.stderr
        yield done.stdout.strip()
    finally:
        done = script("engine", "stop", place)
        os.rmdir(place)  # whatever is left in it is a failure
        assert done.returncode == 0, done.stderr


class Containers:
    """Containers and one network for a test, all removed at its end."""

    def __init__(self, engine: Engine) -> None:
        import docker  # here, for all tests load this module and few run a container

        self.images = engine.images
        self.client = docker.DockerClient(base_url=engine.host, timeout=120)
        self.name = f"cct-{uuid.uuid4().hex[:8]}"
        self.network = self.client.networks.create(self.name, driver="bridge")
        self._made: list[Any] = []

    def run(
        self,
        service: str,
        command: Sequence[str] | None = None,
        *,
        ports: Mapping[int, int] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Any:
        """Start *service*, known to the others under its name, with *ports* (inner: outer) on loopback and *files* laid first."""
        container = self.client.containers.create(
            self.images[service],
            list(command) if command is not None else None,
            ports={f"{inner}/tcp": ("127.0.0.1", outer) for inner, outer in (ports or {}).items()},
            network=self.name,
            networking_config={self.name: self.client.api.create_endpoint_config(aliases=[service])},
        )
        self._made.append(container)
        if files:
            container.put_archive("/", archive(files))
        container.start()
        return container

    def close(self) -> None:
        """Remove all that was made here."""
        for container in self._made:
            container.remove(force=True, v=True)
        self.network.remove()
        self.client.close()


def archive(files: Mapping[str, str]) -> bytes:
    """Return a tar archive of *files*, readable by everyone, with the directories above them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        parents = {str(parent) for path in files for parent in Path(path.lstrip("/")).parents} - {"."}
        for parent in sorted(parents):
            entry = tarfile.TarInfo(parent)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, text in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(text.encode()), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def ask(port: int, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Ask a published port on loopback, by POST if there is a body; return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def await_health(container: Any, port: int, path: str, seconds: float = 30) -> bytes:
    """Return what the health page says once it is 200; AssertionError with the container's last words if it never is."""
    ends = time.monotonic() + seconds
    said: bytes | Exception | None = None
    while time.monotonic() < ends:
        try:
            status, said = ask(port, path)
            if status == 200:
                return said
        except (OSError, http.client.HTTPException) as error:
            said = error
        time.sleep(0.1)
    raise AssertionError(f"{path} on {port}: {said!r}; last words: {container.logs(tail=5).decode(errors='replace')}")
