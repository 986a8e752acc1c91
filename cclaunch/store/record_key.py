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

NOT_COMPARED = frozenset(
    [
        "",
        otel.SENDER,
        *"job severity_number severity_text scope.name scope.version event_name _msg _time _stream _stream_id".split(),
    ]
)
"""
Attributes that nobody sees again where events come back from VictoriaLogs: names of its own, the job of our stack; and our mark
of who sent it: how it came is no part of what it is.
"""

SPELLED = {"NaN": "nan", "+Inf": "inf", "-Inf": "-inf"}
"""What is no number over there -> the same in our store."""

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
    """
    Return attribute -> text of what is compared of *attributes*; what is empty takes nothing away from what it is merged with.

    A map lies in VictoriaLogs as its parts.
    """
    found: dict[str, str] = {}
    for key, value in attributes.items():
        if type(value) is dict:
            found.update(texts_of({f"{key}.{inner}": part for inner, part in value.items()}))
            continue
        text = value if type(value) is str else text_of(value)
        if text and key not in NOT_COMPARED:
            found[key] = SPELLED.get(text, text)
    return found


def record_key(time_ns: int, name: str, body: str, texts: Mapping[str, str]) -> int:
    """
    Return the key of an event: 64 bits, with a sign.

    Args:
        time_ns: When it happened, as it was sent, in nanoseconds; 0 where nothing was sent.
        name: Its name without prefix.
        body: Its body; one that only repeats the name says nothing.
        texts: All of its attributes, as `texts_of` gives them. A list has many spellings: texts that begin like one say nothing.
    """
    said = "" if body == otel.EVENT_PREFIX + name else body
    pairs = [pair for pair in sorted(texts.items()) if pair[1][0] != "["]
    form = PAIR.join([str(time_ns), name, said, *[f"{key}{VALUE}{text}" for key, text in pairs]])
    if form.count(PAIR) != len(pairs) + 2 or form.count(VALUE) != len(pairs):  # somebody sends what separates
        form = json.dumps([time_ns, name, said, pairs])
    return number_of(form)


def again(key: int, ordinal: int) -> int:
    """Return the key of the event that is the *ordinal*-th (from 0) of equals in one export, whose first has *key*."""
    return key if ordinal == 0 else number_of(f"{key}{PAIR}{ordinal}")
