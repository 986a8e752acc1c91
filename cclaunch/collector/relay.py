"""
From the supervisor's socket to the gRPC server, which cannot take over a socket that listens already.

The bytes go on to a port of loopback that only this process knows. What it costs is a copy; what it buys is
that port 4317 stays open while a killed collector is started again, that the true sender is seen (who may not send is
not handed on), and that what arrives can be bounded: gRPC itself would keep every unfinished message of every connection.
"""

import asyncio
import contextlib
import socket

from cclaunch.collector.budget import Arrivals
from cclaunch.collector.frames import Frames, NoHttp2, Streams
from cclaunch.collector.peer import Door
from cclaunch.serving.connections import RECEIVE, Connections, Phase
from cclaunch.serving.peer import Sender
from cclaunch.store.write_queue import StoreUnavailable

PIECE = RECEIVE
COPIES = 2
"""What gRPC has of a message at most: the one it receives, and the one it hands over."""


class Relay:
    """Accepts on the sockets that it is given, and hands every connection on to *port* of loopback."""

    def __init__(self, port: int, connections: Connections, arrivals: Arrivals, door: Door) -> None:
        self._port = port
        self._connections = connections
        self._arrivals = arrivals
        self._door = door
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Begin to accept."""
        for one in sockets:
            self._servers.append(await asyncio.start_server(self._hand_on, sock=one, limit=PIECE))

    def stop(self) -> None:
        """Accept no more; connections that are open go on until one side ends them."""
        for server in self._servers:
            server.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = await self._door.sender(writer.get_extra_info("peername"), writer.get_extra_info("sockname"))
        if sender is Sender.STRANGER:
            writer.close()
            return
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=PIECE)
        except OSError:
            writer.close()
            return
        handed = _Handed(reader, writer, inner_reader, inner_writer)
        name = inner_writer.get_extra_info("sockname")[1]
        self._door.relayed[name] = sender
        try:
            await handed.run(self._connections, self._arrivals)
        finally:
            del self._door.relayed[name]


class _Handed:
    """One connection, both ways."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        inner_reader: asyncio.StreamReader,
        inner_writer: asyncio.StreamWriter,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._inner_reader, self._inner_writer = inner_reader, inner_writer
        self._streams = Streams()
        self._asked = Frames(self._streams, client=True)
        self._answered = Frames(self._streams, client=False)
        for one in (writer, inner_writer):
            with contextlib.suppress(AttributeError):
                one.transport.max_size = RECEIVE  # type: ignore[attr-defined]

    async def run(self, connections: Connections, arrivals: Arrivals) -> None:
        """Copy until one side ends."""
        self._arrival = arrivals.arrive(self._abort)
        self._connection = connections.opened(self._phase, self._abort)
        try:
            await asyncio.gather(self._there(), self._back())
        finally:
            connections.closed(self._connection)
            self._arrival.close()

    def _phase(self) -> Phase:
        if self._arrival.waits:
            return "working"
        if self._streams.sending or self._asked.within:
            return "arriving"
        return "working" if self._streams.held else "idle"

    def _abort(self) -> None:
        self._writer.transport.abort()
        self._inner_writer.transport.abort()

    async def _there(self) -> None:
        """Copy what the client sends, where there is room for it."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, NoHttp2, StoreUnavailable):
            while piece := await self._reader.read(PIECE):
                self._connection.active()
                grown, freed = self._asked.feed(piece)
                self._arrival.shrink(freed * COPIES)
                self._arrival.whole = not self._streams.sending
                if grown:
                    await self._arrival.grow(grown * COPIES)
                self._inner_writer.write(piece)
                await self._inner_writer.drain()
        self._close(self._inner_writer)

    async def _back(self) -> None:
        """Copy the answers; an answered request takes no room any more."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, NoHttp2):
            while piece := await self._inner_reader.read(PIECE):
                self._connection.active()
                self._writer.write(piece)
                await self._writer.drain()
                _, freed = self._answered.feed(piece)
                if freed:
                    self._connection.useful = True
                    self._arrival.shrink(freed * COPIES)
        self._close(self._writer)

    @staticmethod
    def _close(writer: asyncio.StreamWriter) -> None:
        """Close *writer*: gRPC has no half-closed connections."""
        with contextlib.suppress(OSError):
            writer.close()
