"""
OTLP over gRPC: three methods over raw bytes, so that a message is measured and parsed by us.

It listens on a port that nobody is told, and that every user can find: what did not come through the relay, which
hands on what arrives at the supervisor's socket, is refused.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from cclaunch.collector.peer import ONLY, Door
from cclaunch.collector.protocol import Collector
from cclaunch.otlp.encoding import PROTOBUF, Malformed
from cclaunch.otlp.signals import SIGNALS, Rejected, Signal
from cclaunch.otlp.slices import NeverFits
from cclaunch.serving.peer import CURRENT, Sender
from cclaunch.store.limits import LARGEST_BODY
from cclaunch.store.write_queue import StoreUnavailable

PIECE = 256 << 10
IDLE_MS = 15 * 60 * 1000
HANDSHAKE_MS = 20_000
OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.per_message_decompression", 0),
    ("grpc.max_receive_message_length", LARGEST_BODY),
    ("grpc.max_send_message_length", 4 << 20),
    ("grpc.max_concurrent_streams", 64),
    ("grpc.max_connection_idle_ms", IDLE_MS),
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
)

Handler = Callable[[bytes, Any], Awaitable[bytes]]


class TooLarge(Exception):
    """A message that is larger than LARGEST_BODY once it is unpacked."""


def opener_of(data: bytes) -> Any:
    """
    Return what unpacks *data*, or None when it is not packed.

    gRPC's own decompression knows no limit, so it is switched off, and then gRPC does not tell how a message is
    packed. No OTLP request begins like gzip or zlib: its first byte is the tag of field 1.
    """
    if data[:2] == b"\x1f\x8b":
        return zlib.decompressobj(wbits=31)
    if len(data) > 1 and data[0] == 0x78 and int.from_bytes(data[:2], "big") % 31 == 0:
        return zlib.decompressobj()
    return None


async def unpack(data: bytes, grow: Callable[[int], Awaitable[None]]) -> bytes | bytearray:
    """Return a message unpacked; *grow* finds room for each piece. Raises TooLarge, zlib.error for a damaged one, Busy."""
    opener = opener_of(data)
    if opener is None:
        return data
    found = bytearray()
    rest = data
    while rest and not opener.eof:
        part = opener.decompress(rest, PIECE)
        if len(found) + len(part) > LARGEST_BODY:
            raise TooLarge
        await grow(len(part))
        found += part
        rest = opener.unconsumed_tail
        await asyncio.sleep(0)
    if not opener.eof:
        raise zlib.error("it ends too early")
    return found


def exporting(collector: Collector, signal: Signal, door: Door | None) -> Handler:
    """Return the method of one signal; without a *door*, everybody may call it."""

    async def export(data: bytes, context: Any) -> bytes:
        sender = door.behind(context.peer()) if door is not None else Sender.UNKNOWN
        if sender is Sender.STRANGER:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, ONLY)
        CURRENT.set(sender)
        arrival = collector.arrivals.arrive(int)
        arrival.whole = True  # what the relay counted arrived; this is what it becomes
        try:
            body = await unpack(data, arrival.grow)
        except BaseException as error:
            arrival.close()
            await _abort(context, signal, error)
            raise
        try:
            answer = await collector.take(signal, body, PROTOBUF, arrival.close)
        except Exception as error:
            await _abort(context, signal, error)
            raise
        return answer.SerializeToString()

    return export


async def _abort(context: Any, signal: Signal, error: BaseException) -> None:
    """End the call with gRPC's word for *error*, if there is one."""
    if isinstance(error, TooLarge):
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"the message is larger than {LARGEST_BODY} bytes")
    elif isinstance(error, NeverFits):
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
    elif isinstance(error, (Malformed, Rejected, zlib.error)):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no {signal.name} request: {error}")
    elif isinstance(error, StoreUnavailable):
        await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))


class Methods(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only
    """The methods by name."""

    def __init__(self, collector: Collector, door: Door | None) -> None:
        methods = {signal.method: exporting(collector, signal, door) for signal in SIGNALS}
        self._handlers = {name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()}

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of a call, or None: gRPC then answers UNIMPLEMENTED."""
        return self._handlers.get(handler_call_details.method)


def bind(server: Any) -> int:
    """Bind *server* to a free port of loopback and return it; the relay brings the connections."""
    return int(server.add_insecure_port("127.0.0.1:0"))


def new_server(collector: Collector, door: Door | None = None) -> Any:
    """Return a gRPC server that is not bound yet."""
    server = grpc.aio.server(options=OPTIONS, compression=grpc.Compression.NoCompression)
    server.add_generic_rpc_handlers((Methods(collector, door),))
    return server
