"""
The one lock that says "a collector of this user lives", and who holds it.

Two collectors on one database would each believe that the ports and the data are theirs. The lock is a
``flock``, which the system takes back whatever way its holders die; supervisor and collector share it
through an inherited descriptor, so that neither's death alone lets a second pair in. The text in the
file only describes the holder; it proves nothing once the lock is free.

Imported by the supervisor: no module here but C ones and ``os``.
"""

import fcntl
import os
import time

PATIENCE_S = 0.01


class Holder:
    """Who holds the lock: the supervisor's *pid* and start time (seconds since 1970), on *host* since *boot_id*."""

    __slots__ = ("boot_id", "host", "pid", "started")

    def __init__(self, host: str, boot_id: str, pid: int, started: float) -> None:
        self.host = host
        self.boot_id = boot_id
        self.pid = pid
        self.started = started


def take(path: str, seconds: float) -> int | None:
    """Return a descriptor that holds the lock at *path*, or None when others still held it after *seconds*."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
        except BaseException:
            os.close(handle)
            raise
        time.sleep(PATIENCE_S)


def held(path: str) -> bool:
    """Say whether somebody holds the lock at *path*."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def wait_free(path: str, seconds: float) -> bool:
    """Say whether the lock at *path* became free within *seconds*."""
    deadline = time.monotonic() + seconds
    while held(path):
        if time.monotonic() >= deadline:
            return False
        time.sleep(PATIENCE_S)
    return True


def describe(handle: int) -> None:
    """Write into the locked file that this process holds it."""
    host = "".join(c for c in os.uname().nodename if c.isalnum() or c in "-._")
    text = f'{{"host": "{host}", "boot_id": "{boot_id()}", "pid": {os.getpid()}, "started": {own_start():.2f}}}\n'
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode("ascii", "replace"), 0)


def read(path: str) -> Holder | None:
    """Return who wrote the lock file last, or None when there is nothing that can be read."""
    import json  # the readers can afford it

    try:
        with open(path, encoding="utf-8") as file:
            found = json.loads(file.read(4096))
        return Holder(str(found["host"]), str(found["boot_id"]), int(found["pid"]), float(found["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def boot_id() -> str:
    """Return what tells one boot of this machine from the next; empty where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def own_start() -> float:
    """Return when this process began, reckoned as psutil does it, so that the two can be compared."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/stat", "rb") as file:
            booted = next(float(line.split()[1]) for line in file if line.startswith(b"btime"))
        return booted + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return time.time()
