"""
Whose the sockets on a port are, by the kernel's own table.

Who is not asked for a proof (a collector that was adopted, a container) is looked at here. What is taken over between that
look and claude's first export cannot be seen.

Hot: C modules of the interpreter only.
"""

import sys
from _socket import AF_INET, AF_INET6, SOCK_DGRAM, socket

try:
    from posix import O_CLOEXEC, O_RDONLY, close, open, read
except ImportError:  # pragma: no cover - Windows
    from os import O_RDONLY, close, open, read

    O_CLOEXEC = 0  # type: ignore[misc]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NETLINK, SOCK_DIAG, BY_FAMILY = 16, 4, 20
REQUEST, DUMP = 0x1, 0x301
ERROR, DONE = 2, 3
ENOENT = 2
TCP, LISTEN = 6, 10
DIAG_S = 0.1
DIAG_PIECE = 32 << 10
TABLES = {AF_INET: "/proc/net/tcp", AF_INET6: "/proc/net/tcp6"}
TABLE_HEAD, TABLE_PIECE = 256 << 10, 4 << 10
"""Bytes of ``/proc/net/tcp`` that are read, at most and at once: who listens comes first, and the rest may have megabytes."""

MAPPED = bytes(10) + b"\xff\xff"
NEAR = frozenset(
    (b"\x7f\0\0\1", bytes(4), bytes(15) + b"\1", bytes(16), MAPPED + b"\x7f\0\0\1", MAPPED + bytes(4)),
)
"""Local addresses that a connection to loopback reaches: 127.0.0.1, 0.0.0.0, ::1, ::, and the mapped forms."""


def listeners(ports: "Iterable[int]") -> "frozenset[int] | None":
    """
    Return the uids of all that listen on *ports* of loopback, in both address families; None when the system does not tell.

    The kernel is asked for exactly these ports (sock_diag, as ss(8) does; 0.1 ms). ``/proc/net/tcp`` says the same, but costs
    milliseconds: it is for where that question is forbidden. An empty answer is no fault: another network namespace, or
    a rule of the firewall, may have the port.
    """
    found: list[tuple[bytes, int]] = []
    try:
        line = kernel()
        try:
            for port in ports:
                identity = port.to_bytes(2, "big") + bytes(38) + b"\xff" * 8
                for family in TABLES:
                    found += [(told[0], told[2]) for told in diag(line, family, identity, DUMP) if told[1] == LISTEN]
        finally:
            line.close()
    except (OSError, OverflowError):
        if sys.platform != "linux":
            return None
        try:
            found = [(local, uid) for local, port, uid in _table() if port in ports]
        except (OSError, ValueError, IndexError):
            return None
    return frozenset([uid for address, uid in found if address in NEAR])


def listened_to_by(uids: "Iterable[int]", ports: "Iterable[int]") -> bool:
    """Say whether nobody but *uids* is seen to listen on *ports*; what cannot be seen is no reproach."""
    found = listeners(ports)
    return found is None or found.issubset(uids)


def kernel() -> socket:
    """Return a line to the kernel's table of sockets. Raises OSError where there is none."""
    if sys.platform != "linux":
        raise OSError
    line = socket(NETLINK, SOCK_DGRAM, SOCK_DIAG)
    line.settimeout(DIAG_S)
    return line


def diag(line: socket, family: int, identity: bytes, flags: int) -> "list[tuple[bytes, int, int, int]]":
    """
    Return (local address, state, uid, inode) of the TCP sockets of *family* that the kernel finds. Raises OSError.

    Args:
        line: From ``kernel``.
        family: AF_INET or AF_INET6.
        identity: The 48 bytes of an ``inet_diag_sockid``: ports, addresses, interface, cookie.
        flags: DUMP for all that listen on its local port, REQUEST for the one socket that it names.
    """
    order = sys.byteorder
    states = 1 << LISTEN if flags == DUMP else 0xFFFFFFFF
    body = bytes((family, TCP, 0, 0)) + states.to_bytes(4, order) + identity
    head = (16 + len(body)).to_bytes(4, order) + BY_FAMILY.to_bytes(2, order) + flags.to_bytes(2, order) + bytes(8)
    line.send(head + body)
    found: list[tuple[bytes, int, int, int]] = []
    while True:
        data = line.recv(DIAG_PIECE)
        at = 0
        while at + 16 <= len(data):
            size = int.from_bytes(data[at : at + 4], order)
            kind = int.from_bytes(data[at + 4 : at + 6], order)
            told = data[at + 16 : at + size]
            if kind == DONE:
                return found
            if kind == ERROR:
                number = -int.from_bytes(told[:4], order, signed=True)
                if number == ENOENT and (flags == REQUEST or family == AF_INET6):  # no such socket; no IPv6 here
                    return found
                raise OSError(number, "sock_diag")
            if size < 16 or len(told) < 72:
                raise OSError(0, "sock_diag")
            local = told[8:12] if told[0] == AF_INET else told[8:24]
            found.append((local, told[1], int.from_bytes(told[64:68], order), int.from_bytes(told[68:72], order)))
            if flags == REQUEST:
                return found
            at += (size + 3) & ~3


def _table() -> "list[tuple[bytes, int, int]]":
    """Return (local address, port, uid) of the sockets that listen, from /proc. Raises OSError, ValueError, IndexError."""
    found: list[tuple[bytes, int, int]] = []
    for family, path in TABLES.items():
        try:
            handle = open(path, O_RDONLY | O_CLOEXEC)
        except OSError:
            if family == AF_INET6:
                continue
            raise
        try:
            text, seen, listening = b"", 0, True
            while listening and len(text) < TABLE_HEAD and (part := read(handle, TABLE_PIECE)):
                text += part
                rows = text.split(b"\n")[1:-1]
                for row in rows[seen:]:
                    fields = row.split()
                    listening = int(fields[3], 16) == LISTEN
                    if listening:
                        address, _, port = fields[1].decode("ascii").partition(":")
                        found.append((_address(address), int(port, 16), int(fields[7])))
                seen = len(rows)
        finally:
            close(handle)
    return found


def _address(text: str) -> bytes:
    """Return an address as /proc spells it, 32-bit words in the machine's order, in the network's order."""
    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    return b"".join([word[::-1] if sys.byteorder == "little" else word for word in words])
