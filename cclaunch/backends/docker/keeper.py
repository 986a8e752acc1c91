"""
The keeper beside the containers: our program without ports, which reads VictoriaLogs into the ledger.

The problem it owns: it lives exactly while the containers are the backend and somebody needs it. It has the lock of the embedded
collector, so whoever takes the containers' place has to end it first, and a launch only leaves its name and goes on.
"""

import os
import time
from collections.abc import Mapping

from cclaunch.backends.chosen import chosen
from cclaunch.backends.embedded import collector, ending, spawned
from cclaunch.backends.failure import forget_kept, remember_kept, was_kept
from cclaunch.backends.protocol import ServiceStatus
from cclaunch.collector.pids import Launched
from cclaunch.collector.process import KEEPER, NO_PORTS
from cclaunch.config.model import configuration
from cclaunch.errors import CclaunchError
from cclaunch.files import lock
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import is_older
from cclaunch.hot.reading import read_flat
from cclaunch.serving import holder

NAME = "keeper"
COMES_S = 5.0
POLL_S = 0.01


def end(paths: Paths) -> bool:
    """End it; return whether there was one. Raises Elsewhere."""
    return collector.keeper(paths) is not None and ending.shutdown(paths)


def start(paths: Paths, environ: Mapping[str, str]) -> None:
    """
    Have it run, for one who holds the turn; not waited for. An older one is replaced, a collector left alone.

    Raises:
        StartFailed: There can be no more processes, or its log cannot be written.
    """
    if (found := holder.signed(paths.collector_lock)) is not None:
        if found.role != KEEPER or not is_older(_version(paths)) or collector.keeper(paths) is None:
            return
        ending.shutdown(paths)
    spawned.supervisor(paths, NO_PORTS, environ)


def come_up(paths: Paths, environ: Mapping[str, str], until: float, *, fresh: bool = False) -> list[str]:
    """
    Have it run, made anew where it is to be *fresh*; return what to say where it does not.

    It is waited for a while where *until*, in ``time.monotonic()``'s seconds, is not over.
    """
    forget_kept(paths)
    try:
        if fresh:
            end(paths)
        start(paths, environ)
    except CclaunchError as error:
        return [f"the keeper does not run: {error.message}"]
    if not until:
        return []
    until = min(until, time.monotonic() + COMES_S)
    while (found := collector.keeper(paths)) is None or found.pid is None:
        if time.monotonic() >= until:
            return [f"the keeper does not run: {paths.collector_log} says why"]
        time.sleep(POLL_S)
    return []


def wake(paths: Paths, environ: Mapping[str, str]) -> None:
    """
    Have it stay for this process, and run, on behalf of a launch that its locks do not vouch for it to.

    Whoever has the turn just now (it starts, stops or moves the stack) sees to it himself.

    Raises:
        StartFailed: It cannot be started; that is not tried again for a while.
    """
    Launched(paths.launched).add(os.getpid())
    handle = lock.take(paths.start_lock, 0)
    if handle is None:
        return
    try:
        if chosen(paths, configuration(paths)) == "docker" and not was_kept(paths):
            remember_kept(paths)
            start(paths, environ)
    finally:
        os.close(handle)


def _version(paths: Paths) -> str:
    return read_flat(paths.collector_ports).get("version", "")


def status(paths: Paths) -> ServiceStatus:
    """Return how it is."""
    found = collector.keeper(paths)
    if found is None or found.pid is None:
        where = collector.elsewhere(paths)
        detail = f"it runs {where}" if where else "it does not run: the next launch starts it, and `cclaunch usage` does its work"
        return ServiceStatus(NAME, bool(where), "", detail)
    return ServiceStatus(NAME, True, "", f"cclaunch {_version(paths)}, pid {found.pid}; brings the ledger up to date")
