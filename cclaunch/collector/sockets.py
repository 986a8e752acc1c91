"""
The listening sockets, held by the supervisor so that they outlive a collector.

While a killed collector is started again, clients still connect: the kernel keeps them waiting, and the new one
serves them. Claude gives up two seconds after its end, and a refused connection can cost it all of that.

Imported by the supervisor: C modules only.
"""

import _socket
import errno
import os
import time

from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat

NAMES = ("grpc", "http", "metrics")
BACKLOG = 512
DRAWS = 20
"""Free ports to try: one that is free on 127.0.0.1 may be taken on ::1."""


def listen(port: int) -> list[int]:
    """
    Return inheritable descriptors that listen on *port* (0: any) of both loopback addresses.

    Raises:
        OSError: Somebody else listens there.
    """
    first = _listening(_socket.AF_INET, "127.0.0.1", port)
    found = [first]
    try:
        found.append(_listening(_socket.AF_INET6, "::1", port_of(first)))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:  # else `localhost` would reach one of us, and 127.0.0.1 the other
            os.close(first)
            raise
    for handle in found:
        os.set_inheritable(handle, True)
    return found


def _listening(family: int, address: str, port: int) -> int:
    made = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        made.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        if family == _socket.AF_INET6:
            made.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return int(made.detach())


def port_of(handle: int) -> int:
    """Return the port that the listening descriptor *handle* is bound to."""
    view = _socket.socket(fileno=handle)
    try:
        return int(view.getsockname()[1])
    finally:
        view.detach()


def open_all(paths: Paths, configured: list[int]) -> dict[str, list[int]]:
    """
    Return name -> descriptors for gRPC, HTTP and metrics.

    The port that was held before a crash comes first: sessions still send there. Then the configured one, then any.
    """
    before = read_flat(paths.collector_ports)
    return {name: _first_free(before.get(name, ""), port) for name, port in zip(NAMES, configured, strict=True)}


def _first_free(before: str, configured: int) -> list[int]:
    ports = [configured, *[0] * DRAWS]
    if before.isdigit():
        ports = [int(before), int(before), *ports]
    for number, port in enumerate(ports):
        try:
            return listen(port)
        except OSError:
            if number == 0 and before.isdigit():
                time.sleep(0.2)  # whoever held it may be on the way out
    raise OSError(errno.EADDRINUSE, "no free port")


def write_sockets(held: dict[str, list[int]]) -> str:
    """Return *held* as one word of a command line."""
    return ";".join(f"{name}={','.join(map(str, handles))}" for name, handles in held.items())


def read_sockets(text: str) -> dict[str, list[int]]:
    """Return what ``write_sockets`` wrote; empty for an empty word."""
    found = {}
    for part in text.split(";"):
        name, separator, handles = part.partition("=")
        if separator:
            found[name] = [int(handle) for handle in handles.split(",")]
    return found
