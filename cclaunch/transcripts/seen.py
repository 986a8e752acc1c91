"""
What is taken from a transcript, and why a line is left out.

The problem it owns: a transcript is the whole conversation. Here stands all that ever leaves this package: counts, ids, times,
model, directory, branch and release; never a word of what was said.
"""

from enum import StrEnum
from typing import NamedTuple

MOST_TOKENS = 1_000_000_000
"""Of one request and kind: what the door of the collector takes, too."""

MOST_SEARCHES = 100_000
LONGEST_ID = 1024
LONGEST_NAME = 200
LONGEST_PATH = 4096


class Seen(NamedTuple):
    """
    One request, as one line or all lines of its answer tell of it.

    Attributes:
        request: The id that the API gave the request, or None.
        message: The id of the answer, or None; one of both is there.
        time_ns: When its last block ended, in nanoseconds since the epoch.
        session: The session that asked, or None.
        copied: Whether that is only the session whose file it stands in, which is younger: a fork has copies of all before it.
        model: Who answered.
        asked: Who was asked for, where the release says so; it may end in ``[1m]``.
        input, output, cache_read: Tokens.
        cache_written: All tokens written to the cache.
        cache_1h: Those of them that are kept for an hour.
        searches: Web searches within the answer.
        fast: Whether the answer was served fast.
        place: The residency that the answer names (``us``), or None.
        partial: Whether the answer has no end: it was interrupted.
        cwd: The directory in which claude worked, or None.
        branch: Its branch, or None.
        version: The release of claude, or None.
    """

    request: str | None
    message: str | None
    time_ns: int
    session: str | None
    copied: bool
    model: str
    asked: str | None
    input: int
    output: int
    cache_read: int
    cache_written: int
    cache_1h: int
    searches: int
    fast: bool
    place: str | None
    partial: bool
    cwd: str | None
    branch: str | None
    version: str | None


class Left(StrEnum):
    """Why a line was left out that may tell of a request, or a file."""

    DAMAGED = "is no JSON"
    NOT_TEXT = "is not UTF-8"
    TOO_LONG = "is longer than any answer"
    TOO_DEEP = "is nested too deep"
    STRANGE = "has no shape that is known"
    NO_ID = "names no id"
    NO_MODEL = "names no model"
    TOKENS = "has tokens that can be none"
    TIME = "has a time that can be none"
    UNREADABLE = "cannot be read"
    OTHERS = "belongs to another user"
