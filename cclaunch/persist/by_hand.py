"""Which variables an rc file sets by hand, and what it calls `claude`, as far as a look at its lines can tell."""

import re
from collections.abc import Iterable

SETS = rb"""(?x)
    (?: \b(?:export|typeset|declare|set|setenv|set-env|readonly)\b [^#\n;]*? (?<![\w$])%(name)s(?=[=\s])
      | (?:^|[;&(]\s*|\$env[.:]|\$\{env:|E:|\$) %(name)s (?:\}|'\])? \s*=
      | \$env\.%(name)s\s*=
    )
"""


def lines_by_hand(data: bytes, names: Iterable[str]) -> dict[str, int]:
    """Return name -> number of the first line that sets it; a comment sets nothing."""
    patterns = {name: re.compile(SETS % {b"name": name.encode()}) for name in names if name.encode() in data}
    found: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), 1) if patterns else ():
        text = line.strip()
        if text.startswith(b"#"):
            continue
        for name, pattern in patterns.items():
            if name not in found and pattern.search(text):
                found[name] = number
    return found


ALIAS = re.compile(rb"\s*alias\s+(?:--\s+)?claude(?:\s*=\s*|\s+)['\"]?([^\s'\";#]+)")
FUNCTION = re.compile(rb"\s*(?:function\s+claude\b|claude\s*\(\s*\)|(?:fn|def)\s+(?:--\w+\s+)*claude\b)")
PATH, MADE = "path", "made"


def claudes_by_hand(data: bytes) -> dict[int, str]:
    """
    Return number of a line -> what it makes of `claude`: an alias of a path, or a function.

    An alias of another command goes through whatever is called so.
    """
    found: dict[int, str] = {}
    for number, line in enumerate(data.split(b"\n"), 1) if b"claude" in data else ():
        if (alias := ALIAS.match(line)) and b"/" in alias[1]:
            found[number] = PATH
        elif FUNCTION.match(line):
            found[number] = MADE
    return found
