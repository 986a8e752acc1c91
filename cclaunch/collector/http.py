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
from typing import Protocol

from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cclaunch.collector.budget import Arrival, Arrivals
from cclaunch.collector.peer import CURRENT, ONLY, Sender
from cclaunch.otlp.encoding import JSON, PROTOBUF, Malformed, serialise
from cclaunch.otlp.signals import SIGNALS, Rejected, Signal
from cclaunch.otlp.slices import NeverFits
from cclaunch.store.limits import LARGEST_BODY
from cclaunch.store.writer import StoreUnavailable

HOSTS = ("localhost", "127.0.0.1", "[::1]")
OWN_SITES = (b"same-origin", b"none")
"""What a browser says of a request that a person made, or a page of ours; no program but a browser says anything."""

PIECE = 256 << 10
SILENCE_S = 20.0
"""Seconds in which something more of a body must arrive."""

INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE, PERMISSION_DENIED = 3, 5, 8, 12, 14, 7
DEADLINE_EXCEEDED = 4


class Refused(Exception):
    """A request that is answered with an HTTP status and a google.rpc.Status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Collector(Protocol):
    """What the routes need of the collector."""

    arrivals: Arrivals

    async def take(self, signal: Signal, body: bytes | bytearray, kind: str, over: Callable[[], None]) -> Message:
        """Store the request *body* and return the answer, as `intake.Intake.take` does."""

    async def health(self, nonce: str, pid: int, by: str) -> tuple[str, str]:
        """Return (text of the answer, what is wrong or an empty string)."""

    async def exposition(self) -> str:
        """Return the metrics in Prometheus' text format."""


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
    Return the decoded body, whose bytes *arrival* holds. Raises Refused when it is too large, also once decompressed,
    cannot be decoded, or does not come to an end; Busy when there is no room.

    Decompression goes piece by piece with a limit: a small body must not become gigabytes.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    parts = _heard(request.stream())
    if encoding not in ("", "identity"):
        if encoding != "gzip":
            raise Refused(415, INVALID_ARGUMENT, f"content-encoding {encoding} is not supported: send gzip or none")
        parts = _gunzip(parts)
    announced = request.headers.get("content-length", "")
    if encoding != "gzip" and announced.isdigit() and len(announced) < 20 and int(announced) > LARGEST_BODY:
        raise Refused(413, RESOURCE_EXHAUSTED, f"the body is larger than {LARGEST_BODY} bytes")
    found = bytearray()
    async for part in parts:
        if len(found) + len(part) > LARGEST_BODY:
            raise Refused(413, RESOURCE_EXHAUSTED, f"the body is larger than {LARGEST_BODY} bytes")
        await arrival.grow(len(part))
        found += part
    arrival.whole = True
    return found


async def _heard(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield *parts*; raise Refused when the client falls silent, or is gone."""
    following = aiter(parts)
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                part = await anext(following)
        except StopAsyncIteration:
            return
        except ClientDisconnect as error:
            raise Refused(400, INVALID_ARGUMENT, "the body ends too early") from error
        except TimeoutError as error:
            raise Refused(408, DEADLINE_EXCEEDED, f"nothing came for {SILENCE_S:g} s") from error
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
        raise Refused(400, INVALID_ARGUMENT, f"the body is no gzip: {error}") from error
    if started and not opener.eof:
        raise Refused(400, INVALID_ARGUMENT, "the gzip body ends too early")


def content_type_of(request: Request) -> str:
    """Return the media type of the request; raises Refused for one that is not OTLP's."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in (PROTOBUF, JSON):
        raise Refused(415, INVALID_ARGUMENT, f"content-type {found or '(none)'} is not supported: send {PROTOBUF} or {JSON}")
    return found


def exporting(collector: Collector, signal: Signal) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of one signal."""

    async def export(request: Request) -> Response:
        kind = PROTOBUF
        try:
            kind = content_type_of(request)
            if CURRENT.get() is Sender.STRANGER:
                raise Refused(403, PERMISSION_DENIED, ONLY)
            answer = await _taken(collector, signal, request, kind)
        except Refused as refused:
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


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def otlp_app(collector: Collector) -> ASGIApp:
    """Return the application of the OTLP port: the three signals and ``/health``."""

    async def health(request: Request) -> Response:
        asked = request.query_params
        pid = _number(asked.get("pid", ""))
        text, trouble = await collector.health(asked.get("nonce", "")[:64], pid, asked.get("by", "")[:64])
        return Response(text, 503 if trouble else 200, media_type="text/plain")

    routes = [Route(f"/v1/{signal.name}", exporting(collector, signal), methods=["POST"]) for signal in SIGNALS]
    return _guarded(Starlette(routes=[*routes, Route("/health", health, methods=["GET"])]))


def metrics_app(collector: Collector) -> ASGIApp:
    """Return the application of the metrics port."""

    async def metrics(request: Request) -> Response:
        return Response(await collector.exposition(), media_type="text/plain; version=0.0.4")

    async def index(request: Request) -> Response:
        return Response("cclaunch: /metrics\n", media_type="text/plain")

    return _guarded(Starlette(routes=[Route("/metrics", metrics, methods=["GET"]), Route("/", index, methods=["GET"])]))


def _guarded(app: ASGIApp) -> ASGIApp:
    """
    Return *app* behind a look at who asks: a name that was rebound to loopback, or a web page, gets nothing.

    A page's images and forms name no Origin; a browser says of them, too, that they come from another site.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            host = headers.get(b"host", b"").decode("latin-1").lower()
            name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
            if name not in HOSTS or b"origin" in headers or headers.get(b"sec-fetch-site", b"none").lower() not in OWN_SITES:
                text = "only programs on this machine are served, by the name of localhost\n"
                await Response(text, 403, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return guard
