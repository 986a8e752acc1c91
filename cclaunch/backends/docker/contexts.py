"""
Which container engine is meant: by config.toml, by the environment, by Docker's contexts, or because it is there.

The order is the docker command's own, so that ``docker ps`` shows the stack that we started; only where that says
nothing are the sockets of Docker Desktop, Colima, OrbStack, Rancher Desktop, Lima and Podman looked for. A choice
that leads nowhere is an error that names it: another engine in its place would have none of the data.
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from cclaunch.config.model import Docker
from cclaunch.errors import ContextStale
from cclaunch.hot.paths import home
from cclaunch.hot.reading import read_small

SYSTEM_SOCKET = "/var/run/docker.sock"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ELSEWHERE = "choose one on this machine: `docker context use default`, or docker.host in config.toml"


class Endpoint(NamedTuple):
    """
    Where an engine listens.

    *url* as in ``DOCKER_HOST``; *source* says who chose it, to stand in a sentence; *certificates* is the directory with
    ca.pem, cert.pem and key.pem for TLS, or empty, and *verify* whether the engine's own certificate is checked.
    """

    url: str
    source: str
    certificates: str = ""
    verify: bool = True

    @property
    def socket(self) -> str:
        """Return the path of its Unix socket, or an empty string."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else ""


def endpoint(config: Docker, environ: Mapping[str, str]) -> Endpoint:
    """
    Return the engine that is meant; it need not run.

    Raises:
        ContextStale: The context that is in force does not exist, or the engine is not on this machine.
    """
    found = _chosen(config, environ) or _present(environ) or Endpoint(f"unix://{SYSTEM_SOCKET}", "the default")
    _refuse_elsewhere(found)
    return found


def _chosen(config: Docker, environ: Mapping[str, str]) -> Endpoint | None:
    if config.host:
        return Endpoint(config.host, "docker.host in config.toml")
    if config.context:
        return _context(config.context, "docker.context in config.toml", environ)
    if host := environ.get("DOCKER_HOST"):
        certificates = environ.get("DOCKER_CERT_PATH") or _docker_directory(environ)
        verify = environ.get("DOCKER_TLS_VERIFY", "") not in ("", "0")
        return Endpoint(host, "DOCKER_HOST", certificates if verify or environ.get("DOCKER_CERT_PATH") else "", verify)
    if name := environ.get("DOCKER_CONTEXT"):
        return _context(name, "DOCKER_CONTEXT", environ)
    path = f"{_docker_directory(environ)}/config.json"
    current = _json(path).get("currentContext")
    return _context(current, path, environ) if isinstance(current, str) and current else None


def _context(name: str, source: str, environ: Mapping[str, str]) -> Endpoint | None:
    """Return where the context *name* leads, None for the one called ``default``. Raises ContextStale."""
    if name == "default":
        return None
    directory = f"{_docker_directory(environ)}/contexts"
    key = hashlib.sha256(name.encode()).hexdigest()
    endpoints = _json(f"{directory}/meta/{key}/meta.json").get("Endpoints")
    found = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = found.get("Host") if isinstance(found, dict) else None
    if not isinstance(host, str) or not host:
        raise ContextStale(
            f"the Docker context `{name}` (from {source}) does not exist",
            hint="docker context ls; docker context use default",
        )
    certificates = f"{directory}/tls/{key}/docker"
    verify = not found["SkipTLSVerify"] if isinstance(found, dict) and "SkipTLSVerify" in found else True
    return Endpoint(
        host, f"the Docker context `{name}` (from {source})", certificates if os.path.isdir(certificates) else "", verify
    )


def _present(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the first of the known sockets that is there."""
    for path in sockets(environ):
        try:
            if stat.S_ISSOCK(os.stat(path).st_mode):
                return Endpoint(f"unix://{path}", f"the socket {path}")
        except OSError:
            continue
    return None


def sockets(environ: Mapping[str, str]) -> list[str]:
    """Return where engines listen when nobody says otherwise, the most usual first."""
    base, runtime = home(dict(environ)), environ.get("XDG_RUNTIME_DIR", "")
    own = [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"] if runtime else []
    at_home = (
        ".docker/run/docker.sock .docker/desktop/docker.sock .orbstack/run/docker.sock .colima/default/docker.sock "
        ".config/colima/default/docker.sock .rd/docker.sock .lima/docker/sock/docker.sock "
        ".local/share/containers/podman/machine/podman.sock"
    )
    return [SYSTEM_SOCKET, *own[:1], *(f"{base}/{path}" for path in at_home.split()), "/run/podman/podman.sock", *own[1:]]


def starter(path: str) -> str:
    """Return the command that starts the engine whose socket is *path*."""
    known = {
        "/.orbstack/": "orb start",
        "/.rd/": "rdctl start",
        "/.docker/run/": "docker desktop start",
        "/.docker/desktop/": "docker desktop start",
        "/podman/machine/": "podman machine start",
        "/.lima/docker/": "limactl start docker",
        "/run/podman/": "sudo systemctl start podman.socket",
        "/podman/podman.sock": "systemctl --user start podman.socket",
        "/run/user/": "systemctl --user start docker",
    }
    if "colima/" in path:
        profile = path.split("colima/", 1)[1].split("/", 1)[0]
        return "colima start" if profile in ("default", "docker.sock") else f"colima start {profile}"
    for mark, command in known.items():
        if mark in path and not (mark == "/run/podman/" and "/run/user/" in path):
            return command
    return "docker desktop start" if sys.platform == "darwin" else "sudo systemctl start docker"


def _refuse_elsewhere(found: Endpoint) -> None:
    parts = urlsplit(found.url)
    if parts.scheme in ("unix", "npipe"):
        return
    if parts.scheme not in ("tcp", "http", "https", "ssh"):
        raise ContextStale(f"{found.source} is no address of an engine: {found.url}", hint=ELSEWHERE)
    if parts.scheme == "ssh" or parts.hostname not in LOOPBACK:
        raise ContextStale(
            f"{found.source} leads to another machine, {parts.hostname}: claude here could not reach a stack there",
            hint=ELSEWHERE,
        )


def _docker_directory(environ: Mapping[str, str]) -> str:
    return environ.get("DOCKER_CONFIG") or f"{home(dict(environ))}/.docker"


def _json(path: str) -> dict[str, object]:
    """Return the JSON object in *path*; an empty one when there is none: the docker command makes do as well."""
    try:
        found = json.loads(read_small(path) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
