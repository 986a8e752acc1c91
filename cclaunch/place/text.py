"""
What the text of a ``.cclaunch.toml`` may say: the name of a profile, and a few plain attributes.

The text is a stranger's. Whatever else it says refuses it as a whole (an allowlist: a key that a later release
will know is unknown here, and does nothing), and so does an attribute that would pass for one of claude's own.
Pure: no file is read.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from cclaunch.files.toml import BYTE_ORDER_MARKS
from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.profiles.attributes import reserved
from cclaunch.profiles.model import is_name

MOST_ATTRIBUTES = 20
MOST_PARTS = 8
"""Parts of a dotted key: TOML nests them, and this is as deep as a file may go."""

LONG_KEY = re.compile(
    r"""(?:^|[\[{,])[ \t]*+(?:(?:[\w-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){200}""", re.MULTILINE | re.ASCII
)
"""A dotted key that costs TOML's reader more than a launch may: it grows with the square of the parts."""

KNOWN = ("profile", "attributes")
KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")

RESERVED_GROUPS = frozenset(
    """agent anthropic cclaunch event host managed_settings marketplace mcp_server mcp_tool message organization os plugin
    prompt service session skill telemetry terminal user vcs wsl""".split()
)
"""``user`` stands for every key that begins with ``user.``; ``service`` alone is a word like others."""

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the text behind them around, and a table with it."""


class PlaceRefused(Exception):
    """A rule is broken: by *key*, in dotted form, or by the file as a whole when *key* is empty."""

    def __init__(self, trouble: str, key: str = "") -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.key = key


def decode_place(data: bytes) -> str:
    """Return the text of *data*. Raises PlaceRefused."""
    if data.startswith(BYTE_ORDER_MARKS):
        raise PlaceRefused("it begins with a byte order mark: save it as UTF-8 without one")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PlaceRefused(f"line {line} is not UTF-8") from error


def parse_place(text: str) -> tuple[str, dict[str, str]]:
    """Return (profile or an empty string, attribute key -> plain value). Raises PlaceRefused for whatever else *text* says."""
    if LONG_KEY.search(text):
        raise PlaceRefused(f"a key in it has more than {MOST_PARTS} parts")
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise PlaceRefused("it is nested too deeply") from error
    except ValueError as error:  # also a number of thousands of digits
        raise PlaceRefused(f"it is not valid TOML: {error}") from error
    for key in tables:
        if key not in KNOWN:
            raise PlaceRefused("is not known: a repository may name `profile` and `[attributes]`, nothing else", key)
    profile = tables.get("profile", "")
    if "profile" in tables and not (isinstance(profile, str) and is_name(profile)):
        raise PlaceRefused("is no name of a profile: a letter or digit, then letters, digits, `.`, `_` or `-`", "profile")
    table = tables.get("attributes", {})
    if not isinstance(table, dict):
        raise PlaceRefused("must be a table: [attributes]", "attributes")
    return profile, _attributes(table)


def _attributes(table: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _flat(table, ()):
        named = f"attributes.{key}"
        if trouble := _wrong_key(key) or _wrong_value(value):
            raise PlaceRefused(trouble, named)
        if key in found:
            raise PlaceRefused("is given twice", named)
        if len(found) == MOST_ATTRIBUTES:
            raise PlaceRefused(f"is one too many: at most {MOST_ATTRIBUTES} attributes", named)
        found[key] = value
    return found


def _flat(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value): a bare dotted key is a nested table to TOML."""
    for key, value in table.items():
        parts = (*above, key)
        if not isinstance(value, dict):
            yield ".".join(parts), value
        elif len(parts) < MOST_PARTS:
            yield from _flat(value, parts)
        else:
            raise PlaceRefused(f"is nested deeper than {MOST_PARTS} parts", f"attributes.{'.'.join(parts)}")


def _wrong_key(key: str) -> str:
    if not KEY.fullmatch(key) or len(key) > LONGEST:
        return f"is no key: a letter, then letters, digits, `.`, `_` or `-`, at most {LONGEST} of them"
    if is_reserved(key):
        return "is reserved: claude or cclaunch says that itself"
    return ""


def is_reserved(key: str) -> bool:
    """Say whether *key*, in whatever case it is written, belongs to claude, to OpenTelemetry, to Prometheus or to us."""
    lower = key.lower()
    group, dot, _ = lower.partition(".")
    return bool(dot and group in RESERVED_GROUPS) or bool(reserved(lower)[1])


def _wrong_value(value: Any) -> str:
    if not isinstance(value, str):
        return 'must be a text in quotes: "..."'
    if not value:
        return "is empty"
    for character in value:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in BIDI:
            return f"holds a control character (U+{ord(character):04X})"
    if len(encode(value)) > LONGEST:
        return f"is longer than {LONGEST} characters when encoded"
    return ""
