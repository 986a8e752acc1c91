"""
YAML written by us, for programs that want it: the collector, Prometheus, and compose.

Only what is needed of it: mappings, lists, text, numbers and truth values, in block style. A text is quoted unless
it cannot be taken for anything else; one of several lines is written as a literal block, so that a person can read it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9/_.-]*")
WORDS = frozenset("true false yes no on off null y n none inf nan".split())
BLOCK = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]*\n")


def dump(value: Any, *, heading: str = "") -> str:
    """Return *value* as a YAML document; each line of *heading* becomes a comment above it."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _entry(f"{_scalar(str(key))}:", one)
    elif isinstance(value, (list, tuple)) and value:
        for one in value:
            yield from _item(one)
    else:
        yield _scalar(value)


def _entry(head: str, value: Any) -> Iterable[str]:
    """Yield *head* and what belongs to it: beside it when it is one thing, else indented below."""
    if isinstance(value, (Mapping, list, tuple)) and value:
        yield head
        yield from _indented(_lines(value))
    elif isinstance(value, str) and _is_block(value):
        yield f"{head} |"
        yield from _indented(value.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any) -> Iterable[str]:
    if isinstance(value, (Mapping, list, tuple)) and value:
        first, *rest = _lines(value)
        yield f"- {first}"
        yield from _indented(rest)
    else:
        yield from _entry("-", value)


def _indented(lines: Iterable[str]) -> Iterable[str]:
    return (f"  {line}" if line else "" for line in lines)


def _is_block(text: str) -> bool:
    """Say whether *text* can be a literal block: whole lines that keep their first column, and one newline at the end."""
    lines = text.split("\n")
    fits = len(lines) > 2 and lines[-1] == "" and lines[-2] != "" and lines[0] != "" and not lines[0].startswith(" ")
    return fits and all(BLOCK.fullmatch(f"{line}\n") for line in lines)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, (Mapping, list, tuple)):
        return "{}" if isinstance(value, Mapping) else "[]"
    text = str(value)
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS
    return text if plain else "".join(_quoted(text))


def _quoted(text: str) -> Iterable[str]:
    """Yield *text* in double quotes: as JSON has it, but for what is beyond its escapes of four digits."""
    yield '"'
    for character in text:
        yield f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else json.dumps(character)[1:-1]
    yield '"'
