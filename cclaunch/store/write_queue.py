"""
The way to the writer: batches that wait for their commit, each with the future that its sender waits on.

Many threads submit, one takes. How much may wait has a bound in rows, which are taken off when the sender is answered
and not before.
"""

import queue
import threading
from concurrent.futures import Future
from typing import NamedTuple

from cclaunch.store.rows import Batch

MOST_WAITING = 200_000
"""Rows that may wait for the disk; more are refused, and the exporter tries again."""

MOST_TOGETHER = 6_000
"""Rows of one transaction."""


class StoreUnavailable(Exception):
    """Nothing could be committed just now (a full disk, a lock, too many waiting): the exporter may try again."""


class Unstorable(Exception):
    """A batch that no database takes, whatever its state: sending it again is no use."""


class Waiting(NamedTuple):
    """A batch that waits for its commit."""

    batch: Batch
    done: "Future[None]"


class WriteQueue:
    """
    What waits for the writer, in the order in which it came.

    Attributes:
        ending: Whether nothing more is to come; from then on nobody is waited for.
    """

    def __init__(self) -> None:
        self.ending = False
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._waiting_rows = 0
        self._overflow = 0
        self._count = threading.Lock()

    def submit(self, batch: Batch) -> "Future[None]":
        """Put *batch* behind what waits, and return its future; it fails with StoreUnavailable when there is no room."""
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()
        rows = len(batch.events) + len(batch.points)
        with self._count:
            if self._waiting_rows + rows > MOST_WAITING:
                self._overflow += rows
                done.set_exception(StoreUnavailable("too much waits for the disk"))
                return done
            self._waiting_rows += rows
        self._waiting.put(Waiting(batch, done))
        return done

    def end(self) -> None:
        """Have `gather` say that the end has come, once it has given out what waits already."""
        self.ending = True
        self._waiting.put(None)

    def gather(self, pause: float | None) -> tuple[list[Waiting], bool]:
        """
        Wait for one batch, then take all that wait behind it; nothing when there is something else to do first.

        Args:
            pause: How many seconds to wait; None for as long as it takes.

        Returns:
            (the batches, whether the end has come).
        """
        together: list[Waiting] = []
        rows = 0
        try:
            item = self._waiting.get(timeout=pause)
        except queue.Empty:
            return [], False
        while item is not None:
            together.append(item)
            rows += len(item.batch.events) + len(item.batch.points)
            if rows >= MOST_TOGETHER:
                return together, False
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return together, False
        return together, True

    def take_overflow(self) -> int:
        """Return how many rows were turned away since the last call because too much waited."""
        with self._count:
            rows, self._overflow = self._overflow, 0
        return rows

    def answer(self, item: Waiting, wrong: Exception | None) -> None:
        """Tell who sent *item* that it is committed, or what is *wrong*."""
        with self._count:
            self._waiting_rows -= len(item.batch.events) + len(item.batch.points)
        if wrong is None:
            item.done.set_result(None)
        else:
            item.done.set_exception(wrong)
