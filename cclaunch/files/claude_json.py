"""
JSON as claude reads it: which bytes say something to claude, and what.

A settings file that claude obeys and a reader of ours refuses would beat a launch unseen. Python's own reader sees less than
JavaScript's ``JSON.parse`` behind a forgiving decoder: no UTF-16, no byte that is not UTF-8, no integer of over 4,300 digits,
no nesting of a thousand; and it sees more (``NaN``). ``tests/harness/settings_forms.py`` holds this model to the real claudes.
"""

import re
from json import JSONDecodeError
from json.decoder import JSONDecoder
from typing import Any

UTF_16_MARK = b"\xff\xfe"
BYTE_ORDER_MARK = "\ufeff"
BLANKS = re.compile(r"[ \t\n\r]*")

STEPS = 10_000
"""Values that are taken one by one where Python's reader nests too deeply for itself: about 50 ms."""

LARGEST_PLAIN = 21
SMALLEST_PLAIN = -6
"""Between 1e-6 and 1e21 JavaScript writes a number without an exponent."""


def decode_json(data: bytes) -> str:
    """Return the text that claude makes of *data*: what is not text is replaced, one byte order mark is dropped."""
    if data.startswith(UTF_16_MARK):
        return data[2 : len(data) & ~1].decode("utf-16-le", "surrogatepass")
    return data.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)


def decode_exactly(data: bytes) -> tuple[str, str]:
    """
    Return (text, codec) of *data*, such that ``encode_exactly`` gives *data* again. A byte order mark stays.

    The text is another than ``decode_json``'s only inside of what is no text, and before it.
    """
    if not data.startswith(UTF_16_MARK):
        return data.decode("utf-8", "surrogateescape"), "utf-8"
    if len(data) % 2:
        raise JSONDecodeError("UTF-16 with an odd number of bytes", "", 0)
    return data.decode("utf-16-le", "surrogatepass"), "utf-16-le"


def encode_exactly(text: str, codec: str) -> bytes:
    """Return the bytes of *text*, which ``decode_exactly`` gave with *codec*."""
    return text.encode(codec, "surrogateescape" if codec == "utf-8" else "surrogatepass")


def loads(text: str) -> Any:
    """Return the one value that *text* is; every number is a float. Raises ValueError where claude would, or STEPS are over."""
    value, end = read_value(text, skip(text, 0))
    if (end := skip(text, end)) != len(text):
        raise JSONDecodeError("there is more behind the value", text, end)
    return value


def read_value(text: str, at: int) -> tuple[Any, int]:
    """Return (value, end) of the value that begins at *at*. Raises ValueError as ``loads`` does."""
    try:
        return DECODER.raw_decode(text, at)
    except RecursionError:
        return _read_deep(text, at)


def skip(text: str, at: int) -> int:
    """Return where the blanks that begin at *at* end."""
    found = BLANKS.match(text, at)
    return found.end() if found else at


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


DECODER = JSONDecoder(parse_int=float, parse_constant=_refuse)


def _read_deep(text: str, at: int) -> tuple[Any, int]:
    """Do the same without a call for each level."""
    open_ones: list[tuple[Any, str]] = []  # list or dict, and the key that the next value is for
    for _ in range(STEPS):
        if (first := text[at : at + 1]) in ("[", "{"):
            value: Any = [] if first == "[" else {}
            at = skip(text, at + 1)
            if text[at : at + 1] != ("]" if first == "[" else "}"):
                key, at = _read_key(text, at) if first == "{" else ("", at)
                open_ones.append((value, key))
                continue
            at += 1
        else:
            value, at = DECODER.raw_decode(text, at)
        while open_ones:
            holder, key = open_ones.pop()
            if isinstance(holder, list):
                holder.append(value)
            else:
                holder[key] = value
            at = skip(text, at)
            if text[at : at + 1] == ",":
                at = skip(text, at + 1)
                key, at = _read_key(text, at) if isinstance(holder, dict) else ("", at)
                open_ones.append((holder, key))
                break
            if text[at : at + 1] != ("]" if isinstance(holder, list) else "}"):
                raise JSONDecodeError("a comma or a closing bracket is expected", text, at)
            value, at = holder, at + 1
        else:
            return value, at
    raise JSONDecodeError("it is nested too deeply", text, at)


def _read_key(text: str, at: int) -> tuple[str, int]:
    """Return the name that begins at *at*, and where its value begins."""
    if text[at : at + 1] != '"':
        raise JSONDecodeError("a name in double quotes is expected", text, at)
    key, at = DECODER.raw_decode(text, at)
    at = skip(text, at)
    if text[at : at + 1] != ":":
        raise JSONDecodeError("a colon is expected", text, at)
    return key, skip(text, at + 1)


def text_of(value: Any) -> str:
    """Return the text that claude makes of *value*: JavaScript's ``String(value)``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float | int):
        return _number(float(value))
    if isinstance(value, dict):
        return "[object Object]"
    texts, left = [], [value]
    while left:  # a list of lists is the list of what is in them
        one = left.pop()
        if isinstance(one, list) and one:
            left += reversed(one)
        else:
            texts.append("" if one is None or one == [] else text_of(one))
    return ",".join(texts)


def _number(value: float) -> str:
    """Return *value* as JavaScript writes it: the same digits as Python's, another form."""
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    head, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = head.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= LARGEST_PLAIN:
        return sign + digits.ljust(point, "0")
    if 0 < point <= LARGEST_PLAIN:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if SMALLEST_PLAIN < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"
