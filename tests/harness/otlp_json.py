"""
OTLP's JSON by protobuf's own reader: the oracle for ours.

The problem it owns: OTLP writes trace and span ids in hexadecimal where protobuf's JSON has base64; all else is the same.
"""

import base64
import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from cclaunch.otlp.encoding import PROTOBUF, parse_request
from cclaunch.otlp.signals import Signal

ID_KEYS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


def message_of(body: bytes | bytearray, kind: str, signal: Signal) -> Message:
    """Return the message in *body*, in either encoding. Raises Malformed, json_format.ParseError, ValueError, TypeError."""
    if kind == PROTOBUF:
        found: Message = parse_request(body, kind, signal)
        return found
    return json_format.ParseDict(_with_ids(json.loads(body or b"{}")), signal.request(), ignore_unknown_fields=True)


def _with_ids(value: Any) -> Any:
    """Return the JSON with trace and span ids as base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in ID_KEYS and isinstance(item, str) else _with_ids(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_ids(item) for item in value]
    return value
