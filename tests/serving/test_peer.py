"""Who is at the other end of a connection, as the kernel tells it: by a question, by its table, or not at all."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from cclaunch.hot import listeners
from cclaunch.serving import peer
from cclaunch.serving.peer import Door, Sender, asked, looked_up


def test_root_is_trusted_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers come through a proxy of root's."""
    door = Door(lambda _: None, "only we")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert [door._judge(uid) for uid in (0, 1000, 1001, None)] == [
        Sender.TRUSTED,
        Sender.TRUSTED,
        Sender.STRANGER,
        Sender.UNKNOWN,
    ]


@pytest.fixture(params=["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def connected(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """A connection over each form of the address: the *sender*, the *server's* end, and its two names."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as listener:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((request.param, 0))
        listener.listen()
        sender = socket.create_connection(("127.0.0.1" if "." in request.param else "::1", listener.getsockname()[1]))
        server, name = listener.accept()
        with sender, server:
            yield SimpleNamespace(sender=sender, server=server, peer=name, own=server.getsockname())


def test_the_kernel_and_its_table_agree_on_a_sender(connected: SimpleNamespace) -> None:
    """IPv4, IPv6 and the one inside the other."""
    assert asked(connected.peer, connected.own) == os.geteuid()
    assert looked_up(connected.peer, connected.own) == os.geteuid()


def test_a_sender_that_is_gone_is_nobody(connected: SimpleNamespace) -> None:
    """Some kernels give what no process holds to root, and that is not who sent it; others still tell whose it was."""
    connected.sender.sendall(b"x")
    connected.sender.close()

    told = {asked(connected.peer, connected.own), looked_up(connected.peer, connected.own)}
    assert told <= ({None} if os.geteuid() == 0 else {None, os.geteuid()})


def test_a_listener_on_the_senders_port_is_not_the_sender(free_port: int) -> None:
    """Whoever listens where a sender was."""
    with socket.create_server(("127.0.0.1", free_port)):
        assert asked(("127.0.0.1", free_port), ("127.0.0.1", 9)) is None


def test_where_the_question_is_forbidden_the_table_is_read(connected: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some sandboxes know no netlink."""

    def forbidden() -> None:
        raise PermissionError

    monkeypatch.setattr(listeners, "kernel", forbidden)

    assert asyncio.run(Door(lambda _: None, "only we").sender(connected.peer, connected.own)) is Sender.TRUSTED


def test_where_nobody_tells_the_sender_is_unknown(connected: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS; and a user namespace that shows all others as one."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Door(lambda _: None, "only we").look(connected.peer, connected.own) is Sender.UNKNOWN

    monkeypatch.setattr(peer, "overflow_uid", lambda: 65534)
    assert Door(lambda _: None, "only we")._judge(65534) is Sender.UNKNOWN
