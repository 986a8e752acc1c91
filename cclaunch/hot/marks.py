"""
What we exported ourselves, told from what a hand has set.

The problem it owns: a launch in a shell that a block or another launch has prepared must not take our own words for the person's.

Hot: C modules only.
"""

BLOCK = "__CCLAUNCH_BLOCK"
"""Names what a block, ``cclaunch env`` or a launch exported, as ``name:hash8,...``: not set by hand."""

LAST_BLOCK = "__CCLAUNCH_RC"
"""What the last block of an rc file exported; the next one may replace only that, so a launch takes it away."""

SHELL_ATTRIBUTES = "__CCLAUNCH_SHELL_ATTRIBUTES"
"""The resource attributes that a hand had set before we merged ours into them: what is nested begins from these."""

INSIDE_CLAUDE = "CLAUDECODE"
"""Set in what claude itself starts; it takes every variable of OpenTelemetry away there."""


def hash8(value: str) -> str:
    """Return the short hash by which a block of ours knows its own value again."""
    from _blake2 import blake2b

    return blake2b(value.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def own_exports(environ: "dict[str, str]") -> "frozenset[str]":
    """Return the names whose value in *environ* still is the one that a block of ours, or ``env``, exported."""
    ours = []
    for entry in environ.get(BLOCK, "").split(","):
        name, _, digest = entry.partition(":")
        if digest and name in environ and hash8(environ[name]) == digest:
            ours.append(name)
    return frozenset(ours)
