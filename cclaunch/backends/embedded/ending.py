"""The end of the embedded collector: drained, and after five seconds without."""

import contextlib
import os
import signal
import time

from cclaunch.backends.embedded import foreign
from cclaunch.backends.embedded.collector import OWN, hidden
from cclaunch.errors import Elsewhere
from cclaunch.files import lock
from cclaunch.hot.paths import Paths
from cclaunch.serving import holder

POLL_S = 0.01
END_S = 5.0


def shutdown(paths: Paths) -> bool:
    """
    End the collector of *paths*: drain it, and after 5 s without. Return whether there was one.

    Raises:
        Elsewhere: It runs where its processes cannot be reached from here.
    """
    from cclaunch.backends.embedded import orphans

    supervisor = holder.holder(paths.collector_lock)
    foreign.forget(paths)
    if supervisor is None:
        if where := hidden(paths):
            raise Elsewhere(f"the collector of {paths.data} runs {where}", hint=OWN)
        return orphans.end(paths)
    _signal(supervisor, signal.SIGTERM)
    for pid in [supervisor.pid, *_children(supervisor)]:  # one that is stopped would not hear it
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGCONT)
    until = time.monotonic() + END_S
    while time.monotonic() < until:
        if not lock.held(paths.collector_lock) and not holder.lives(supervisor):
            orphans.end(paths)
            return True
        time.sleep(POLL_S)
    for collector in _children(supervisor):  # first: left alone, it would become a supervisor
        with contextlib.suppress(OSError):
            os.kill(collector, signal.SIGKILL)
    _signal(supervisor, signal.SIGKILL)
    until = time.monotonic() + 1
    while lock.held(paths.collector_lock) and time.monotonic() < until:
        time.sleep(POLL_S)
    orphans.end(paths)
    return True


def _children(supervisor: holder.Holder) -> list[int]:
    """Return the collectors of *supervisor*; nothing when that pid is another process by now."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(supervisor.pid).children()] if holder.lives(supervisor) else []
    except psutil.Error:
        return []


def _signal(supervisor: holder.Holder, number: int) -> None:
    if holder.lives(supervisor):
        with contextlib.suppress(OSError):
            os.kill(supervisor.pid, number)
