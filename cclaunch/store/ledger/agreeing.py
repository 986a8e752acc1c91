"""
Which requests of two witnesses are the same: of transcripts and of events, one to one.

The problem it owns: ids of others are no keys. Gateways repeat them or give none, forks copy them into another session, a cut
answer has other tokens here than there. So what has to agree is id, tokens and time; and of equals as many as can be are joined,
in the order of time, for any of them makes the same sums.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

APART_NS = 60 * 1_000_000_000
"""A transcript and an event name the moment of one request so far apart at most."""

STARTED = 1
"""Tokens out that an answer begins with: it says no more where it was cut."""


class Told(NamedTuple):
    """
    One request as one of both tells of it.

    Attributes:
        key: What it is known by to whoever asks.
        time_ns: When it ended, in nanoseconds since the epoch.
        session: The session's name or number, or None.
        request: The id that the API gave it, or None.
        input, output, cache_read, cache_written: Tokens.
        copied: Of a transcript: whether the session is only that of the file it stands in.
        partial: Of a transcript: whether its answer has no end.
    """

    key: Hashable
    time_ns: int
    session: Hashable
    request: str | None
    input: int | None
    output: int | None
    cache_read: int | None
    cache_written: int | None
    copied: bool = False
    partial: bool = False

    @property
    def tokens(self) -> tuple[int | None, ...]:
        """Return all tokens."""
        return self.input, self.output, self.cache_read, self.cache_written


Alike = Callable[[Told], Hashable]


def pairs(transcripts: Iterable[Told], events: Iterable[Told]) -> list[tuple[Told, Told]]:
    """Return (transcript, event) for each request that both tell of; the surest agreements come first."""
    found: list[tuple[Told, Told]] = []
    here, there = sorted(transcripts, key=_order), sorted(events, key=_order)
    for meant, alike in (
        (lambda one: one.request is not None, lambda one: (one.request, one.tokens)),
        (_was_cut, lambda one: (one.request, one.input, one.cache_read)),
        (lambda one: one.request is None and not one.copied, lambda one: (one.request, one.session, one.tokens)),
        (lambda one: one.request is None and one.copied, lambda one: (one.request, one.tokens)),
    ):
        if here and there:
            joined = _joined([one for one in here if meant(one)], there, alike)
            found += joined
            here, there = _without(here, [one for one, _ in joined]), _without(there, [one for _, one in joined])
    return found


def _order(one: Told) -> tuple[int, str]:
    return one.time_ns, str(one.key)


def _was_cut(one: Told) -> bool:
    return one.request is not None and (one.partial or (one.output or 0) <= STARTED)


def _without(all_of_them: Sequence[Told], some: Iterable[Told]) -> list[Told]:
    gone = {one.key for one in some}
    return [one for one in all_of_them if one.key not in gone]


def _joined(transcripts: Sequence[Told], events: Sequence[Told], alike: Alike) -> list[tuple[Told, Told]]:
    """Join those that are *alike* and near, both in the order of time: so none stays alone that need not."""
    waiting: dict[Hashable, list[Told]] = defaultdict(list)
    for one in reversed(events):
        waiting[alike(one)].append(one)
    found = []
    for one in transcripts:
        some = waiting.get(alike(one), [])
        while some and some[-1].time_ns < one.time_ns - APART_NS:
            some.pop()
        if some and some[-1].time_ns <= one.time_ns + APART_NS:
            found.append((one, some.pop()))
    return found
