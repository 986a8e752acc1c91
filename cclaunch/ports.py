"""
Who listens on a port: the process by name, pid and user, as far as we may look.
"""

import os
from typing import NamedTuple

import psutil


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


def listener(port: int) -> Listener | None:
    """Return who listens on TCP *port*, or None when nobody does."""
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
