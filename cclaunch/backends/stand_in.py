"""
The embedded collector in Docker's place: while no engine runs, nothing is lost.

It takes the ports that the containers would have, and a small process watches for the engine: when that answers again,
the containers get their ports back, and the stand-in ends. What it stored stays in its database, where `usage` finds it.
"""

import os
import sys
import time
from collections.abc import Mapping

from cclaunch.backends.embedded import starting
from cclaunch.backends.protocol import Started
from cclaunch.config.model import Config
from cclaunch.errors import StartFailed
from cclaunch.files import lock
from cclaunch.hot.paths import Paths
from cclaunch.serving import daemon
from cclaunch.serving.interpreter import search_path

START_S = 10.0
CODE = "import sys; sys.path[:] = {path!r}; from cclaunch.main import main; sys.exit(main())"


def stand_in(paths: Paths, config: Config, environ: Mapping[str, str], reason: str) -> Started:
    """
    Have the embedded collector take the ports, for one who holds the turn; say so with the *reason*.

    Raises:
        StartFailed: It does not become healthy either.
    """
    started = starting.start_in_turn(paths, config, time.monotonic() + START_S, environ=environ, replace=False)
    if started.ports.owner:  # somebody else's collector is used: there is nothing to give back
        return started
    if not lock.held(paths.hand_back_lock):
        background(paths, environ, "hand-back")
    note = f"{reason}; the embedded collector stands in, and gives the ports back when Docker runs"
    return Started(started.ports, [note, *started.notes])


def background(paths: Paths, environ: Mapping[str, str], part: str) -> None:
    """
    Run `cclaunch stack PART` as a daemon that nobody waits for; its words go to a log.

    Raises:
        StartFailed: There can be no more processes, or the log cannot be written.
    """
    words = [sys.executable, "-IS", "-c", CODE.format(path=search_path()), "stack", part]
    try:
        output = os.open(paths.stack_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            daemon.spawn(words, daemon.kept(environ, "DOCKER_"), output)
        finally:
            os.close(output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error
