"""
From the supervisor's socket to the gRPC server, which cannot take over a socket that listens already.

The bytes go on to a port of loopback that only this process knows. What it costs is a copy; what it buys is
that port 4317 stays open while a killed collector is started again, and that the true sender is seen: who may not
send is not handed on.
"""

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from cclaunch.collector.peer import Sender

if TYPE_CHECKING:
    from cclaunch.collector.peer import Door

PIECE = 1 << 16


class Relay:
    """Accepts on the sockets that it is given, and hands every connection on to *port* of loopback."""

    def __init__(self, port: int, door: "Door") -> None:
        self._port = port
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
        name = inner_writer.get_extra_info("sockname")[1]
        self._door.relayed[name] = sender
        try:
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        finally:
            del self._door.relayed[name]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of *reader*, then close *writer*: gRPC has no half-closed connections."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
