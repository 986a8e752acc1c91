"""
The name of a model in the tables, however it is spelled.

The problem it owns: clouds and gateways put words before and behind the same name, and a dated one is the one without a date.
"""

import re
from functools import lru_cache

BEFORE = re.compile(r"^.*[./](?=claude-)")
"""``us.anthropic.``, ``anthropic/``."""

BEHIND = re.compile(r"(?:\[1m\]|-v\d+(?::\d+)?|[@-]20\d{6}|-latest)$")
"""How much it may read at once, the version of an offer, the day it was made."""

ALIASES = {"claude-sonnet-4": "claude-sonnet-4-0"}


@lru_cache(1024)
def plain(model: str) -> str:
    """Return what *model* is called without what stands before and behind its name."""
    name = BEFORE.sub("", model.lower())
    while (shorter := BEHIND.sub("", name)) != name:
        name = shorter
    return ALIASES.get(name, name)
