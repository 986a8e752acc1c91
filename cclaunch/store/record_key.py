"""
One form of an event, whichever way it came, and the number that tells it from all others.

The problem it owns: an export is sent again after its answer was lost, also to another backend, and VictoriaLogs keeps
texts only. So what is compared is what every way has in common: time, name, and the attributes as VictoriaLogs keeps
them. Ids that others give out (of requests, of messages) are parts of it like all attributes, and never keys.
"""

import json
from _blake2 import blake2b  # `hashlib` is more than usage needs
from collections.abc import Mapping
from typing import Any

from cclaunch import otel

JOB = ("job", "claude")
"""The collector of the Docker stack adds it to every event, for dashboards that expect it."""

LONGEST_NAME = 128
"""Bytes of an attribute's name that VictoriaLogs keeps."""

SHORT = LONGEST_NAME // 4
"""Characters of a name that is no longer than that, whatever they are."""

PAIR, VALUE = "\x02", "\x01"


def number_of(text: str) -> int:
    """Return 64 bits of the hash of *text*, as SQLite keeps them: a number with a sign."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def text_of(value: Any) -> str:
    """Return the text that VictoriaLogs keeps of an attribute's value; an empty one where it keeps nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        return (_without_exponent(text) if "e" in text else text).removesuffix(".0")
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _without_exponent(text: str) -> str:
    from decimal import Decimal  # few numbers have one

    return format(Decimal(text), "f")


def texts_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return attribute -> text of what is compared; an empty text takes the attribute away from what it is merged with."""
    found = {key: value if type(value) is str else text_of(value) for key, value in attributes.items()}
    if found.get(JOB[0]) == JOB[1]:
        del found[JOB[0]]
    found.pop(otel.SENDER, None)  # a mark of ours: how it came is no part of what it is
    return found


def record_key(time_ns: int, name: str, body: str, texts: Mapping[str, str]) -> int:
    """
    Return the key of an event: 64 bits, with a sign.

    Args:
        time_ns: When it happened, as it was sent, in nanoseconds; 0 where nothing was sent.
        name: Its name without prefix.
        body: Its body; one that only repeats the name says nothing.
        texts: All of its attributes, as `texts_of` gives them.
    """
    said = "" if body == otel.EVENT_PREFIX + name else body
    pairs = [f"{key}{VALUE}{text}" for key in sorted(texts) if (text := texts[key]) and (len(key) <= SHORT or _is_kept(key))]
    return number_of(PAIR.join([str(time_ns), name, said, *pairs]))


def _is_kept(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME


def again(key: int, ordinal: int) -> int:
    """Return the key of the event that is the *ordinal*-th (from 0) of equals in one export, whose first has *key*."""
    return key if ordinal == 0 else number_of(f"{key}{PAIR}{ordinal}")
