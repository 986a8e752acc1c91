"""
What a transcript tells of a request, as the ledger takes it, and what is kept of the file that it was read from.

The problem it owns: who reads transcripts knows no ledger, and the ledger knows no transcript.
"""

from collections.abc import Mapping
from typing import NamedTuple

HOST = "cclaunch.host"
"""The attribute of a request that was read from another machine's transcript: no event has it."""


class Witnessed(NamedTuple):
    """
    One request that a transcript saw.

    Attributes:
        key: 64 bits of the hash of its two ids, the request's and the message's: the same in every file that tells of it.
        time_ns: When its last block ended, in nanoseconds since the epoch.
        session: Its session, or None.
        copied: Whether that is only the session of the file, a fork's, which may be another one's copy.
        request: The id that the API gave it, or None.
        micros: Micro-dollars by the table of prices, or None where it has no row for the model.
        input, output, cache_read, cache_5m, cache_1h: Tokens.
        partial: Whether the answer was interrupted.
        model, version: Who answered, and the release of claude, or None.
        repository, branch: Where claude worked, or None.
        host: The machine that it was read from, where that is another one, or None.
    """

    key: int
    time_ns: int
    session: str | None
    copied: bool
    request: str | None
    micros: int | None
    input: int
    output: int
    cache_read: int
    cache_5m: int
    cache_1h: int
    partial: bool
    model: str
    version: str | None
    repository: str | None
    branch: str | None
    host: str | None


class File(NamedTuple):
    """
    What is kept of a file.

    Attributes:
        file: 64 bits of the hash of its host and path: the path itself is not stored.
        known: What its reader wants back the next time; the ledger does not look into it.
        left: Reason -> how many lines were left out.
        anew: Whether it was read from its beginning, so that what was counted of it before counts no more.
    """

    file: int
    known: bytes
    left: Mapping[str, int]
    anew: bool


def together(one: Witnessed, other: Witnessed) -> Witnessed:
    """
    Return what both tell of the same request.

    The tokens are those of whoever saw more of the answer, and the moment is the later one. Who owns it says the first of them;
    but what stands in a fork may be a copy, and says less than what does not.
    """
    more = other if (other.output, not other.partial) > (one.output, not one.partial) else one
    owner = other if one.copied and not other.copied else one
    return more._replace(
        time_ns=max(one.time_ns, other.time_ns),
        session=owner.session,
        copied=owner.copied,
        repository=owner.repository,
        branch=owner.branch,
        host=owner.host,
    )
