"""
Which process it is, and in which place: what tells one from another that has its number.

The problem it owns: a pid is given out again, a time of day can be set (a machine that wakes, NTP, a board without a clock
of its own), and in another namespace or on another machine a pid is somebody else's. So a process is named by its pid, by the
ticks since boot at which it was made, and by the place in which both mean something.

Imported by the supervisor: C modules, ``os`` and ``hot.alive`` only; where there is no /proc (macOS), also ``psutil``, when it is
asked.
"""

import os
import sys

from cclaunch.files.boot import boot_id
from cclaunch.hot.alive import namespace

ENDED = (b"Z", b"X", b"x")
"""States of a process that runs no more, and was not yet waited for."""


def here() -> "dict[str, str]":
    """
    Return the place of this process; what the system does not tell is empty.

    Returns:
        ``host``: the name of the machine, or of the container. ``boot``: which boot of which machine. ``pids``: the namespace
        that pids count in. ``network``: the namespace of networks; in another one, loopback is another.
    """
    names = {"host": os.uname().nodename, "boot": boot_id()}
    return {**names, "pids": namespace("pid"), "network": namespace("net")}


def start_ticks(pid: int) -> int | None:
    """
    Return when the process *pid* was made, in the system's ticks since boot: no clock that is set moves that.

    None for one that is gone, has ended and was not waited for, or is hidden from us. Without a /proc of Linux's kind it is
    microseconds of the time of day as it was then, which stands in the process and moves no more.
    """
    if not sys.platform.startswith("linux"):
        return _start_by_psutil(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read(4096)
    except OSError:
        return None
    fields = line[line.rfind(b")") + 2 :].split()  # the name, in brackets, may hold anything: the rest begins with field 3
    return int(fields[19]) if len(fields) > 19 and fields[0] not in ENDED else None


def is_gone(pid: int, ticks: int) -> bool:
    """Say whether the process *pid* that was made at *ticks* is gone. One that cannot be asked now (no descriptor) is not."""
    return start_ticks(pid) != ticks and not _is_unreadable(pid)


def _is_unreadable(pid: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.close(os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC))
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return True
    return False


def pid_here(pid: int, namespace: int) -> int:
    """
    Return the pid that a process has here which is *pid* in the PID *namespace* of that number; 0 when it is not seen from here.

    A namespace sees its own processes and those of the ones that were made in it, each under a pid of its own.
    """
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}/ns/pid").st_ino == namespace and _innermost_pid(name) == pid:
                    return int(name)
            except OSError:  # it has ended, or is somebody else's
                continue
    return 0


def _innermost_pid(name: str) -> int:
    with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as file:
        return next((int(line.split()[-1]) for line in file if line.startswith("NSpid:")), 0)


def _start_by_psutil(pid: int) -> int | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time() * 1_000_000)
    except (psutil.Error, OSError):
        return None
