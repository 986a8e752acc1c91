"""
A collector that is not ours on the port that claude's telemetry goes to.

Used only when it is this user's own process, or a container that we can inspect, and when it takes an empty
OTLP export; then it is named, because `usage` cannot see what it stores. Anything else keeps its port,
and ours takes a free one.
"""

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from cclaunch import probe
from cclaunch.collector.process import command
from cclaunch.config import Config
from cclaunch.environment import Ports
from cclaunch.plan import Directories

if TYPE_CHECKING:
    from cclaunch.ports import Listener

DEADLINE_S = 2.0
DOCKER_SOCKET = "/var/run/docker.sock"


class Judgement(NamedTuple):
    """Whom we found: *ports* to use, or None, what to say then, and the *holder* of a port that is left to it."""

    ports: Ports | None
    notes: list[str]
    holder: str = ""


def judge(where: Directories, config: Config, container: str = "") -> Judgement:
    """
    Return whether the holder of the gRPC port is to be used, and remember one that is.

    *container* is the name of the one that publishes the port, where an engine has told it already.
    """
    port = config.ports.grpc
    if not probe.listens(port, 0.5):
        forget(where)
        return Judgement(None, [])
    from cclaunch.ports import listener

    holder = listener(port)
    if not container and (holder is None or holder.pid is None or holder.name == "docker-proxy"):
        container = _container(port)
    owner = f"the container {container}" if container else str(holder) if holder else "an unknown program"
    trusted = container or (holder is not None and holder.is_ours and holder.name != "docker-proxy")
    speaks = config.telemetry.protocol == "grpc" or probe.listens(config.ports.http, 0.5)
    if trusted and speaks and not _of_another_place(holder) and takes_otlp(where, port):
        _remember(where, config, owner)
        made = Ports(str(port), str(config.ports.http), str(config.ports.metrics), owner=owner)
        return Judgement(made, [f"port {port} has a collector already, {owner}: it is used, and `cclaunch usage` cannot see it"])
    return Judgement(None, [], owner)


def takes_otlp(where: Directories, port: int) -> bool:
    """
    Say whether an empty OTLP export over gRPC succeeds on *port*.

    Asked by a process of its own: gRPC would leave threads and descriptors in one that is about to become claude.
    """
    words = command("knock", where, port, DEADLINE_S)
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=3 * DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


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


def _remember(where: Directories, config: Config, owner: str) -> None:
    lines = {"grpc": config.ports.grpc, "http": config.ports.http, "metrics": config.ports.metrics, "owner": owner}
    with contextlib.suppress(OSError), open(where.state + "/foreign", "w", encoding="utf-8") as file:
        file.write("".join(f"{name}={value}\n" for name, value in lines.items()))


def forget(where: Directories) -> None:
    """Forget an adopted collector: the next start looks again."""
    with contextlib.suppress(OSError):
        os.unlink(where.state + "/foreign")
