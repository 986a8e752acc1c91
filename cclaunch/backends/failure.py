"""
The memory of a failure: what failed once is not tried again for five minutes, unless what it failed for has changed.

The problem it owns: a broken disk must not cost every launch its deadline, and what was mended a moment ago must not stay
off for the rest of the five minutes. So the memory names what it rests on: the release, the place that it was made in, the
configuration, the backend; of the embedded one the data directory and the database, of Docker the engine. It ends when one
of these is another by now, when a port that somebody held is free, or when an engine that was not there is there.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping

from cclaunch import __version__
from cclaunch.backends.chosen import chosen
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.files.process_identity import here
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import numbers, read_flat, stamp

MEMORY_S = 300.0
KNOCK_S = 0.2


def remember(paths: Paths, config: Config, environ: Mapping[str, str], reason: str) -> None:
    """Remember that the stack could not be woken just now, and why."""
    lines = _rests_on(paths, config, environ)
    lines["held"] = " ".join(str(port) for port in config.ports.stack.values() if probe.listens(port, KNOCK_S))
    lines["away"] = "" if _answers(lines.get("socket", "")) else "1"
    _write(paths.wake_failed, reason, lines)


def remembered(paths: Paths, config: Config, environ: Mapping[str, str]) -> str:
    """Return why the stack could not be woken a moment ago; an empty string when it could, or when that may be mended."""
    found = read_flat(paths.wake_failed)
    if not (reason := _recent(found)):
        return ""
    now = _rests_on(paths, config, environ)
    if any(found.get(name, "") != value for name, value in now.items()):
        return ""
    if not all(probe.listens(port, KNOCK_S) for port in numbers(found.get("held", ""))):
        return ""
    return "" if found.get("away") and _answers(now.get("socket", "")) else reason


def remember_roused(paths: Paths, down: str) -> None:
    """Remember that the services *down* were started a moment ago."""
    _write(paths.roused, down, {"version": __version__})


def was_roused(paths: Paths) -> bool:
    """Say whether services were started a moment ago, by this release."""
    found = read_flat(paths.roused)
    return bool(_recent(found)) and found.get("version", "") == __version__


def remember_kept(paths: Paths) -> None:
    """Remember that the keeper was started a moment ago."""
    _write(paths.kept, "", {"version": __version__})


def was_kept(paths: Paths) -> bool:
    """Say whether the keeper was started a moment ago, by this release."""
    found = read_flat(paths.kept)
    return found.get("version", "") == __version__ and _recent({**found, "reason": "started"}) != ""


def forget_kept(paths: Paths) -> None:
    """Forget that: the next launch that finds none starts it."""
    with contextlib.suppress(OSError):
        os.unlink(paths.kept)


def forget_failure(paths: Paths) -> None:
    """Forget an earlier failure: the next launch tries again."""
    for path in (paths.wake_failed, paths.roused):
        with contextlib.suppress(OSError):
            os.unlink(path)


def _rests_on(paths: Paths, config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a failure may be due to, each as a text that is another one when it has changed."""
    name = chosen(paths, config)
    lines = {"version": __version__, "place": " ".join(here().values()), "backend": name, "config": stamp(paths.config_file)}
    if name == "docker":
        return lines | {"socket": _socket(config, environ)}
    return lines | {"data": stamp(paths.data), "database": stamp(paths.database)}


def _socket(config: Config, environ: Mapping[str, str]) -> str:
    """Return the path of the engine's socket; an empty string where it has none, or nobody knows which engine is meant."""
    from cclaunch.backends.docker.contexts import endpoint

    try:
        return endpoint(config.docker, environ).socket
    except CclaunchError:
        return ""


def _answers(path: str) -> bool:
    """Say whether an engine takes a connection at the socket *path*; where there is none to ask, as if it did."""
    if not path:
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(KNOCK_S)
        try:
            peer.connect(path)
        except OSError:
            return False
    return True


def _recent(found: Mapping[str, str]) -> str:
    """Return the reason of a failure that was written down less than five minutes ago, or an empty string."""
    try:
        age = time.time() - float(found.get("time", "0"))
    except ValueError:
        return ""
    return found.get("reason", "it failed before") if 0 <= age < MEMORY_S else ""


def _write(path: str, reason: str, lines: Mapping[str, str]) -> None:
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"time={time.time()}\nreason={' '.join(reason.split())}\n")
            file.writelines(f"{name}={value}\n" for name, value in lines.items())
