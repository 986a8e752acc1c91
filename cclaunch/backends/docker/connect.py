"""
A connection to the container engine, with a deadline on every question; and what its troubles mean.

The SDK says most of its troubles with one exception and a Python tuple in its text. Here each becomes one error of
ours: no engine, no permission, no answer, no space; with the command that mends it.
"""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cclaunch.backends.docker.contexts import Endpoint, endpoint, starter
from cclaunch.backends.embedded.foreign import engine_uids
from cclaunch.config.model import Docker
from cclaunch.errors import CclaunchError, DiskFull, EngineError, EngineHung, EngineMissing, EngineRefused, StackError
from cclaunch.hot import listeners

KNOCK_S = 2.0
ANSWER_S = 5.0
"""Seconds in which the engine has to answer the first question."""

WORK_S = 60.0
"""Seconds in which it has to start or stop a container."""

NO_SPACE = ("no space left on device", "disk quota exceeded")


def connect(config: Docker, environ: Mapping[str, str], *, seconds: float = WORK_S) -> Any:
    """
    Return a ``docker.APIClient`` of the engine that is meant, which has answered.

    Args:
        config: What config.toml says of the engine.
        environ: May choose another one, as it does for the docker command.
        seconds: The deadline of each question that gives none of its own; the first one has at most five.

    Raises:
        EngineMissing, EngineRefused, EngineHung, ContextStale: It cannot be used; the hint says what mends that.
    """
    where = endpoint(config, environ)
    _knock(where, min(KNOCK_S, seconds))
    import docker

    def client(version: str, patience: float) -> Any:
        return docker.APIClient(base_url=where.url, version=version, timeout=patience, tls=_tls(where))

    with translated(where):
        first = client(docker.constants.MINIMUM_DOCKER_API_VERSION, min(ANSWER_S, seconds))
        try:  # not by version="auto", which leaves its connection open when the answer does not come
            version = str(first.version(api_version=False)["ApiVersion"])
        except KeyError as error:
            raise EngineMissing(f"what answers behind {where.source} is no container engine", hint="docker info") from error
        finally:
            first.close()
        return client(version, seconds)


def uids_of(where: Endpoint) -> list[int]:
    """
    Return whose the engine at *where* is: root's, or a rootless one's user. Nothing when its address does not tell.

    It is trusted with everything, so it may also hold the ports that it publishes.
    """
    if where.socket:
        return engine_uids(where.socket)
    parts = urlsplit(where.url)
    return sorted(listeners.listeners([parts.port]) or ()) if parts.scheme == "tcp" and parts.port else []


def _tls(where: Endpoint) -> Any:
    if not where.certificates:
        return False
    import docker

    paths = [f"{where.certificates}/{name}.pem" for name in ("cert", "key", "ca")]
    pair = (paths[0], paths[1]) if os.path.exists(paths[0]) else None
    return docker.tls.TLSConfig(client_cert=pair, ca_cert=paths[2] if where.verify else None, verify=where.verify)


def _knock(where: Endpoint, seconds: float) -> None:
    """Raise what a bare connection to the socket already tells, much sooner than the SDK would."""
    if not where.socket:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(seconds)
        try:
            peer.connect(where.socket)
        except OSError as error:
            raise refused(where, error) from error


def refused(where: Endpoint, error: OSError) -> EngineError:
    """Return what it means that the socket of *where* cannot be connected to."""
    start = starter(where.socket)
    if isinstance(error, TimeoutError) or error.errno == errno.EAGAIN:
        return EngineHung(f"the engine behind {where.source} takes no connection", hint=start.replace(" start", " restart"))
    if error.errno in (errno.EACCES, errno.EPERM):
        mend = "sudo usermod -aG docker $USER, then log in again" if where.socket.endswith("/run/docker.sock") else ""
        return EngineRefused(
            f"this user may not talk to the engine: {where.socket}: {error.strerror}", hint=mend or f"ls -l {where.socket}"
        )
    why = "nothing is there" if error.errno == errno.ENOENT else str(error.strerror).lower()
    return EngineMissing(
        f"no container engine runs: {where.socket} (by {where.source}): {why}",
        hint=f"{start}; or `cclaunch stack use embedded`, which needs none",
    )


@contextlib.contextmanager
def translated(where: Endpoint | None = None, doing: str = "") -> Iterator[None]:
    """
    Turn what the SDK raises in the block into errors of ours.

    Args:
        where: The engine, if it is being connected to.
        doing: What is being done, to follow "cannot".
    """
    import docker.errors
    import requests

    try:
        yield
    except CclaunchError:
        raise
    except requests.exceptions.Timeout as error:
        raise _hung(where, doing) from error
    except docker.errors.APIError as error:
        raise explained(str(error.explanation or error), doing) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        text = " ".join(str(error).split())
        if "timed out" in text.lower():
            raise _hung(where, doing) from error
        if "PermissionError" in text:
            raise EngineRefused("this user may not talk to the container engine", cause=text) from error
        raise EngineMissing(
            f"the container engine went away while we wanted to {doing}" if doing else "the container engine does not answer",
            cause=text[:300],
            hint=starter(where.socket) if where else "docker info",
        ) from error


def _hung(where: Endpoint | None, doing: str) -> EngineHung:
    name = f"the engine behind {where.source}" if where else "the container engine"
    start = starter(where.socket if where else "")
    return EngineHung(
        f"{name} does not answer" + (f": cannot {doing}" if doing else ""), hint=start.replace(" start", " restart")
    )


def explained(text: str, doing: str) -> StackError:
    """Return the error of ours for what the engine says is wrong."""
    said = " ".join(text.split())
    if any(mark in said.lower() for mark in NO_SPACE):
        return DiskFull(
            f"cannot {doing}: the engine's disk is full" if doing else "the engine's disk is full",
            cause=said[:300],
            hint="docker system df; docker system prune",
        )
    return StackError(f"cannot {doing}: {said[:300]}" if doing else said[:300])
