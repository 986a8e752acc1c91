"""
OTLP over HTTP, ``/health`` and ``/metrics``: the protocol's rules on a well-kept server.

Answers come in the type of the request; what can succeed later is 503, what never will is 400; a body
is measured after decompression. Only loopback names are served and no browser page is: any web site may
send requests to localhost.
"""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cclaunch.collector.peer import CURRENT, ONLY, Sender
from cclaunch.collector.signals import SIGNALS, Rejected, Signal
from cclaunch.store.writer import StoreUnavailable

LARGEST_BODY = 64 << 20
LARGE_JSON = 128 << 10
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
HOSTS = ("localhost", "127.0.0.1", "[::1]")

INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE, PERMISSION_DENIED = 3, 5, 8, 12, 14, 7


class Refused(Exception):
    """A request that is answered with an HTTP status and a google.rpc.Status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Collector(Protocol):
    """What the routes need of the collector."""

    async def take(self, signal: Signal, request: Message) -> Message:
        """Store *request* and return the answer. Raises StoreUnavailable."""

    async def health(self, nonce: str, pid: int) -> tuple[str, str]:
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


async def body_of(request: Request) -> bytes:
    """
    Return the decoded body. Raises Refused when it is too large, also once decompressed, or cannot be decoded.

    Decompression goes piece by piece with a limit: a small body must not become gigabytes.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return await _gather(request.stream())
    if encoding != "gzip":
        raise Refused(415, INVALID_ARGUMENT, f"content-encoding {encoding} is not supported: send gzip or none")
    return await _gather(_gunzip(request.stream()))


async def _gather(parts: AsyncIterator[bytes]) -> bytes:
    found = bytearray()
    async for part in parts:
        found += part
        if len(found) > LARGEST_BODY:
            raise Refused(413, RESOURCE_EXHAUSTED, f"the body is larger than {LARGEST_BODY} bytes")
    return bytes(found)


async def _gunzip(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    opener = zlib.decompressobj(wbits=31)
    started = False
    try:
        async for part in parts:
            rest = part
            while rest:
                if opener.eof:
                    opener = zlib.decompressobj(wbits=31)
                started = True
                yield opener.decompress(rest, 1 << 20)
                rest = opener.unconsumed_tail or opener.unused_data
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


def parse(body: bytes, content_type: str, signal: Signal) -> Message:
    """Return the message in *body*. Raises Refused with 400 for bytes that are none."""
    message = signal.request()
    try:
        if content_type == PROTOBUF:
            message.ParseFromString(body)
        else:
            found = json.loads(body or b"{}")
            if not isinstance(found, dict):
                raise ValueError("no JSON object")
            json_format.ParseDict(_with_ids(found), message, ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise Refused(400, INVALID_ARGUMENT, f"the body is no {signal.name} request: {str(error)[:200]}") from error
    return message


ID_KEYS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


def _with_ids(value: Any) -> Any:
    """Return the JSON with trace and span ids as base64: OTLP writes them in hexadecimal, protobuf's JSON does not."""
    if isinstance(value, dict):
        return {
            key: _base64(item) if key in ID_KEYS and isinstance(item, str) else _with_ids(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_ids(item) for item in value]
    return value


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(text)).decode("ascii")


def serialise(message: Message, content_type: str) -> bytes:
    """Return *message* in the encoding of *content_type*."""
    if content_type == JSON:
        return json.dumps(json_format.MessageToDict(message)).encode()
    return message.SerializeToString()


def exporting(collector: Collector, signal: Signal) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of one signal."""

    async def export(request: Request) -> Response:
        kind = PROTOBUF
        try:
            kind = content_type_of(request)
            if CURRENT.get() is Sender.STRANGER:
                raise Refused(403, PERMISSION_DENIED, ONLY)
            body = await body_of(request)
            if kind == JSON and len(body) > LARGE_JSON:  # reading it would hold up everybody else
                message = await asyncio.to_thread(parse, body, kind, signal)
            else:
                message = parse(body, kind, signal)
            answer = await collector.take(signal, message)
        except Refused as refused:
            return Response(status_message(refused.code, refused.message, kind), refused.status, media_type=kind)
        except Rejected as refused:
            return Response(status_message(INVALID_ARGUMENT, str(refused), kind), 400, media_type=kind)
        except StoreUnavailable as error:
            body = status_message(UNAVAILABLE, str(error), kind)
            return Response(body, 503, {"retry-after": "1"}, media_type=kind)
        return Response(serialise(answer, kind), 200, media_type=kind)

    return export


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def otlp_app(collector: Collector) -> ASGIApp:
    """Return the application of the OTLP port: the three signals and ``/health``."""

    async def health(request: Request) -> Response:
        nonce = request.query_params.get("nonce", "")[:64]
        text, trouble = await collector.health(nonce, _number(request.query_params.get("pid", "")))
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
    """Return *app* behind a look at Host and Origin: a name that was rebound to loopback, or a web page, gets nothing."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            host = headers.get(b"host", b"").decode("latin-1").lower()
            name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
            if name not in HOSTS or b"origin" in headers:
                text = "only programs on this machine are served, by the name of localhost\n"
                await Response(text, 403, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return guard
