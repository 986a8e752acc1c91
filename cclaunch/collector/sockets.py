"""
The listening sockets: both loopback addresses, the wanted port or a free one.

The supervisor makes them and every collector inherits them. A collector that is killed therefore leaves no
moment in which a connection is refused: it waits in the queue until the next collector accepts it. That
matters because OTLP exporters over gRPC do not try again.

Imported by the supervisor: no module here but C ones.
"""

import errno
from _socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

try:
    from _socket import IPPROTO_IPV6, IPV6_V6ONLY
except ImportError:  # pragma: no cover - a system without IPv6
    IPPROTO_IPV6 = IPV6_V6ONLY = -1

BACKLOG = 256
TRIES = 50
NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)
TAKEN = (errno.EADDRINUSE, errno.EACCES)


def listen(port: int) -> list[socket]:
    """
    Return sockets that listen on *port* of 127.0.0.1 and, where there is IPv6, of ::1.

    With port 0 the system chooses, the same number for both.

    Raises:
        OSError: Somebody else listens on one of them.
    """
    if port and _answers(port):  # some systems let a narrower address be bound over another's wider one
        raise OSError(errno.EADDRINUSE, "another program answers")
    first = _bound(AF_INET, "127.0.0.1", port)
    try:
        second = _bound(AF_INET6, "::1", first.getsockname()[1])
    except OSError as error:
        if error.errno in NO_IPV6:
            return [first]
        first.close()
        raise
    return [first, second]


def listen_near(port: int) -> list[socket]:
    """Return sockets that listen on *port*, or on a free port when somebody else has it."""
    try:
        return listen(port)
    except OSError as error:
        if error.errno not in TAKEN:
            raise
    for attempt in range(TRIES):
        try:
            return listen(0)
        except OSError as error:  # free on one address and taken on the other: the next draw will do
            if error.errno not in TAKEN or attempt == TRIES - 1:
                raise
    raise AssertionError


def _bound(family: int, address: str, port: int) -> socket:
    made = socket(family, SOCK_STREAM)
    try:
        made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        if family == AF_INET6:
            made.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def _answers(port: int) -> bool:
    for family, address in ((AF_INET, "127.0.0.1"), (AF_INET6, "::1")):
        try:
            caller = socket(family, SOCK_STREAM)
        except OSError:
            continue
        try:
            caller.settimeout(0.2)
            caller.connect((address, port))
            return True
        except OSError:
            continue
        finally:
            caller.close()
    return False
