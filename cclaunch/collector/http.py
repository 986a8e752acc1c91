"""
OTLP over HTTP, ``/health`` and ``/metrics``: the protocol's rules on a well-kept server.

Answers come in the type of the request; what can succeed later is 503, what never will is 400; a body
is measured after decompression. Only loopback names are served and no browser page is: any web site may
send requests to localhost.
"""

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

from google.protobuf.message import Message
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cclaunch.collector.budget import Arrival
from cclaunch.collector.peer import ONLY
from cclaunch.collector.protocol import Collector
from cclaunch.otlp.encoding import JSON, PROTOBUF, Malformed, serialise
from cclaunch.otlp.signals import Rejected, Signal
from cclaunch.otlp.slices import NeverFits
from cclaunch.serving.peer import CURRENT, Sender
from cclaunch.store.limits import LARGEST_BODY
from cclaunch.store.write_queue import StoreUnavailable

PIECE = 256 << 10
SILENCE_S = 20.0
"""Seconds in which something more of a body must arrive."""

INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE, PERMISSION_DENIED = 3, 8, 14, 7
DEADLINE_EXCEEDED = 4


class RequestRefused(Exception):
    """A request that is answered with an HTTP status and a google.rpc.Status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def status_message(code: int, message: str, content_type: str) -> bytes:
    """Return a google.rpc.Status in the encoding of *content_type*; two fields are not worth a dependency."""
    if content_type == JSON:
        return json.dumps({"code": code, "message": message}).encode()
    text = message.encode()
    length = bytearray()
    size = len(text)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((0x08, code, 0x12)) + bytes(length) + text


async def body_of(request: Request, arrival: Arrival) -> bytearray:
    """
    Return the decoded body, whose bytes *arrival* holds. Raises RequestRefused when it is too large, also once decompressed,
    cannot be decoded, or does not come to an end; Busy when there is no room.

    Decompression goes piece by piece with a limit: a small body must not become gigabytes.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    parts = _heard(request.stream())
    if encoding not in ("", "identity"):
        if encoding != "gzip":
            raise RequestRefused(415, INVALID_ARGUMENT, f"content-encoding {encoding} is not supported: send gzip or none")
        parts = _gunzip(parts)
    announced = request.headers.get("content-length", "")
    if encoding != "gzip" and announced.isdigit() and len(announced) < 20 and int(announced) > LARGEST_BODY:
        raise RequestRefused(413, RESOURCE_EXHAUSTED, f"the body is larger than {LARGEST_BODY} bytes")
    found = bytearray()
    async for part in parts:
        if len(found) + len(part) > LARGEST_BODY:
            raise RequestRefused(413, RESOURCE_EXHAUSTED, f"the body is larger than {LARGEST_BODY} bytes")
        await arrival.grow(len(part))
        found += part
    arrival.whole = True
    return found


async def _heard(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield *parts*; raise RequestRefused when the client falls silent, or is gone."""
    following = aiter(parts)
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                part = await anext(following)
        except StopAsyncIteration:
            return
        except ClientDisconnect as error:
            raise RequestRefused(400, INVALID_ARGUMENT, "the body ends too early") from error
        except TimeoutError as error:
            raise RequestRefused(408, DEADLINE_EXCEEDED, f"nothing came for {SILENCE_S:g} s") from error
        yield part


async def _gunzip(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield *parts* unpacked, with a turn for others between the pieces."""
    opener = zlib.decompressobj(wbits=31)
    started = False
    try:
        async for part in parts:
            rest = part
            while rest:
                if opener.eof:
                    opener = zlib.decompressobj(wbits=31)
                started = True
                yield opener.decompress(rest, PIECE)
                rest = opener.unconsumed_tail or opener.unused_data
                await asyncio.sleep(0)
    except zlib.error as error:
        raise RequestRefused(400, INVALID_ARGUMENT, f"the body is no gzip: {error}") from error
    if started and not opener.eof:
        raise RequestRefused(400, INVALID_ARGUMENT, "the gzip body ends too early")


def content_type_of(request: Request) -> str:
    """Return the media type of the request; raises RequestRefused for one that is not OTLP's."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in (PROTOBUF, JSON):
        raise RequestRefused(
            415, INVALID_ARGUMENT, f"content-type {found or '(none)'} is not supported: send {PROTOBUF} or {JSON}"
        )
    return found


def exporting(collector: Collector, signal: Signal) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of one signal."""

    async def export(request: Request) -> Response:
        kind = PROTOBUF
        try:
            kind = content_type_of(request)
            if CURRENT.get() is Sender.STRANGER:
                raise RequestRefused(403, PERMISSION_DENIED, ONLY)
            answer = await _taken(collector, signal, request, kind)
        except RequestRefused as refused:
            return Response(status_message(refused.code, refused.message, kind), refused.status, media_type=kind)
        except NeverFits as refused:
            return Response(status_message(RESOURCE_EXHAUSTED, str(refused), kind), 413, media_type=kind)
        except (Malformed, Rejected) as refused:
            return Response(status_message(INVALID_ARGUMENT, str(refused), kind), 400, media_type=kind)
        except StoreUnavailable as error:
            body = status_message(UNAVAILABLE, str(error), kind)
            return Response(body, 503, {"retry-after": "1"}, media_type=kind)
        return Response(serialise(answer, kind), 200, media_type=kind)

    return export


async def _taken(collector: Collector, signal: Signal, request: Request, kind: str) -> Message:
    """Read the body and have it stored. Raises what either raises."""
    reading = asyncio.current_task()
    arrival = collector.arrivals.arrive(reading.cancel if reading else int)
    try:
        body = await body_of(request, arrival)
    except BaseException as error:
        arrival.close()
        if arrival.evicted and isinstance(error, asyncio.CancelledError):
            if reading:
                reading.uncancel()
            raise StoreUnavailable("too much arrives at once") from error
        raise

    def over() -> None:
        arrival.close()
        with contextlib.suppress(BufferError):
            body.clear()  # whoever still knows of it

    return await collector.take(signal, body, kind, over)
