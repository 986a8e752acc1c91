"""
How much memory requests may have: bodies that arrive, and what they become until it is committed.

Two kinds of bound. A `Budget` is waited for, first come, first served: what was received whole waits until those before it
are stored. A body that still arrives cannot be waited for, it may never end: `Arrivals` takes the room back from the largest
that makes no progress. Small requests, as Claude Code's are, have a reserve that no large one can take.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

from cclaunch.store.limits import LARGEST_BODY
from cclaunch.store.write_queue import StoreUnavailable

SMALL = 1 << 20
ARRIVING = 2 * LARGEST_BODY
RESERVE = 16 << 20
AT_WORK = 24 << 20
PATIENCE_S = 8.0
"""How long a request waits for room when there is none to come: less than an exporter waits for its answer."""

STALLED_S = 1.0
LOOK_S = 0.25


class Busy(StoreUnavailable):
    """There is no room just now; the exporter may try again."""


class Budget:
    """So many bytes for all; more than that one request may have when nobody else has any, else it never would."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._given = time.monotonic()

    async def take(self, size: int, patience_s: float = PATIENCE_S) -> None:
        """Wait for *size* bytes; give them back with `give`. Raises Busy when nobody gave any back for so many seconds."""
        if not self._waiting and self._fits(size):
            self.used += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (size, turn)
        self._waiting.append(waiting)
        try:
            while not turn.done():
                began = time.monotonic()
                await asyncio.wait([turn], timeout=patience_s)
                if not turn.done() and self._given < began:
                    raise Busy("too much waits for the disk")
        except BaseException:
            if turn.done():  # the turn came at the same moment
                self.give(size)
            else:
                self._waiting.remove(waiting)
                turn.cancel()
                self._next()
            raise

    def give(self, size: int) -> None:
        """Give *size* bytes back."""
        self.used -= size
        self._given = time.monotonic()
        self._next()

    def _fits(self, size: int) -> bool:
        return not self.used or self.used + size <= self.total

    def _next(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            size, turn = self._waiting.popleft()
            self.used += size
            turn.set_result(None)


class Arrival:
    """
    The bytes of one body, or of one connection's bodies, from their first to the answer.

    Attributes:
        size: Bytes held.
        whole: Whether it has arrived; what has is not taken away.
        evicted: Whether it was.
        waits: Whether it waits for room, so that its silence is our doing.
        waited: For how many seconds it did.
    """

    def __init__(self, arrivals: "Arrivals", abandon: Callable[[], object]) -> None:
        self.size = 0
        self.whole = False
        self.evicted = False
        self.waits = False
        self.waited = 0.0
        self.progress = time.monotonic()
        self._arrivals = arrivals
        self._abandon = abandon

    async def grow(self, size: int) -> None:
        """Wait for room for *size* more bytes. Raises Busy."""
        self.waits = True
        try:
            await self._arrivals.make_room(self, size)
        finally:
            self.waits = False
        self.size += size
        self._arrivals.used += size
        self.progress = time.monotonic()

    def shrink(self, size: int) -> None:
        """Give *size* bytes back."""
        size = min(size, self.size)
        self.size -= size
        self._arrivals.used -= size
        self._arrivals.changed()

    def evict(self) -> None:
        """Take its bytes away: whoever reads it is told to abandon it."""
        self.evicted = True
        self._abandon()

    def close(self) -> None:
        """Give everything back."""
        self.shrink(self.size)
        self._arrivals.forget(self)


class Arrivals:
    """All bodies that arrive or wait for their answer."""

    def __init__(self, total: int = ARRIVING, reserve: int = RESERVE) -> None:
        self.used = 0
        self._total = total
        self._reserve = reserve
        self._all: set[Arrival] = set()
        self._change = asyncio.Event()

    def arrive(self, abandon: Callable[[], object]) -> Arrival:
        """Return a new one; *abandon* ends its reading when its room is taken away."""
        made = Arrival(self, abandon)
        self._all.add(made)
        return made

    def forget(self, one: Arrival) -> None:
        """Know it no longer."""
        self._all.discard(one)
        self.changed()

    def changed(self) -> None:
        """Wake who waits for room."""
        self._change.set()

    async def make_room(self, one: Arrival, size: int) -> None:
        """Return when there is room for *size* more bytes of *one*. Raises Busy."""
        began = time.monotonic()
        while not self._fits(one, size):
            if one.evicted or one.waited + time.monotonic() - began > PATIENCE_S:
                raise Busy("too much arrives at once")
            if not self._evict():
                self._change.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._change.wait(), LOOK_S)
            else:
                await asyncio.sleep(0)
        one.waited += time.monotonic() - began

    def _fits(self, one: Arrival, size: int) -> bool:
        total = self._total + (self._reserve if one.size + size <= SMALL else 0)
        return self.used + size <= total or self.used == one.size

    def _evict(self) -> bool:
        """Take the room of all large ones that arrive no further, else of the largest; return whether there was one."""
        since = time.monotonic() - STALLED_S
        stalled = [one for one in self._all if one.size and not (one.whole or one.evicted or one.waits) and one.progress < since]
        large = [one for one in stalled if one.size > SMALL]
        for one in large or sorted(stalled, key=lambda one: one.size)[-1:]:
            one.evict()
        return bool(stalled)
