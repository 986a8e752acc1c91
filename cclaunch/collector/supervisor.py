"""
The supervisor: keeps the lock, starts the collector, and starts it again when it dies.

It does almost nothing and imports almost nothing, so it stays small and alive. The lock is taken before
anything else: of two supervisors one leaves. Without ports it starts a keeper in the collector's place.
"""

import contextlib
import os
import resource
import signal
import time

from cclaunch.collector import sockets
from cclaunch.collector.process import FATAL, KEEPER, MOVED, NO_PORTS, command
from cclaunch.errors import CclaunchError
from cclaunch.files import lock
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Paths
from cclaunch.serving import holder
from cclaunch.serving.log import say

TAKEN = 3
LOCK_PATIENCE_S = 1.0
PAUSES_S = (0.0, 0.1, 0.4, 1.0, 2.0)
LONG_ENOUGH_S = 20.0
MOST_DESCRIPTORS = 1 << 16

ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "262144"}
"""The C library reads these when a program begins: what a large request took is given back to the system."""


def main(words: list[str]) -> int:
    """
    Supervise.

    *words*: config, state, cache and data directory; the ports of gRPC, HTTP and metrics, or NO_PORTS; and, from a
    collector that lost its supervisor, the descriptors of the lock and of the sockets, which are held already.
    """
    paths = Paths(*words[:4])
    more_descriptors()
    for name, value in ALLOCATOR.items():
        os.putenv(name, value)
    ports = [int(word) for word in words[4:7]]
    handle = int(words[7]) if len(words) > 7 else os.open(paths.collector_lock, os.O_RDWR | os.O_CREAT, 0o600)
    if not lock.take_open(handle, LOCK_PATIENCE_S):
        return TAKEN
    os.set_inheritable(handle, True)
    try:
        holder.sign(handle, _role(ports))
    except OSError as error:
        say(f"error: cannot write in {paths.data}: {error.strerror}")
        return 1
    try:
        held = _held(paths, ports, words[8:])
    except OSError as error:
        say(f"error: no port can be opened: {error.strerror}")
        return 1
    return _supervise(paths, ports, handle, held)


def more_descriptors() -> None:
    """Raise the soft limit of descriptors to the hard one, for the collector: each connection takes some."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Child:
    """The collector that runs now, for the signal handler to find."""

    pid = 0
    ending = False


def _supervise(paths: Paths, ports: list[int], handle: int, held: dict[str, list[int]]) -> int:
    def forward(number: int, _frame: object) -> None:
        Child.ending = True
        if Child.pid:
            os.kill(Child.pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    failures = 0
    while True:
        started = time.monotonic()
        status = _run(paths, ports, handle, held)
        if status == 0 or Child.ending:
            return 0
        if status == MOVED:
            anew = _take_anew(paths, _role(ports))
            if anew < 0:
                return 0
            os.close(handle)
            handle, failures = anew, 0
            continue
        failures = 1 if time.monotonic() - started > LONG_ENOUGH_S else failures + 1
        say(f"the collector ended with {status}")
        if status == FATAL or failures > len(PAUSES_S):
            say("giving up")
            return 1
        time.sleep(PAUSES_S[failures - 1])


def _held(paths: Paths, ports: list[int], inherited: list[str]) -> dict[str, list[int]]:
    """Return the listening sockets: those that are held already, else opened; a keeper has none. Raises OSError."""
    if _role(ports):
        return {}
    return sockets.read_sockets(inherited[0]) if inherited else sockets.open_all(paths, ports)


def _role(ports: list[int]) -> str:
    return KEEPER if tuple(ports) == NO_PORTS else ""


def _take_anew(paths: Paths, role: str) -> int:
    """
    Take the lock at its path, where another file stands than the one that is held; return its descriptor.

    Negative when another collector has the place, or there can be none: then this one ends whole, and the ports are free.
    """
    try:
        make_directory(paths.data)
        handle = lock.take(paths.collector_lock, LOCK_PATIENCE_S)
        if handle is None:
            say("another collector has taken the place: ending")
            return -1
        os.set_inheritable(handle, True)
        holder.sign(handle, role)
    except (OSError, CclaunchError) as error:
        say(f"error: {paths.data} is gone and cannot be made anew: {error}")
        return -1
    say(f"{paths.data} was moved or deleted: taken anew")
    return handle


def _run(paths: Paths, ports: list[int], handle: int, held: dict[str, list[int]]) -> int:
    """Run one collector to its end and return its exit code, negative for a signal."""
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    words = command("keeper" if _role(ports) else "main", paths, *ports, handle, reading, sockets.write_sockets(held))
    pid = os.fork()
    if pid == 0:
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.execv(words[0], words)
        finally:
            os._exit(127)
    os.close(reading)
    Child.pid = pid
    if Child.ending:  # asked to end between the fork and here
        os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    Child.pid = 0
    os.close(writing)
    return os.waitstatus_to_exitcode(status)
