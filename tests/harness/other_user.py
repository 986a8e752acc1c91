"""
Another user of the same machine: a process of another uid that listens, or that sends.

The problem it owns: what somebody else may do to us is shown by somebody else, with a real uid, on real sockets. It takes
root to become another user, so without that these tests are skipped.
"""

import contextlib
import encodings.idna  # noqa: F401 - another user may not be able to read the interpreter's library
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

UID = 64123
"""A user whom nobody is; not ``nobody``, which is what a user namespace shows for those that it does not know."""


def need_root() -> None:
    """Skip where we cannot become another user."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")


def become(uid: int) -> None:
    """Be *uid* from now on, without the groups of before."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def told_by(uid: int, work: Callable[[], bytes]) -> bytes:
    """Return what *work* returns in a process of *uid*."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(uid)
            os.write(writing, work() or b"")
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read()
    os.waitpid(pid, 0)
    return found


@contextlib.contextmanager
def listening(uid: int, *places: tuple[str, int], answer: bytes | None = b"") -> Iterator[int]:
    """Have a process of *uid* listen at *places* (address, port), give each connection *answer*, or silence; yield its pid."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(uid)
            held = [listener(address, port) for address, port in places]
            os.write(writing, b"ready")
            serve(held, answer)
        except BaseException as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    said = os.read(reading, 200)
    os.close(reading)
    try:
        assert said == b"ready", said
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def listener(address: str, port: int) -> socket.socket:
    """Return a socket that listens at *address*."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    made.listen()
    return made


def serve(held: list[socket.socket], answer: bytes | None) -> None:
    """Give every connection *answer* (None: leave it waiting), until whoever started us is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        for one in select.select(held if answer is not None else [], [], [], 1)[0]:
            peer, _ = one.accept()
            with contextlib.suppress(OSError), peer:
                if answer:
                    peer.settimeout(2)
                    peer.recv(65536)
                    peer.sendall(answer)
