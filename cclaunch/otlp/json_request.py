"""
A request in JSON as plain dictionaries: name of the field -> value, with attributes as pairs of name and plain value.

The problem it owns: attributes are nearly all of a request, so they are read by hand; the rest goes by the descriptors
(`fields`). What is wrong with a request is told with its place in it.
"""

import base64
import json
import math
from typing import Any

from google.protobuf.descriptor import Descriptor
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

from cclaunch.otlp.fields import DEEPEST, Field, Read, Wrong, boolean, fields_of, items, message, number, octets, string, whole
from cclaunch.store.rows import Value

Pair = tuple[str, Value]


def parse(body: bytes | bytearray, fields: dict[str, Field]) -> dict[str, Any]:
    """Return the request in *body*, which has *fields*. Raises ValueError, RecursionError."""
    return message(json.loads(body.decode("utf-8-sig") or "{}"), fields, 1)


def request_fields(descriptor: Descriptor) -> dict[str, Field]:
    """Return the fields of a request."""
    return fields_of(descriptor, {AnyValue.DESCRIPTOR.full_name: any_value, KeyValue.DESCRIPTOR.full_name: _pair})


def any_value(value: Any, depth: int) -> Value:
    """Return a value of any kind as something JSON can hold, as `messages.plain` does. Raises Wrong."""
    if type(value) is not dict:
        raise Wrong("no object")
    if depth >= DEEPEST:
        raise Wrong("it is nested too deeply")
    found: Value = None
    sent = False
    for kind, inner in value.items():
        read = KINDS.get(kind)
        if read is None or inner is None:
            continue
        if sent:
            raise Wrong("more than one value")
        sent = True
        try:
            found = read(inner, depth + 1)
        except Wrong as wrong:
            raise wrong.below(kind) from None
    return found


def _pair(value: Any, depth: int) -> Pair:
    if type(value) is dict and len(value) == 2 and type(key := value.get("key")) is str and key.isascii():
        inner = value.get("value")
        if type(inner) is dict and len(inner) == 1:
            text = inner.get("stringValue")
            if type(text) is str and text.isascii() and depth < DEEPEST - 1:
                return key, text
    made = message(value, PAIR, depth + 1)
    return made.get("key", ""), made.get("value")


def _double(value: Any, depth: int) -> Value:
    found = number(value, depth)
    return found if math.isfinite(found) else repr(found)


def _array(value: Any, depth: int) -> Value:
    return list(message(value, ARRAY, depth + 1).get("values", ()))


def _map(value: Any, depth: int) -> Value:
    return dict(message(value, MAP, depth + 1).get("values", ()))


def _bytes(value: Any, depth: int) -> Value:
    return base64.b64encode(octets(value, depth)).decode("ascii")


def _integer(value: Any, depth: int) -> Value:
    del depth
    return whole(value, -(1 << 63), (1 << 63) - 1)


def _nothing(value: Any, depth: int) -> Value:
    """Take a number that stands for a text of a table that we do not have."""
    del depth
    whole(value, -(1 << 31), (1 << 31) - 1)
    return None


READERS: dict[str, Read] = {
    "string_value": string,
    "bool_value": boolean,
    "int_value": _integer,
    "double_value": _double,
    "array_value": _array,
    "kvlist_value": _map,
    "bytes_value": _bytes,
}
KINDS: dict[str, Read] = {
    key: READERS.get(one.name, _nothing) for one in AnyValue.DESCRIPTOR.fields for key in (one.name, one.json_name)
}
PAIR = fields_of(KeyValue.DESCRIPTOR, {AnyValue.DESCRIPTOR.full_name: any_value})
MAP = fields_of(KeyValueList.DESCRIPTOR, {KeyValue.DESCRIPTOR.full_name: _pair})
ARRAY = {"values": Field("values", lambda value, depth: items(value, any_value, depth), "")}
