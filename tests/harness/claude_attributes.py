"""
How Claude Code reads OTEL_RESOURCE_ATTRIBUTES: a model of the parsers of its releases.

The problem it owns: what a launcher writes there must arrive unchanged, and a property over any text needs
thousands of answers, which no real claude gives in time. ``real/test_real_attributes.py`` holds the model
against the real ones. Pure.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

OLD = "2.1.197"
"""The release with one parser for all; every other one is taken to have two."""

LONGEST = 255
MOST_ON_AN_EVENT = 128
BLANK = "".join(
    map(chr, (*range(0x09, 0x0E), 0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF))
)
"""What JavaScript's ``trim`` takes away; Python's ``strip`` knows other characters."""

RAW = frozenset(map(chr, range(0x21, 0x7F))) - set(",;\\")
"""What may stand unencoded in a key or value, where the parser is a strict one."""

HEX = frozenset("0123456789abcdefABCDEF")

Rule = Callable[[str, str], tuple[str, str] | None]
"""A key and a value as they are written -> the pair that is kept, or None."""


class Arrived(NamedTuple):
    """What comes of one text: the attributes on the resource, and their copies on points and events."""

    resource: dict[str, str]
    copies: dict[str, str]


def arrives(version: str, text: str) -> Arrived:
    """Return what release *version* makes of *text*, before claude's own attributes are laid over or under it."""
    if version == OLD:
        found = all_or_nothing(text)
        return Arrived(found, found)
    return Arrived(one_by_one(text, lenient), one_by_one(text, strict))


def on_resource(version: str, text: str, own: Mapping[str, object], service_name: str = "") -> dict[str, object]:
    """
    Return the whole resource: there, what a person writes beats what claude knows.

    Args:
        version: The release.
        text: OTEL_RESOURCE_ATTRIBUTES.
        own: The resource of a claude without any attributes.
        service_name: OTEL_SERVICE_NAME.
    """
    named = {"service.name": service_name} if service_name else {}
    return {**own, **arrives(version, text).resource, **named}


def on_record(version: str, text: str, own: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes of a point, or of an event that stays below its limit; *own* are those it has anyway."""
    return {**arrives(version, text).copies, **own}


def all_or_nothing(text: str) -> dict[str, str]:
    """Read as the old release does: an item without exactly one ``=`` is skipped, any other fault drops everything."""
    found: dict[str, str] = {}
    for item in text.split(","):
        parts = item.split("=")
        if len(parts) != 2:
            continue
        pair = strict(*parts)
        if pair is None:
            return {}
        found[pair[0]] = pair[1]
    return found


def one_by_one(text: str, rule: Rule) -> dict[str, str]:
    """Read as the newer releases do: an item that breaks the *rule* is dropped alone."""
    pairs = (rule(*parts) for item in text.split(",") if len(parts := item.split("=")) == 2)
    return dict(pair for pair in pairs if pair)


def strict(key: str, value: str) -> tuple[str, str] | None:
    """Return the pair by the rule for points and events (in the old release for all), or None: what is encoded counts."""
    key, value = key.strip(BLANK), _unquoted(value.strip(BLANK))
    if not key or any(len(part) > LONGEST or not RAW.issuperset(part) for part in (key, value)):
        return None
    plain = decode(value)
    return None if plain is None else (key, plain)


def lenient(key: str, value: str) -> tuple[str, str] | None:
    """Return the pair by the newer releases' rule for the resource, or None: any character, and what is decoded counts."""
    plain = decode(key.strip(BLANK)), decode(value.strip(BLANK))
    if not plain[0] or plain[1] is None or max(units(part) for part in plain if part) > LONGEST:
        return None
    return plain[0], plain[1]


def decode(text: str) -> str | None:
    """Return *text* as JavaScript's ``decodeURIComponent`` does; None where that throws."""
    if any(not (len(part) > 1 and HEX.issuperset(part[:2])) for part in text.split("%")[1:]):
        return None
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return None


def units(text: str) -> int:
    """Return the length of *text* as JavaScript counts it: in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unquoted(value: str) -> str:
    """Return *value* without a double quote at its start and one at its end; each goes alone."""
    return value.removeprefix('"').removesuffix('"')
