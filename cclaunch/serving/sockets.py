"""
Listening sockets on loopback: on both addresses or on none, on the port that is wanted or on a free one.

Imported by the supervisor: C modules only.
"""

import _socket
import errno
import os
import time

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


def first_free(before: str, configured: int) -> list[int]:
    """
    Return descriptors that listen on the port that was held *before* (empty: none), else on the *configured* one, else on any.

    Raises:
        OSError: No port is free.
    """
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
