"""
The user at the other end of a connection, and whether that is one who may come in.

A port of loopback is open to every user of the machine. So each connection is looked at once, when it is accepted: the
kernel tells whose socket is at the other end. This user and root are trusted; anybody else is counted and named in the log.
Where nobody tells (no such question on this system, the other end is gone already) it is unknown.
"""

import asyncio
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from typing import Any

from cclaunch.files.ownership import user
from cclaunch.hot import listeners

Address = tuple[Any, ...]
"""A socket's name as ``getsockname`` has it: host, port, and for IPv6 two more."""

SAID_S = 60.0
TABLE_LIMIT = 32 << 20
USER_NAMESPACE = "/proc/self/uid_map"
OVERFLOW = "/proc/sys/kernel/overflowuid"


class Sender(Enum):
    """What is known of who is at the other end: this user or root, nothing, or somebody else."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    STRANGER = "stranger"


CURRENT: ContextVar[Sender] = ContextVar("sender", default=Sender.UNKNOWN)
"""The sender of the request that is being served."""


class Door:
    """
    Looks at every connection once.

    Args:
        say: Writes a line to the log.
        only: Who may come in, as that line has it.

    Attributes:
        refused: uid -> how many connections of that user were refused.
    """

    def __init__(self, say: Callable[[str], None], only: str) -> None:
        self.refused: dict[int, int] = {}
        self._say = say
        self._only = only
        self._said: dict[int, float] = {}

    def look(self, peer: Address | None, own: Address | None) -> "Sender | asyncio.Task[Sender]":
        """
        Return who is at the other end of a connection from *peer* to *own*, or a task that will tell.

        The kernel's answer takes some 50 µs, and is asked for at once: a sender may be gone a moment later. Only where
        that question is forbidden a table is read, which may have megabytes, in a thread.
        """
        if not peer or not own or sys.platform != "linux":
            return Sender.UNKNOWN
        try:
            return self._judge(asked(peer, own))
        except (OSError, OverflowError):
            return asyncio.ensure_future(self._look_up(peer, own))
        except ValueError:
            return Sender.UNKNOWN

    async def sender(self, peer: Address | None, own: Address | None) -> Sender:
        """Return who is at the other end of a connection from *peer* to *own*."""
        found = self.look(peer, own)
        return found if isinstance(found, Sender) else await found

    async def _look_up(self, peer: Address, own: Address) -> Sender:
        try:
            return self._judge(await asyncio.to_thread(looked_up, peer, own))
        except (OSError, ValueError, IndexError):
            return Sender.UNKNOWN

    def _judge(self, uid: int | None) -> Sender:
        if uid is None or (uid == overflow_uid() and uid != os.geteuid()):
            return Sender.UNKNOWN
        if uid in (0, os.geteuid()):
            return Sender.TRUSTED
        self.refused[uid] = self.refused.get(uid, 0) + 1
        now = time.monotonic()
        if now - self._said.get(uid, -SAID_S) >= SAID_S:
            self._said[uid] = now
            many = f", {self.refused[uid]} so far" if self.refused[uid] > 1 else ""
            self._say(f"refused a connection of {user(uid)}{many}: {self._only}")
        return Sender.STRANGER

    def introduced(self, protocol: "type[asyncio.Protocol]") -> "type[asyncio.Protocol]":
        """Return uvicorn's *protocol*, with its requests told who sends (``CURRENT``)."""
        door = self

        class Introduced(protocol):  # type: ignore[misc, valid-type]
            """One connection of a known sender."""

            app: Any

            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                found = door.look(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
                app = self.app

                async def told(scope: Any, receive: Any, send: Any) -> None:
                    CURRENT.set(found if isinstance(found, Sender) else await asyncio.shield(found))
                    await app(scope, receive, send)

                self.app = told

        return Introduced


def asked(peer: Address, own: Address) -> int | None:
    """Return the uid of the socket *peer* that is connected to *own*, None for none. Raises OSError, ValueError."""
    there, here = ipaddress.ip_address(peer[0].partition("%")[0]), ipaddress.ip_address(own[0].partition("%")[0])
    ports = int(peer[1]).to_bytes(2, "big") + int(own[1]).to_bytes(2, "big")
    identity = ports + there.packed.ljust(16, b"\0") + here.packed.ljust(16, b"\0") + bytes(4) + b"\xff" * 8
    family = socket.AF_INET if there.version == 4 else socket.AF_INET6
    line = listeners.kernel()
    try:
        found = listeners.diag(line, family, identity, listeners.REQUEST)
    finally:
        line.close()
    return next((owner(uid, inode) for _, state, uid, inode in found if state != listeners.LISTEN), None)


def owner(uid: int, inode: int) -> int | None:
    """Return *uid*, or None for a socket that no process holds any more: the kernel gives those to root."""
    return uid if uid or inode else None


def looked_up(peer: Address, own: Address) -> int | None:
    """Return what ``asked`` does, from the kernel's table as text. Raises OSError, ValueError, IndexError."""
    there, here = ([spelled(form) for form in forms(one)] for one in (peer, own))
    for path in listeners.TABLES.values():
        with open(path, encoding="ascii") as file:
            for row in file.read(TABLE_LIMIT).splitlines()[1:]:
                fields = row.split()
                local, _, port = fields[1].partition(":")
                remote, _, other = fields[2].partition(":")
                if (int(port, 16), int(other, 16)) == (peer[1], own[1]) and local in there and remote in here:
                    return owner(int(fields[7]), int(fields[9]))
    return None


def forms(name: Address) -> "list[ipaddress.IPv4Address | ipaddress.IPv6Address]":
    """Return the address in *name* as a socket of its own family has it, and of the other one."""
    address = ipaddress.ip_address(name[0].partition("%")[0])
    inner = address if address.version == 4 else address.ipv4_mapped
    return [address] if inner is None else [inner, ipaddress.IPv6Address(listeners.MAPPED + inner.packed)]


def spelled(address: "ipaddress.IPv4Address | ipaddress.IPv6Address") -> str:
    """Return *address* as /proc spells it: 32-bit words in the machine's order."""
    words = [address.packed[at : at + 4] for at in range(0, len(address.packed), 4)]
    return b"".join(word[::-1] if sys.byteorder == "little" else word for word in words).hex().upper()


def overflow_uid() -> int:
    """Return the uid that stands for all that our user namespace does not know, or -1 where it knows everybody."""
    try:
        with open(USER_NAMESPACE, encoding="ascii") as file:
            if file.read().split() == ["0", "0", "4294967295"]:
                return -1
        with open(OVERFLOW, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1
