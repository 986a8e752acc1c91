"""
What we exported ourselves, told from what a hand has set.

The problem it owns: a launch in a shell that a block or another launch has prepared must not take our own words for the
person's. So whoever exports leaves one mark of at most 80 characters, in which each variable is an entry of four: a key of
its name and a short hash of its value. Nothing is looked up, so no file can be missing, and a shell can read it too.

    b.0dfq.7lm2     by a block: the block of a shell inside may replace these
    l.0dfq.7lm2     by a launch or `env`: those alone may
    l.0dfq,l.7lm2   one after the other

Hot: C modules only.
"""

from cclaunch.hot.records import fingerprint

BLOCK = "__CCLAUNCH_BLOCK"
"""The mark. 0.1.0 and 0.1.1 wrote ``name:hash8,...`` there; that is understood as well."""

LAST_BLOCK = "__CCLAUNCH_RC"
"""What the last block of 0.1.0 or 0.1.1 exported, in that spelling; a launch takes it away."""

LAUNCH = "__CCLAUNCH_LAUNCH"
"""``PROFILE:INSTANCE`` of a launch, for claude's hooks and status line: they see no variable of OpenTelemetry."""

SHELL_ATTRIBUTES = "__CCLAUNCH_SHELL_ATTRIBUTES"
"""The resource attributes that a hand had set before we merged ours into them: what is nested begins from these."""

INSIDE_CLAUDE = "CLAUDECODE"
"""Set in what claude itself starts; it takes every variable of OpenTelemetry away there."""

BY_BLOCK, BY_LAUNCH = "b", "l"

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""No capitals: a shell may be told not to tell them apart."""


def key_of(name: str) -> str:
    """Return the character that stands for *name*, another one for each variable that we export (a test holds it to that)."""
    return DIGITS[(sum(name.encode("utf-8", "surrogateescape")) + 5 * len(name)) % 36]


def entry(name: str, value: str) -> str:
    """Return the four characters that say: *name* was exported, and with this *value*."""
    number = int(fingerprint(f"{name}={value}"), 16)
    return key_of(name) + DIGITS[number % 36] + DIGITS[number // 36 % 36] + DIGITS[number // 1296 % 36]


def mark_of(kind: str, exported: "dict[str, str]") -> str:
    """Return the mark of *kind* for what was *exported*: name -> value."""
    return ".".join([kind, *[entry(name, value) for name, value in exported.items()]])


def own_exports(environ: "dict[str, str]", names: "list[str] | tuple[str, ...]") -> "frozenset[str]":
    """Return those of *names* whose value in *environ* still is the one that a block, ``env`` or a launch of ours exported."""
    said = environ.get(BLOCK, "")
    entries = {one for part in said.split(",") if ":" not in part for one in part.split(".")[1:]}
    ours = [name for name in names if name in environ and entry(name, environ[name]) in entries] if entries else []
    if ":" in said:
        ours += _first_releases(environ, said)
    return frozenset(ours)


def _first_releases(environ: "dict[str, str]", said: str) -> "list[str]":
    """Return what a mark of 0.1.0 or 0.1.1 names, as far as it holds."""
    ours = []
    for part in said.split(","):
        name, _, digest = part.partition(":")
        if digest and name in environ and hash8(environ[name]) == digest:
            ours.append(name)
    return ours


def hash8(value: str) -> str:
    """Return the hash by which 0.1.0 and 0.1.1 know a value again."""
    from _blake2 import blake2b

    return blake2b(value.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
