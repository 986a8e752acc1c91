"""Which variables an rc file sets by hand, as far as a look at its lines can tell."""

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
