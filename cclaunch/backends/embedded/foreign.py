"""
A collector that is not ours on the port that claude's telemetry goes to.

Used only when it is this user's own process, or a container that we can inspect, and when it takes an empty
OTLP export; then it is named, because `usage` cannot see what it stores. Anything else keeps its port,
and ours takes a free one.

Every launch looks at who listens by then: the uids that were judged are remembered, and another one is judged anew.
"""

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from cclaunch.collector.process import command
from cclaunch.config.model import Config
from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import write_atomic
from cclaunch.hot import listeners, probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports
from cclaunch.program import run_program

if TYPE_CHECKING:
    from cclaunch.backends.listeners import Listener

DEADLINE_S = 2.0
DOCKER_SOCKET = "/var/run/docker.sock"


class Judgement(NamedTuple):
    """Whom we found: *ports* to use, or None, what to say then, and the *holder* of a port that is left to it."""

    ports: Ports | None
    notes: list[str]
    holder: str = ""


def judge(paths: Paths, config: Config, container: str = "", engine: Iterable[int] = ()) -> Judgement:
    """
    Return whether the holder of the gRPC port is to be used, and remember one that is.

    Every socket on the ports that claude would send to must be this user's, root's or the engine's: also the one of the
    other address family.

    Args:
        paths: Our directories.
        config: Names the ports and the protocol.
        container: The one that publishes the port, where an engine has told it already; and
        engine: The uids of that engine.
    """
    port = config.ports.grpc
    used = [port] if config.telemetry.protocol == "grpc" else [port, config.ports.http]
    if not probe.listens(port, 0.5):
        forget(paths)
        return Judgement(None, [])
    from cclaunch.backends.listeners import listener, strangers, whose

    holder = listener(port)
    if not container and (holder is None or holder.pid is None or holder.name == "docker-proxy"):
        container, engine = _container(port), engine_uids(DOCKER_SOCKET)
    if others := strangers(used, engine if container else ()):
        forget(paths)
        return Judgement(None, [], whose(others))
    owner = f"the container {container}" if container else str(holder) if holder else "an unknown program"
    trusted = container or (holder is not None and holder.is_ours and holder.name != "docker-proxy")
    speaks = config.telemetry.protocol == "grpc" or probe.listens(config.ports.http, 0.5)
    uids = " ".join(map(str, sorted(listeners.listeners(used) or ())))
    if trusted and speaks and not _of_another_place(holder) and takes_otlp(paths, port):
        made = Ports(str(port), str(config.ports.http), str(config.ports.metrics), owner=owner, uids=uids)
        _remember(paths, made)
        return Judgement(made, [f"port {port} has a collector already, {owner}: it is used, and `cclaunch usage` cannot see it"])
    forget(paths)
    return Judgement(None, [], owner)


def takes_otlp(paths: Paths, port: int) -> bool:
    """
    Say whether an empty OTLP export over gRPC succeeds on *port*.

    Asked by a process of its own: gRPC would leave threads and descriptors in one that is about to become claude.
    """
    words = command("knock", paths, port, DEADLINE_S)
    return run_program(words, {}, 3 * DEADLINE_S).code == 0


def _of_another_place(holder: "Listener | None") -> bool:
    """Say whether *holder* is a collector of ours for other directories: whoever sets these wants things kept apart."""
    import psutil

    if holder is None or holder.pid is None:
        return False
    try:
        return any("cclaunch.collector" in word for word in psutil.Process(holder.pid).cmdline())
    except (psutil.Error, OSError):
        return False


def _container(port: int) -> str:
    """Return the name of the container that publishes *port*, or an empty string when no engine tells."""
    if not os.access(DOCKER_SOCKET, os.R_OK | os.W_OK):
        return ""
    import docker
    import docker.errors
    import requests

    try:
        client = docker.DockerClient(base_url=f"unix://{DOCKER_SOCKET}", timeout=int(DEADLINE_S))
        try:
            found = client.containers.list(filters={"publish": str(port)})
            return str(found[0].name) if found else ""
        finally:
            client.close()
    except (docker.errors.DockerException, requests.RequestException, OSError):
        return ""


def engine_uids(path: str) -> list[int]:
    """Return whose the engine at the socket *path* is: root's, or a rootless one's user; nothing where there is none."""
    try:
        return [os.stat(path).st_uid]
    except (OSError, ValueError):
        return []


def _remember(paths: Paths, ports: Ports) -> None:
    text = "".join(f"{name}={getattr(ports, name)}\n" for name in ("grpc", "http", "metrics", "owner", "uids"))
    with contextlib.suppress(FileTrouble):
        write_atomic(paths.adopted, text.encode())


def forget(paths: Paths) -> None:
    """Forget an adopted collector: the next start looks again."""
    with contextlib.suppress(OSError):
        os.unlink(paths.adopted)
