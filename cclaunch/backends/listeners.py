"""
Who listens on a port: the process by name, pid and user, as far as we may look; and whether somebody does who must not.

What is sent to a port of loopback goes to whoever holds it by then. This user and root are trusted, and the engine
of a container; anybody else on such a port is a stranger, and gets nothing.
"""

import os
from collections.abc import Iterable
from typing import NamedTuple

from cclaunch.files.ownership import user
from cclaunch.hot.listeners import listeners


class Listener(NamedTuple):
    """A process that listens; *pid* is None when it belongs to somebody whose processes we may not see."""

    port: int
    pid: int | None
    name: str
    user: str
    is_ours: bool

    def __str__(self) -> str:
        """Return it as a sentence would name it."""
        if self.pid is None:
            return "a process of another user"
        return f"{self.name} (pid {self.pid}, user {self.user})"


def strangers(ports: Iterable[int], trusted: Iterable[int] = ()) -> list[int]:
    """Return the uids that listen on *ports* of loopback and are neither this user's, root's nor *trusted*, as far as is seen."""
    if not hasattr(os, "geteuid"):
        return []
    return sorted((listeners(list(ports)) or frozenset()) - {os.geteuid(), 0, *trusted})


def whose(uids: Iterable[int]) -> str:
    """Return whom the processes of *uids* belong to, to stand in a sentence."""
    return "a process of " + " and ".join(user(uid) for uid in uids)


def listener(port: int) -> Listener | None:
    """Return who listens on TCP *port*, or None when nobody does."""
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return None
    found = [c for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port]
    if not found:
        return None
    pid = next((connection.pid for connection in found if connection.pid), None)
    if pid is None:
        return Listener(port, None, "", "", False)
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            uid = process.uids().real if hasattr(process, "uids") else -1
            return Listener(port, pid, process.name(), process.username(), hasattr(os, "geteuid") and uid == os.geteuid())
    except (psutil.Error, OSError):
        return Listener(port, pid, "a process", "?", False)
