"""
Members of a JSON object in a text, put in and taken out as text: nothing else of it is touched.

Claude's settings file is written by a hand and by claude in turn. What a parser and a printer would make of it (another
order, other spaces, another spelling of the same number) is a change that nobody asked for.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch.files.claude_json import DECODER, read_value, skip


class NotJson(ValueError):
    """The text is not one JSON object; *line* is where that shows."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Member(NamedTuple):
    """A member of an object: its *key* and *value*, where it begins (*start*), its value begins (*at*), and it *ends*."""

    key: str
    value: Any
    start: int
    at: int
    end: int


class Object(NamedTuple):
    """An object in a text: where its braces stand (*start*, and *end* behind the closing one), and its *members*."""

    start: int
    end: int
    members: list[Member]

    def last(self, key: str) -> Member | None:
        """Return the member that counts: the last one of that *key*."""
        return next((member for member in reversed(self.members) if member.key == key), None)


def read_object(text: str) -> Object:
    """Return the one object that *text* is. Raises NotJson."""
    start = skip(text, 1 if text.startswith("\ufeff") else 0)
    try:
        if text[start : start + 1] != "{":
            raise json.JSONDecodeError("it is not an object", text, start)
        found = _object(text, start)
        if (end := skip(text, found.end)) != len(text):
            raise json.JSONDecodeError("there is more behind the object", text, end)
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno) from error
    return found


def _object(text: str, start: int) -> Object:
    at = skip(text, start + 1)
    members: list[Member] = []
    if text[at : at + 1] == "}":
        return Object(start, at + 1, members)
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("a name in double quotes is expected", text, at)
        key, after = DECODER.raw_decode(text, at)
        colon = skip(text, after)
        if text[colon : colon + 1] != ":":
            raise json.JSONDecodeError("a colon is expected", text, colon)
        value_at = skip(text, colon + 1)
        try:
            value, end = read_value(text, value_at)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error), text, value_at) from error
        members.append(Member(key, value, at, value_at, end))
        at = skip(text, end)
        if text[at : at + 1] == "}":
            return Object(start, at + 1, members)
        if text[at : at + 1] != ",":
            raise json.JSONDecodeError("a comma or a closing brace is expected", text, at)
        at = skip(text, at + 1)


def inner(text: str, member: Member) -> Object:
    """Return the object that is the value of *member*. Raises NotJson when it is none."""
    if not isinstance(member.value, dict):
        raise NotJson(f"`{member.key}` is not an object", text.count("\n", 0, member.at) + 1)
    return _object(text, member.at)


def put_members(text: str, found: Object, values: Mapping[str, str]) -> str:
    """Return *text* with *values* as new members at the end of *found*, laid out as its last member is."""
    made = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
    return put_raw(text, found, made)


def put_raw(text: str, found: Object, made: list[str]) -> str:
    """Return *text* with the members *made* (as text) at the end of *found*."""
    if found.members:
        last = found.members[-1]
        before = found.members[-2].end if len(found.members) > 1 else found.start
        gap = text[before + 1 : last.start] if len(found.members) == 1 else text[text.index(",", before) + 1 : last.start]
        return text[: last.end] + "".join(f",{gap}{one}" for one in made) + text[last.end :]
    outer = _indentation(text, found.start)
    if "\n" not in text:
        return f"{text[: found.start]}{{{', '.join(made)}}}{text[found.end :]}"
    end = "\r\n" if "\r\n" in text else "\n"
    unit = outer or "  "
    lines = f",{end}".join(f"{outer}{unit}{one}" for one in made)
    return f"{text[: found.start]}{{{end}{lines}{end}{outer}}}{text[found.end :]}"


def _indentation(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def set_value(text: str, member: Member, value: str) -> str:
    """Return *text* with *value* in the place of the one of *member*."""
    return text[: member.at] + json.dumps(value) + text[member.end :]


def take_member(text: str, found: Object, key: str) -> str:
    """Return *text* without the last member *key* of *found*, and without the comma and the blanks that went with it."""
    place = next(place for place in reversed(range(len(found.members))) if found.members[place].key == key)
    member = found.members[place]
    if place > 0:
        return text[: found.members[place - 1].end] + text[member.end :]
    if len(found.members) > 1:
        return text[: member.start] + text[found.members[1].start :]
    return text[: found.start] + "{}" + text[found.end :]
