"""
What every TOML file of a person needs: reading it, and errors that name file, line and key.

``tomllib`` keeps no positions, so the line of a mistake is searched in the text, the way a person would.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from cclaunch.errors import ConfigError

BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""What editors put before UTF-8, and have to before UTF-16: nothing that is seen, and no TOML."""

PART = r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[\w-]+)"""
NAME = rf"{PART}(?:\s*\.\s*{PART})*"
HEADER = rf"\s*\[\[?\s*({NAME})\s*\]"
KEY = rf"\s*({NAME})\s*="


def read_toml(data: bytes, path: str) -> tuple[str, dict[str, Any]]:
    """Return (text, tables) of the bytes of *path*. Raises ConfigError when they are no TOML."""
    if data.startswith(BYTE_ORDER_MARKS):
        raise ConfigError(f"{path} begins with a byte order mark: save it as UTF-8 without one", hint=f"edit {path}")
    try:
        text = data.decode("utf-8")
        return text, tomllib.loads(text)
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise ConfigError(f"{path} is not valid TOML: {error}", hint=f"edit {path}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply", hint=f"edit {path}") from error


def wrong(path: str, text: str, name: Sequence[str], trouble: str, *, known: Iterable[str] = (), hint: str = "") -> ConfigError:
    """
    Return the error that names file, line and key.

    Args:
        path: The file.
        text: What stands in it.
        name: The key's path: table names, then the key.
        trouble: What is wrong with it, to follow its name.
        known: What may stand there; the nearest is suggested.
        hint: The mend; without one, the nearest known name or the file itself.
    """
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(name[-1], list(known), n=1)
    mend = hint or (f"did you mean `{near[0]}`?" if near else f"edit {path}")
    return ConfigError(f"{path}, line {line_of(text, name)}: `{'.'.join(name)}` {trouble}", hint=mend)


def line_of(text: str, name: Sequence[str]) -> int:
    """Return the number of the line that says *name*, however its parts are spread over header and key; else the nearest."""
    wanted = ".".join(name)
    header = ""
    best, best_length = 1, 0
    for number, line in enumerate(text.split("\n"), 1):
        if found := re.match(HEADER, line):
            header = here = _plain(found[1])
        elif found := re.match(KEY, line):
            here = f"{header}.{_plain(found[1])}" if header else _plain(found[1])
        else:
            continue
        if here == wanted or here.startswith(f"{wanted}."):
            return number
        if wanted.startswith(f"{here}.") and len(here) > best_length:
            best, best_length = number, len(here)
    return best


def _plain(written: str) -> str:
    """Return a key as TOML writes it (``a . "b"``) in plain dotted form; an escape that TOML does not know stays as it is."""
    parts = []
    for part in re.findall(PART, written):
        try:
            parts.append(tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part)
        except tomllib.TOMLDecodeError:
            parts.append(part)
    return ".".join(parts)
