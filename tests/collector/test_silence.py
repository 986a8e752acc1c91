"""What holds room or a connection and does not go on: each bound by itself, with short deadlines."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from collector_client import PROTOBUF, logs
from http2_frames import frame

from cclaunch.collector import budget, http, pages, service
from cclaunch.collector.budget import Arrival, Arrivals, Budget, Busy
from cclaunch.collector.frames import Frames, NoHttp2, Streams
from cclaunch.hot.paths import Paths
from cclaunch.serving import connections
from cclaunch.serving.connections import Connections, Phase, protocol

HEAD = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\nContent-Length: 99\r\n"


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run *work*, which must not take for ever."""
    asyncio.run(asyncio.wait_for(work, 30))


class Served:
    """The HTTP port in this process, with short deadlines; *ready* when it listens."""

    def __init__(self, base: Path) -> None:
        self.ready = threading.Event()
        self.port = 0
        self._base = base
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self.ready.wait(30)

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        collector = service.EmbeddedCollector(Paths(*[str(self._base)] * 4), "00" * 32)
        collector.writer.start()
        counted = Connections(20)
        config = uvicorn.Config(pages.otlp_app(collector), http=protocol(counted), ws="none", lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        serving = asyncio.create_task(server._serve([listening]))
        watching = asyncio.create_task(counted.watch())
        self.ready.set()
        await self._over.wait()
        server.should_exit = server.force_exit = True
        watching.cancel()
        await asyncio.wait([serving, watching], timeout=120)
        collector.writer.close()

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server whose patience is a fifth of a second."""
    for module, name in ((connections, "SILENCE_S"), (connections, "LOOK_S"), (connections, "REST_S"), (http, "SILENCE_S")):
        monkeypatch.setattr(module, name, 0.2)
    made = Served(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    "sent", ["", "POST /v1/lo", HEAD, HEAD + "\r\n", HEAD + "\r\nabc"], ids=["nothing", "line", "head", "no body", "half a body"]
)
def test_a_request_that_does_not_go_on_is_ended(served: Served, sent: str) -> None:
    """Half a head and half a body stay open for ever otherwise."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=120) as client:
        client.sendall(sent.encode())
        heard = b""
        while part := client.recv(4096):
            heard += part

    assert heard == b"" or b" 408 " in heard.splitlines()[0]


def test_a_client_that_goes_on_after_its_answer_is_ended(served: Served) -> None:
    """It was told 413, and sends for ever."""

    def send(client: socket.socket) -> None:
        client.sendall(HEAD.replace("99", str(1 << 30)).encode() + b"\r\n")
        while True:
            client.sendall(bytes(1 << 16))

    with socket.create_connection(("127.0.0.1", served.port), timeout=120) as client, pytest.raises(ConnectionError):
        send(client)


def test_a_connection_that_was_of_use_may_rest(served: Served) -> None:
    """A session exports every few seconds, and keeps its connection for that."""
    session = HTTPConnection("127.0.0.1", served.port, timeout=120)
    for _ in range(2):
        session.request("POST", "/v1/logs", logs("kept").SerializeToString(), {"Content-Type": PROTOBUF})
        assert session.getresponse().read() == b""
        assert session.sock is not None
        with socket.create_connection(("127.0.0.1", served.port), timeout=120) as other:
            assert other.recv(1) == b""  # this one, which came later and is silent, is ended meanwhile
    session.close()


def test_a_budget_is_waited_for_in_turn() -> None:
    """The large one that came first is not passed by small ones for ever."""

    async def work() -> None:
        room, order = Budget(10), []

        async def one(name: str, size: int) -> None:
            await room.take(size)
            order.append(name)
            room.give(size)

        await room.take(6)
        waiting = [asyncio.create_task(one("large", 9)), asyncio.create_task(one("small", 1))]
        await asyncio.sleep(0)
        assert order == []
        room.give(6)
        await asyncio.gather(*waiting)
        assert order == ["large", "small"]
        assert room.used == 0

    run(work())


def test_what_is_larger_than_the_budget_is_taken_when_nobody_has_any() -> None:
    """Else it never would be."""

    async def work() -> None:
        room = Budget(10)
        await room.take(1000)
        room.give(1000)
        assert room.used == 0

    run(work())


def test_who_waits_for_a_budget_that_nobody_gives_back_is_told_so() -> None:
    """And leaves nothing behind: neither in the line nor of the room."""

    async def work() -> None:
        room = Budget(10)
        await room.take(10)
        with pytest.raises(Busy):
            await room.take(1, 0.05)
        gone = asyncio.create_task(room.take(1))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        room.give(10)
        await room.take(10, 0.05)
        assert room.used == 10

    run(work())


def test_the_room_of_a_body_that_does_not_go_on_is_taken_by_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole one beside it keeps its own."""
    monkeypatch.setattr(budget, "STALLED_S", -1.0)
    monkeypatch.setattr(budget, "SMALL", 1)
    abandoned: list[str] = []

    async def work() -> None:
        arrivals = Arrivals(100, 0)
        named: dict[str, Arrival] = {}

        def abandon(name: str) -> None:
            abandoned.append(name)
            named[name].close()

        for name in ("whole", "stalled"):
            named[name] = arrivals.arrive(partial(abandon, name))
            await named[name].grow(50)
        named["whole"].whole = True
        new = arrivals.arrive(int)
        await new.grow(50)
        assert abandoned == ["stalled"]
        assert arrivals.used == 100

    run(work())


def test_small_bodies_have_room_of_their_own() -> None:
    """However much large ones hold."""

    async def work() -> None:
        arrivals = Arrivals(4 << 20, 1 << 20)
        large, small = arrivals.arrive(int), arrivals.arrive(int)
        large.whole = True
        await large.grow(4 << 20)
        await small.grow(1 << 20)
        assert arrivals.used == 5 << 20

    run(work())


def test_the_bytes_of_a_call_are_held_until_its_answer() -> None:
    """Frame by frame, in pieces of any size; another call on the connection is told apart."""

    asked = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, bytes(6)) + frame(1, 4, 1, b"h") + frame(0, 0, 1, bytes(70))
    asked += frame(1, 4, 3, b"h") + frame(0, 1, 3, bytes(5)) + frame(0, 1, 1, bytes(30))
    for size in (1, 7, 1000):
        streams = Streams()
        there, back = Frames(streams, client=True), Frames(streams, client=False)
        grown = sum(there.feed(asked[at : at + size])[0] for at in range(0, len(asked), size))
        assert grown == 105
        assert (streams.sending, streams.held) == (set(), {1: 100, 3: 5})
        assert not there.within
        assert back.feed(frame(4, 1, 0, b"") + frame(1, 4, 3, b"h") + frame(0, 0, 3, b"xx")) == (0, 0)
        assert back.feed(frame(1, 5, 3, b"h")) == (0, 5)
        assert there.feed(frame(3, 0, 1, bytes(4))) == (0, 100)
        assert streams.held == {}


def test_what_is_no_http2_is_not_handed_on() -> None:
    """A page, or another protocol's client."""
    with pytest.raises(NoHttp2):
        Frames(Streams(), client=True).feed(b"POST / HTTP/1.1\r\n")


def always(phase: Phase) -> Callable[[], Phase]:
    """Return a function that answers *phase*."""
    return lambda: phase


def test_the_least_useful_connection_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle before sending, never asked before asked, the oldest first; one that waits for its answer is left alone."""
    monkeypatch.setattr(connections, "AT_ONCE", 1)
    ended: list[str] = []
    made = Connections(4)
    before: tuple[tuple[str, Phase, bool], ...]
    before = (("busy", "working", False), ("useful", "idle", True), ("sends", "arriving", False))
    for name, phase, useful in before:
        made.opened(always(phase), partial(ended.append, name)).useful = useful
    for number in range(4):
        made.opened(always("idle"), partial(ended.append, f"new {number}"))
    assert ended == ["new 0", "new 1", "new 2"]
