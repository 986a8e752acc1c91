"""
OTLP's JSON, read without protobuf's reader: what a field may hold, by protobuf's own descriptors.

The problem it owns: protobuf's JSON reader is written for every message there is, and costs five times what the rest of a
request does. Here the rules are the same (lowerCamelCase and snake_case, whole numbers also as texts, null for what is
unset, unknown keys passed over) and in one place; OTLP's own are trace and span ids in hexadecimal. What comes out are
plain dictionaries: name of the field -> value, without those that were not sent.
"""

import base64
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

DEEPEST = 100
"""Messages within one another, as protobuf has it."""

SURROGATE = re.compile("[\ud800-\udfff]")
IDS = ("trace_id", "span_id", "parent_span_id")

LOWEST_32, LOWEST_64 = -(1 << 31), -(1 << 63)
RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (LOWEST_32, -LOWEST_32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (LOWEST_64, -LOWEST_64 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}

Read = Callable[[Any, int], Any]
"""Reads the JSON of a value that lies so many messages deep. Raises Wrong."""


class Wrong(ValueError):
    """JSON that a field cannot hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""

    def below(self, step: str) -> "Wrong":
        """Return it, told from one level further out."""
        self.path = f"{step}{self.path}" if self.path[:1] in ("", "[") else f"{step}.{self.path}"
        return self

    def __str__(self) -> str:
        """Return where it is and what is wrong with it."""
        return f"{self.path}: {self.reason}" if self.path else self.reason


class Field(NamedTuple):
    """One field: its *name*, what reads it, and the group of which only one may be sent (empty for none)."""

    name: str
    read: Read
    group: str


Fields = Mapping[str, Field]
"""Key, in either spelling -> field."""


def message(json: Any, fields: Fields, depth: int) -> dict[str, Any]:
    """Return what is sent of the *fields* in the object *json*, a message that is the *depth*-th from outside. Raises Wrong."""
    if type(json) is not dict:
        raise Wrong("no object")
    if depth > DEEPEST:
        raise Wrong("it is nested too deeply")
    found: dict[str, Any] = {}
    groups = set()
    for key, value in json.items():
        field = fields.get(key)
        if field is None:
            continue
        name, read, group = field
        if value is None:
            found.pop(name, None)
            continue
        if group:
            if group in groups:
                raise Wrong(f"more than one {group}")
            groups.add(group)
        try:
            found[name] = read(value, depth)
        except Wrong as wrong:
            raise wrong.below(key) from None
    return found


def items(json: Any, read: Read, depth: int) -> list[Any]:
    """Return the items of the array *json*. Raises Wrong."""
    if type(json) is not list:
        raise Wrong("no array")
    found: list[Any] = []
    try:
        for item in json:
            if item is None:
                raise Wrong("null in an array")
            found.append(read(item, depth))
    except Wrong as wrong:
        raise wrong.below(f"[{len(found)}]") from None
    return found


def shown(value: Any) -> str:
    """Return a JSON value for a sentence."""
    return ascii(value)[:40]


def whole(value: Any, least: int, most: int) -> int:
    """Return a whole number, sent as one or as text. Raises Wrong."""
    found = value
    if type(value) is str:
        found = _whole_of(value)
    elif type(value) is float and value.is_integer():
        found = int(value)
    if type(found) is not int:
        raise Wrong(f"no whole number: {shown(value)}")
    if not least <= found <= most:
        raise Wrong(f"out of range: {shown(value)}")
    return found


def _whole_of(value: str) -> int | None:
    if " " in value:
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        found = float(value)
    except ValueError:
        return None
    return int(found) if found.is_integer() else None


def number(value: Any, depth: int = 0) -> float:
    """Return a double; one that is not finite comes as text. Raises Wrong."""
    del depth
    if type(value) not in (float, int, str, bool) or value == "nan":
        raise Wrong(f"no number: {shown(value)}")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise Wrong(f"no number: {shown(value)}") from None
    if type(value) is float and not math.isfinite(found):
        raise Wrong(f"no finite number: {shown(value)}")
    return found


def string(value: Any, depth: int = 0) -> str:
    """Return a text. Raises Wrong."""
    del depth
    if type(value) is not str:
        raise Wrong(f"no text: {shown(value)}")
    if not value.isascii() and SURROGATE.search(value):
        raise Wrong("a text with half a character")
    return value


def boolean(value: Any, depth: int = 0) -> bool:
    """Return true or false. Raises Wrong."""
    del depth
    if type(value) is not bool:
        raise Wrong(f"neither true nor false: {shown(value)}")
    return value


def octets(value: Any, depth: int = 0) -> bytes:
    """Return bytes, sent in base64 of either alphabet. Raises Wrong."""
    encoded = string(value, depth).encode()
    try:
        return base64.urlsafe_b64decode(encoded + b"=" * (4 - len(encoded) % 4))
    except ValueError:
        raise Wrong(f"no base64: {shown(value)}") from None


def identity(value: Any, depth: int = 0) -> bytes:
    """Return a trace or span id, sent in hexadecimal. Raises Wrong."""
    try:
        return bytes.fromhex(string(value, depth))
    except ValueError:
        raise Wrong(f"no hexadecimal: {shown(value)}") from None


def fields_of(descriptor: Descriptor, special: Mapping[str, Read]) -> dict[str, Field]:
    """Return the fields of a message by both spellings of their keys; *special*: full name of a message -> what reads it."""
    return _fields_of(descriptor, special, {})


def _fields_of(descriptor: Descriptor, special: Mapping[str, Read], known: dict[str, dict[str, Field]]) -> dict[str, Field]:
    if descriptor.full_name in known:
        return known[descriptor.full_name]
    found = known[descriptor.full_name] = {}
    for one in descriptor.fields:
        field = Field(one.name, _reader(one, special, known), one.containing_oneof.name if one.containing_oneof else "")
        found[one.name] = found[one.json_name] = field
    return found


def _reader(field: FieldDescriptor, special: Mapping[str, Read], known: dict[str, dict[str, Field]]) -> Read:
    """Return what reads a field, of which there may be many."""
    below = field.message_type
    if below is not None and below.full_name in special:
        read = special[below.full_name]
    elif below is not None:
        inner = _fields_of(below, special, known)
        read = lambda value, depth: message(value, inner, depth + 1)  # noqa: E731
    else:
        read = _scalar(field)
    if is_repeated(field):
        return lambda value, depth: items(value, read, depth)
    return read


def is_repeated(field: FieldDescriptor) -> bool:
    """Say whether there may be many of *field*; releases of protobuf that know the word ask for it."""
    known = getattr(field, "is_repeated", None)
    return bool(getattr(field, "label", None) == FieldDescriptor.LABEL_REPEATED if known is None else known)


def _scalar(field: FieldDescriptor) -> Read:
    kind = field.cpp_type
    if kind in RANGES:
        least, most = RANGES[kind]
        return lambda value, depth: whole(value, least, most)
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return boolean
    if field.enum_type is not None:
        return _enumerated(field.enum_type)
    if field.type == FieldDescriptor.TYPE_STRING:
        return string
    return identity if field.name in IDS else octets


def _enumerated(kind: EnumDescriptor) -> Read:
    """Return what reads an enum: its number, as OTLP has it, or the name that protobuf writes; an unknown name says nothing."""
    numbers = {one.name: one.number for one in kind.values}

    def read(value: Any, depth: int) -> int:
        del depth
        if type(value) is str and value in numbers:
            return numbers[value]
        if type(value) not in (int, float, str, bool):
            raise Wrong(f"no number: {shown(value)}")
        try:
            found = int(value)
        except ValueError:
            return 0
        except OverflowError:
            raise Wrong(f"no number: {shown(value)}") from None
        return whole(found, *RANGES[FieldDescriptor.CPPTYPE_INT32])

    return read
