"""What the collector says of itself in the answer of ``/health``: what is wrong, and what a launch has to tell."""

from cclaunch.store import set_aside
from cclaunch.store.trouble import LITTLE, free, short_of_room
from cclaunch.store.writer import Writer

LONGEST = 1500
"""Characters: the whole answer has to be read in one piece."""

TRY_S = 0.2
"""So long a question about our health waits for one more try of what failed: a launch asks, and has half a second."""


def is_well(writer: Writer, data: str) -> bool:
    """Say whether nothing is wrong with the store, without waiting for anything."""
    left = free(data)
    return not writer.trouble and (left is None or left >= LITTLE)


def vouches(writer: Writer, data: str) -> bool:
    """Say whether a launch need not ask: all is well, and there is nothing that it would have to be told."""
    return is_well(writer, data) and writer.stands() and not writer.refused.is_news and not set_aside.sentence(writer.path)


def wrong(writer: Writer, data: str) -> str:
    """Return why what is received cannot be stored, or an empty text. May wait for the disk; *data* is its directory."""
    if not writer.trouble:
        return short_of_room(data)
    writer.tried(TRY_S)
    return writer.sentence()


def notice(writer: Writer, ledger: str, *, launch: bool) -> str:
    """
    Return what went wrong before and has to be known; to a *launch* also, once, what could not be kept.

    *ledger* is what keeps the ledger from being brought up to date: nothing to a launch, whose telemetry is safe.
    """
    counting = f"the ledger is not up to date: {ledger}" if ledger and not launch else ""
    told = [set_aside.sentence(writer.path), counting, writer.refused.tell() if launch else ""]
    return "; ".join(text for text in told if text)[:LONGEST]
