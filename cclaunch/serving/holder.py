"""
The one lock that says "a collector of this user lives" (or another process of ours that stays), who holds it, and where.

Two collectors on one database would each believe that the ports and the data are theirs. The lock is a
``flock``, which the system takes back whatever way its holders die; supervisor and collector share it
through an inherited descriptor, so that neither's death alone lets a second pair in. The text in the
file only describes the holder; it proves nothing once the lock is free.

The lock holds across everything that shares the file: containers and sandboxes with the same HOME. So the text says in
which place the holder's pid and its ports mean something; whoever asks from another one is told where it is.

Imported by the supervisor: no module here but C ones, ``os``, ``files`` and ``hot``.
"""

import os
import time

from cclaunch.files.lock import held
from cclaunch.files.process_identity import here, start_ticks
from cclaunch.hot.reading import read_flat

KINDS = {"pids": "PID", "network": "network"}


class Holder:
    """
    Who signed the lock.

    Attributes:
        pid: The collector's is its supervisor's.
        ticks: When that was made, as `start_ticks` has it; None where an older release signed.
        place: Where it runs, as `here` has it; what it did not say is empty.
        role: What it is, where its lock may be held by one of several kinds; else empty.
        data: The directory of the lock: our data directory.
    """

    __slots__ = ("data", "pid", "place", "role", "ticks")

    def __init__(self, pid: int, ticks: int | None, place: dict[str, str], data: str, role: str = "") -> None:
        self.pid = pid
        self.ticks = ticks
        self.place = place
        self.role = role
        self.data = data


def sign(handle: int, role: str = "") -> None:
    """Write into the locked file that this process holds it, where it runs, and in which *role* (`Holder.role`)."""
    lines = {**here(), "pid": os.getpid(), "ticks": start_ticks(os.getpid()) or "", "started": time.time()}  # 0.1 reads the last
    lines |= {"role": role} if role else {}
    os.ftruncate(handle, 0)
    os.pwrite(handle, "".join(f"{name}={value}\n" for name, value in lines.items()).encode(), 0)


def lost(handle: int, path: str) -> bool:
    """Say whether the lock that is open as *handle* is no longer the one at *path*: somebody has moved or deleted it."""
    held_one = os.fstat(handle)
    try:
        found = os.stat(path)
    except OSError:
        return True
    return (held_one.st_dev, held_one.st_ino) != (found.st_dev, found.st_ino)


def signed(path: str) -> Holder | None:
    """Return who signed the lock at *path*, wherever that is, or None when nobody holds it."""
    if not held(path):
        return None
    text = read_flat(path)
    pid, ticks = text.get("pid", ""), text.get("ticks", "")
    place = {name: text.get(name, "") for name in here()}
    if not pid.isdigit():
        return None
    return Holder(int(pid), int(ticks) if ticks.isdigit() else None, place, os.path.dirname(path), text.get("role", ""))


def holder(path: str) -> Holder | None:
    """Return the living process that holds the lock at *path*, or None; also when it runs where its pid means nothing to us."""
    found = signed(path)
    return found if found and not hidden(found) and lives(found) else None


def hidden(found: Holder) -> str:
    """Return where the processes of *found* are, in words, when we neither see nor reach them; else an empty string."""
    mine = here()
    if found.place["pids"] and not mine["pids"]:
        return "where it cannot be seen from here: there is no /proc"
    return _on_another_machine(found, mine) or _in_another(found, mine, "pids")


def unreachable(found: Holder) -> str:
    """Return where the ports of *found* are, in words, when our loopback does not lead there; else an empty string."""
    mine = here()
    return _on_another_machine(found, mine) or _in_another(found, mine, "network")


def _on_another_machine(found: Holder, mine: dict[str, str]) -> str:
    theirs = found.place["boot"]
    return f"on another machine, {found.place['host']}" if theirs and mine["boot"] and theirs != mine["boot"] else ""


def _in_another(found: Holder, mine: dict[str, str], kind: str) -> str:
    theirs = found.place[kind]
    if not theirs or not mine[kind] or theirs == mine[kind]:
        return ""
    named = "" if found.place["host"] == mine["host"] else f", in the container {found.place['host']}"
    return f"in another {KINDS[kind]} namespace of this machine{named}"


def lives(found: Holder) -> bool:
    """
    Say whether *found* still runs: a process of its pid that was made at another time is another one.

    An older release signed with the time of day, which may have been set since. Such a holder is known by its command line,
    which names our data directory.
    """
    ticks = start_ticks(found.pid)
    if ticks is None and found.ticks is None and not here()["pids"]:  # no /proc: whoever has the pid and the lock is the one
        return _exists(found.pid)
    if found.ticks is not None or ticks is None:
        return ticks is not None and ticks == found.ticks
    import psutil  # the askers can afford it

    from cclaunch.serving.interpreter import data_of

    try:
        return data_of(psutil.Process(found.pid).cmdline(), "collector.") == found.data
    except (psutil.Error, OSError):
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
