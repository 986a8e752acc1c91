"""
Why something was left out of transcripts, in words for people and by a name for programs.

The problem it owns: the ledger keeps a reason as the words that it was found with, for years; what is shown of it is made here.
"""

from collections.abc import Mapping

from cclaunch.transcripts.seen import Left

FILES = (Left.UNREADABLE, Left.OTHERS)
"""What is left out whole."""


def sentence(reason: str, count: int) -> str:
    """Return in words that *count* were left out for this *reason*."""
    return f"{count:,} x a {'file' if reason in FILES else 'line'} that {reason}"


def named(left: Mapping[str, int] | Mapping[Left, int]) -> dict[str, int]:
    """Return *left* (reason -> how many) by short names; a reason that only another release knows stays as it is."""
    names = {one.value: one.name.lower() for one in Left}
    return {names.get(reason, reason): count for reason, count in sorted(left.items())}
