"""
Collectors of ours that no lock leads to: their data directory was moved or deleted, and they hold its ports still.

Found by their command line, which names the directory, as processes of this user in this same mount namespace: another
container's collector may have the same paths. Ended as any other: the supervisor is asked, and drains.
"""

import contextlib
import os
import time

import psutil

from cclaunch.collector.process import is_collector
from cclaunch.hot.paths import Paths
from cclaunch.serving import holder

END_S = 8.0
POLL_S = 0.02


def find(paths: Paths) -> list[psutil.Process]:
    """Return the processes of collectors for *paths* that neither hold its lock nor belong to the one that does."""
    known = {os.getpid()}
    if (supervisor := holder.holder(paths.collector_lock)) is not None:
        known.add(supervisor.pid)
        with contextlib.suppress(psutil.Error):
            known |= {child.pid for child in psutil.Process(supervisor.pid).children()}
    try:
        return [process for process in psutil.process_iter() if process.pid not in known and _is_ours(process, paths)]
    except (OSError, IndexError):  # no /proc: nobody is seen
        return []


def end(paths: Paths) -> bool:
    """End them; return whether there were any."""
    found = find(paths)
    parents = {process.pid for process in found}
    for process in found:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in parents:  # a supervisor, or a collector that has lost its own
                process.terminate()
    until = time.monotonic() + END_S
    while any(_lives(process) for process in found) and time.monotonic() < until:
        time.sleep(POLL_S)
    for process in reversed(found):  # the collectors first: left alone, they would become supervisors
        with contextlib.suppress(psutil.Error):
            if _lives(process):
                process.kill()
    return bool(found)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_ours(process: psutil.Process, paths: Paths) -> bool:
    try:
        if hasattr(os, "geteuid") and process.uids().real != os.geteuid():
            return False
        return is_collector(process.cmdline(), paths) and _namespace(process.pid) == _namespace(os.getpid())
    except psutil.Error:
        return False


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""
