"""
The one lock that says "a collector of this user lives", and who holds it.

Two collectors on one database would each believe that the ports and the data are theirs. The lock is a
``flock``, which the system takes back whatever way its holders die; supervisor and collector share it
through an inherited descriptor, so that neither's death alone lets a second pair in. The text in the
file only describes the holder; it proves nothing once the lock is free.

Imported by the supervisor: no module here but C ones, ``os``, ``files`` and ``plan``.
"""

import os
import time

from cclaunch.files.boot import boot_id
from cclaunch.files.lock import held
from cclaunch.hot.reading import read_flat

SLACK_S = 1.0
"""Start times are reckoned from clock ticks, the signing time from the clock: they may differ by as much."""


class Holder:
    """Who signed the lock: the *pid* of the supervisor and *when* it did (seconds since 1970)."""

    __slots__ = ("pid", "when")

    def __init__(self, pid: int, when: float) -> None:
        self.pid = pid
        self.when = when


def sign(handle: int) -> None:
    """Write into the locked file that this process holds it."""
    lines = {"host": os.uname().nodename, "boot": boot_id(), "pid": os.getpid(), "started": time.time()}
    os.ftruncate(handle, 0)
    os.pwrite(handle, "".join(f"{name}={value}\n" for name, value in lines.items()).encode(), 0)


def holder(path: str) -> Holder | None:
    """Return the living process that holds the lock at *path*, or None."""
    if not held(path):
        return None
    signed = read_flat(path)
    try:
        found = Holder(int(signed["pid"]), float(signed["started"]))
    except (KeyError, ValueError):
        return None
    return found if lives(found) else None


def lives(signed: Holder) -> bool:
    """Say whether *signed* still runs: a process of its pid that was made after the signing is another one."""
    import psutil  # the askers can afford it

    try:
        process = psutil.Process(signed.pid)
        return float(process.create_time()) <= signed.when + SLACK_S and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
