"""
How many connections there may be, and how long one may be of no use.

Descriptors are few: a program that opens hundreds of connections and sends nothing must not keep the next one from being
served. Nobody is refused: the connection that was idle the longest makes room, first of all one that never was of use.
"""

import asyncio
import contextlib
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cclaunch.serving.peer import Door

MOST = 500
AT_ONCE = 16
"""Connections that make room at once: to look at all of them for each new one would cost more than it gives."""

DESCRIPTORS_EACH = 3
"""The relay needs three for a connection: the client's, and both ends of the one to the gRPC server."""

OWN_DESCRIPTORS = 64
SILENCE_S = 30.0
"""Seconds in which a connection must begin a request, or go on with one that it has begun."""

REST_S = 10.0
"""Seconds that a client has to end a request that was answered already."""

LOOK_S = 5.0
RECEIVE = 32 << 10
"""Bytes that are read at once: what is read is in memory, and each connection may have as much."""

Phase = Literal["idle", "arriving", "working"]


class Connection:
    """One connection: what it does now (asked by *phase*), how to end it, when it last did something, and if it ever asked."""

    __slots__ = ("end", "last", "phase", "useful")

    def __init__(self, phase: Callable[[], Phase], end: Callable[[], object]) -> None:
        self.phase = phase
        self.end = end
        self.last = time.monotonic()
        self.useful = False

    def active(self) -> None:
        """Note that something came."""
        self.last = time.monotonic()


class Connections:
    """All connections of all ports, at most *most*."""

    def __init__(self, most: int | None = None) -> None:
        self.most = affordable() if most is None else most
        self._all: set[Connection] = set()

    def opened(self, phase: Callable[[], Phase], end: Callable[[], object]) -> Connection:
        """Note a connection; one that is idle makes room for it if need be."""
        made = Connection(phase, end)
        if len(self._all) >= self.most:
            self._make_room()
        self._all.add(made)
        return made

    def closed(self, one: Connection) -> None:
        """Forget one."""
        self._all.discard(one)

    def _make_room(self) -> None:
        """End the least useful connections: idle ones before those that still send; never one that waits for its answer."""
        ready = [(one.phase(), one) for one in self._all]
        ready = [(phase, one) for phase, one in ready if phase != "working"]
        ready.sort(key=lambda each: (each[0] != "idle", each[1].useful, each[1].last))
        for _, one in ready[:AT_ONCE]:
            self.closed(one)
            one.end()

    async def watch(self) -> None:
        """End, for ever, the connections that begin a request and do not go on, or never begin one."""
        while True:
            await asyncio.sleep(LOOK_S)
            border = time.monotonic() - SILENCE_S
            for one in list(self._all):
                phase = one.phase()
                if one.last < border and (phase == "arriving" or (phase == "idle" and not one.useful)):
                    self.closed(one)
                    one.end()


def affordable() -> int:
    """Return how many connections our descriptors suffice for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(MOST, (soft - OWN_DESCRIPTORS) // DESCRIPTORS_EACH))


class Http(H11Protocol):
    """An HTTP connection that is counted, reads little at once, and does not listen for ever to what was answered already."""

    def __init__(self, connections: Connections, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._connections = connections
        self._counted: Connection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it."""
        with contextlib.suppress(AttributeError):
            transport.max_size = RECEIVE  # type: ignore[attr-defined]  # asyncio's own is eight times that
        super().connection_made(transport)
        self._counted = self._connections.opened(self._phase, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no longer."""
        if self._counted is not None:
            self._connections.closed(self._counted)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that it is alive."""
        if self._counted is not None:
            self._counted.active()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Give a client that still sends a moment to hear the answer, and no more."""
        if self._counted is not None:
            self._counted.active()
            self._counted.useful = True
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self.loop.call_later(REST_S, self._end_rest, self.cycle)

    def _end_rest(self, answered: object) -> None:
        if self.cycle is answered and self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()

    def _phase(self) -> Phase:
        if self.cycle is None or self.cycle.response_complete:
            return "idle" if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0] else "arriving"
        return "arriving" if self.cycle.more_body and not self.flow.read_paused else "working"


def protocol(connections: Connections, door: Door | None = None) -> Any:
    """Return what makes the protocol of each HTTP connection; with a *door*, its requests are told who sends."""
    made: Any = Http if door is None else door.introduced(Http)
    return partial(made, connections)
