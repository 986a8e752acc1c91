"""
Values that are hard to filter by, and how each is shown.
"""

import json
from typing import Any

ODD = [
    'q"uote',
    "back\\slash",
    "$",
    "$.team",
    "a.b",
    "größe",
    "",
    "[0]",
    "#-1",
    "*",
    "a b",
    "'",
    "--",
    "a\nb",
    "team'); DROP TABLE events",
]
"""Keys that are something else in SQL or in a JSON path."""


LABELS = {
    "model": "model",
    "cclaunch.profile": "profile",
    "team": "team",
    "project": "project",
    "vcs.repository.name": "repository",
}


def compact(value: Any) -> str:
    """Return a value as it is shown."""
    return (
        "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )
