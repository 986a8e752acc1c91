"""
The two encodings of OTLP: bytes into messages and back.

Its JSON is protobuf's but for trace and span ids, which are hexadecimal.
"""

import base64
import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from cclaunch.otlp.signals import Signal

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

ID_KEYS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


class Malformed(Exception):
    """Bytes that are no request: sending them again is no use."""


def parse_request(body: bytes | bytearray, content_type: str, signal: Signal) -> Message:
    """Return the message in *body*. Raises Malformed."""
    message = signal.request()
    try:
        if content_type == PROTOBUF:
            message.ParseFromString(body)  # type: ignore[arg-type]  # any buffer
        else:
            found = json.loads(body or b"{}")
            if not isinstance(found, dict):
                raise ValueError("no JSON object")
            json_format.ParseDict(_with_ids(found), message, ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise Malformed(f"the body is no {signal.name} request: {str(error)[:200]}") from error
    return message


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
    return base64.b64encode(bytes.fromhex(text)).decode("ascii")


def serialise(message: Message, content_type: str) -> bytes:
    """Return *message* in the encoding of *content_type*."""
    if content_type == JSON:
        return json.dumps(json_format.MessageToDict(message)).encode()
    return message.SerializeToString()
