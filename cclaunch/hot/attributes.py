"""
Resource attributes as one variable: encoded so that no release of claude drops them, and decoded as claude does.

The problem it owns: one bad value silently loses all of them.

Hot: C modules only.
"""

SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

KEY_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

KEY_CHARACTERS = KEY_START | frozenset("0123456789._-")

LONGEST = 255
"""Characters of an encoded value: one longer value makes older releases drop every attribute, silently."""

MOST_PAIRS = 100

MOST_NAMED = 5
"""Of those that cannot be sent, so many are named in the one line."""


def encode(value: str) -> str:
    """Return *value* percent-encoded: the one spelling that every release decodes to the same text."""
    if SAFE.issuperset(value):
        return value
    return "".join(chr(byte) if chr(byte) in SAFE else f"%{byte:02X}" for byte in value.encode("utf-8", "surrogateescape"))


def decode(text: str) -> str:
    """Return the plain value of an encoded one; a ``%`` that starts no escape stays as it is."""
    if "%" not in text:
        return text
    first, *rest = text.encode("utf-8", "surrogateescape").split(b"%")
    out = [first]
    for part in rest:
        try:
            out.append(bytes((int(part[:2], 16),)) + part[2:] if len(part) > 1 else b"%" + part)
        except ValueError:
            out.append(b"%" + part)
    return b"".join(out).decode("utf-8", "replace")


def parse_attributes(text: str, source: str = "shell") -> "tuple[dict[str, str], list[str]]":
    """
    Return the attributes that claude would read from *text*, and a sentence for each item that none of its releases keeps.

    *source* is who wrote it, for the sentences.

    A value that only needs encoding (a space, an umlaut) is kept: our encoding mends it.
    """
    found: dict[str, str] = {}
    dropped = []
    for item in text.split(","):
        if not item.strip():
            continue
        key, separator, value = item.partition("=")
        key, value = key.strip(), value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        plain = decode(value)
        trouble = "no key=value pair" if not separator or "=" in value else wrong_attribute(key, plain)
        if trouble:
            dropped.append(f"resource attribute `{key}` of {source} is left out: {trouble}")
        else:
            found[key] = plain
    return found, dropped


def left_out(dropped: "list[str]") -> "list[str]":
    """Return the line to say for the sentences *dropped*, each of which begins with the name of an attribute in backticks."""
    if len(dropped) < 2:
        return dropped
    names = [f"`{sentence.split('`')[1]}`" for sentence in dropped[:MOST_NAMED]]
    more = f" and {len(dropped) - MOST_NAMED} more" if len(dropped) > MOST_NAMED else ""
    return [f"{len(dropped)} resource attributes are left out: {', '.join(names)}{more} (`cclaunch env --explain` tells why)"]


def wrong_attribute(key: str, value: str) -> str:
    """Return why *key* = *value* (plain) cannot be sent, or an empty string."""
    if not key or key[0] not in KEY_START or not KEY_CHARACTERS.issuperset(key) or len(key) > LONGEST:
        return "a key is a letter, then letters, digits, `.`, `_` or `-`"
    if len(encode(value)) > LONGEST:
        return f"its encoded value is longer than {LONGEST} characters"
    return ""
