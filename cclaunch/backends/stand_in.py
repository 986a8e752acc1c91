"""
The embedded collector in Docker's place: while no engine runs, nothing is lost.

It takes the ports that the containers would have, and a small process watches for the engine: when that answers again,
the containers get their ports back, and the stand-in ends. What it stored stays in its database, where `usage` finds it.
"""

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cclaunch.backends import Started
from cclaunch.backends.embedded import collector, daemon
from cclaunch.backends.turn import turn
from cclaunch.collector import lock
from cclaunch.collector.process import search_path
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError, StartFailed
from cclaunch.hot.paths import Directories
from cclaunch.hot.ports import collector_ports

if TYPE_CHECKING:
    from cclaunch.backends.docker.backend import DockerBackend

LOOK_S = 2.0
LONGEST_LOOK_S = 60.0
START_S = 10.0
MOVE_S = 60.0
KEPT_PREFIXES = (*collector.KEPT_PREFIXES, "DOCKER_")
CODE = "import sys; sys.path[:] = {path!r}; from cclaunch.main import main; sys.exit(main())"


def stand_in(where: Directories, config: Config, environ: Mapping[str, str], reason: str) -> Started:
    """
    Have the embedded collector take the ports, for one who holds the turn; say so with the *reason*.

    Raises:
        StartFailed: It does not become healthy either.
    """
    started = collector.start_in_turn(where, config, time.monotonic() + START_S, environ=environ, replace=False)
    if started.ports.owner:  # somebody else's collector is used: there is nothing to give back
        return started
    if not lock.held(_lock(where)):
        background(where, environ, "hand-back")
    note = f"{reason}; the embedded collector stands in, and gives the ports back when Docker runs"
    return Started(started.ports, [note, *started.notes])


def background(where: Directories, environ: Mapping[str, str], part: str) -> None:
    """
    Run `cclaunch stack PART` as a daemon that nobody waits for; its words go to a log.

    Raises:
        StartFailed: There can be no more processes, or the log cannot be written.
    """
    kept = {name: value for name, value in environ.items() if name in collector.KEPT_VARIABLES or name.startswith(KEPT_PREFIXES)}
    words = [sys.executable, "-IS", "-c", CODE.format(path=search_path()), "stack", part]
    try:
        output = os.open(where.state + "/stack.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            daemon.spawn(words, kept, output)
        finally:
            os.close(output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error


def hand_back(where: Directories, config: Config, environ: Mapping[str, str]) -> bool:
    """
    Wait for the engine and give the ports back; return whether they were.

    Ends without when the stand-in has ended, when another backend was chosen, or when somebody else waits already.
    """
    from cclaunch.backends import chosen
    from cclaunch.backends.docker.backend import DockerBackend

    handle = lock.take(_lock(where), 0)
    if handle is None:
        return False
    pause = LOOK_S
    try:
        backend = DockerBackend(where, config, environ)
        while collector.running(where) is not None and chosen(where, config) == "docker":
            with contextlib.suppress(CclaunchError):
                backend.connection(LOOK_S).close()
                pause = min(2 * pause, LONGEST_LOOK_S)  # it answers: what fails now will not mend itself in two seconds
                if _give_back(backend, where, config, environ):
                    return True
            _sleep(where, pause)
    finally:
        os.close(handle)
    return False


def _give_back(backend: "DockerBackend", where: Directories, config: Config, environ: Mapping[str, str]) -> bool:
    """Give the ports to the containers, unless nobody has them by now; return whether they have them. Raises StackError."""
    backend.fetch_missing()
    until = time.monotonic() + MOVE_S
    with turn(where, until, environ.get("HOME", "")):
        if collector.running(where) is None or strands(where, config):
            return False
        backend.start(until)
    return True


def strands(where: Directories, config: Config) -> bool:
    """Say whether sessions that run send to a port of the stand-in's that the containers would not have."""
    from cclaunch.collector.pids import any_alive

    ports = collector_ports(where.data)
    moved = ports is not None and (ports.grpc, ports.http) != (str(config.ports.grpc), str(config.ports.http))
    return moved and any_alive(where.data + "/collector.pids")


def _sleep(where: Directories, seconds: float) -> None:
    """Sleep, but not longer than the stand-in lives."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and collector.running(where) is not None:
        time.sleep(min(LOOK_S, seconds))


def _lock(where: Directories) -> str:
    return where.state + "/hand-back.lock"
