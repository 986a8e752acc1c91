"""
The two encodings of OTLP: bytes into requests, and answers back.
"""

import json
from typing import Any

from google.protobuf.message import DecodeError, Message

from cclaunch.otlp import json_request
from cclaunch.otlp.signals import Signal

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


class Malformed(Exception):
    """Bytes that are no request: sending them again is no use."""


def parse_request(body: bytes | bytearray, content_type: str, signal: Signal) -> Any:
    """Return the request in *body*: a message, or the dictionary that JSON becomes (`json_request`). Raises Malformed."""
    try:
        if content_type == PROTOBUF:
            message = signal.request()
            message.ParseFromString(body)  # type: ignore[arg-type]  # any buffer
            return message
        return json_request.parse(body, signal.fields)
    except (DecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"the body is no {signal.name} request: {str(error)[:200]}") from error


def serialise(answer: Message, content_type: str) -> bytes:
    """Return *answer*, which has a partial success or nothing, in the encoding of *content_type*."""
    if content_type != JSON:
        return answer.SerializeToString()
    partial = {}
    for _, success in answer.ListFields():
        for field, value in success.ListFields():
            partial[field.json_name] = str(value)  # a count has 64 bits, and is a text in JSON
        return json.dumps({"partialSuccess": partial}).encode()
    return b"{}"
