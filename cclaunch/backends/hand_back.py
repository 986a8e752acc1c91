"""
Giving the ports back to the containers once their engine runs again.

The problem it owns: the embedded collector that stood in ends at a moment when no session loses an export.
"""

import contextlib
import os
import time
from collections.abc import Mapping

from cclaunch.backends.chosen import chosen
from cclaunch.backends.docker.backend import DockerBackend
from cclaunch.backends.embedded import collector
from cclaunch.backends.turn import turn
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.files import lock
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import collector_ports

LOOK_S = 2.0

LONGEST_LOOK_S = 60.0

MOVE_S = 60.0


def hand_back(paths: Paths, config: Config, environ: Mapping[str, str]) -> bool:
    """
    Wait for the engine and give the ports back; return whether they were.

    Ends without when the stand-in has ended, when another backend was chosen, or when somebody else waits already.
    """
    handle = lock.take(paths.hand_back_lock, 0)
    if handle is None:
        return False
    pause = LOOK_S
    try:
        backend = DockerBackend(paths, config, environ)
        while collector.running(paths) is not None and chosen(paths, config) == "docker":
            with contextlib.suppress(CclaunchError):
                backend.connection(LOOK_S).close()
                pause = min(2 * pause, LONGEST_LOOK_S)  # it answers: what fails now will not mend itself in two seconds
                if _give_back(backend, paths, config, environ):
                    return True
            _sleep(paths, pause)
    finally:
        os.close(handle)
    return False


def _give_back(backend: DockerBackend, paths: Paths, config: Config, environ: Mapping[str, str]) -> bool:
    """Give the ports to the containers, unless nobody has them by now; return whether they have them. Raises StackError."""
    backend.fetch_missing()
    until = time.monotonic() + MOVE_S
    with turn(paths, until, environ.get("HOME", "")):
        if collector.running(paths) is None or strands(paths, config):
            return False
        backend.start(until)
    return True


def strands(paths: Paths, config: Config) -> bool:
    """Say whether sessions that run send to a port of the stand-in's that the containers would not have."""
    from cclaunch.collector.pids import any_alive

    ports = collector_ports(paths)
    moved = ports is not None and (ports.grpc, ports.http) != (str(config.ports.grpc), str(config.ports.http))
    return moved and any_alive(paths.launched)


def _sleep(paths: Paths, seconds: float) -> None:
    """Sleep, but not longer than the stand-in lives."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and collector.running(paths) is not None:
        time.sleep(min(LOOK_S, seconds))
