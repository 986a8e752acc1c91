"""
OTLP over gRPC: three methods over raw bytes, so that a message is measured and parsed by us.

It listens on a port that nobody is told, and that every user can find: what did not come through the relay, which
hands on what arrives at the supervisor's socket, is refused.
"""

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from cclaunch.collector.http import LARGEST_BODY, Collector
from cclaunch.collector.peer import CURRENT, ONLY, Door, Sender
from cclaunch.collector.signals import SIGNALS, Rejected, Signal
from cclaunch.store.writer import StoreUnavailable

OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.per_message_decompression", 0),
    ("grpc.max_receive_message_length", LARGEST_BODY),
    ("grpc.max_send_message_length", 4 << 20),
)

Handler = Callable[[bytes, Any], Awaitable[bytes]]


class TooLarge(Exception):
    """A message that is larger than LARGEST_BODY once it is unpacked."""


def unpack(data: bytes) -> bytes:
    """
    Return a message unpacked, if it is packed. Raises TooLarge, or zlib.error for a damaged one.

    gRPC's own decompression knows no limit, so it is switched off, and then gRPC does not tell how a message is
    packed. No OTLP request begins like gzip or zlib: its first byte is the tag of field 1.
    """
    if data[:2] == b"\x1f\x8b":
        opener = zlib.decompressobj(wbits=31)
    elif len(data) > 1 and data[0] == 0x78 and int.from_bytes(data[:2], "big") % 31 == 0:
        opener = zlib.decompressobj()
    else:
        return data
    found = opener.decompress(data, LARGEST_BODY + 1)
    if len(found) > LARGEST_BODY:
        raise TooLarge
    if not opener.eof:
        raise zlib.error("it ends too early")
    return found


def exporting(collector: Collector, signal: Signal, door: Door | None) -> Handler:
    """Return the method of one signal; without a *door*, everybody may call it."""

    async def export(data: bytes, context: Any) -> bytes:
        request = signal.request()
        sender = door.behind(context.peer()) if door is not None else Sender.UNKNOWN
        if sender is Sender.STRANGER:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, ONLY)
        CURRENT.set(sender)
        try:
            request.ParseFromString(unpack(data))
            answer = await collector.take(signal, request)
        except TooLarge:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"the message is larger than {LARGEST_BODY} bytes")
        except (DecodeError, Rejected, zlib.error) as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no {signal.name} request: {error}")
        except StoreUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return answer.SerializeToString()

    return export


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
