"""When the collector ends: a signal, the supervisor's end, idleness; and what is tidied up meanwhile."""

import asyncio
import contextlib
import signal as signals
import time

from cclaunch.collector import words
from cclaunch.collector.catching_up import CatchingUp
from cclaunch.collector.heartbeat import Heartbeat
from cclaunch.collector.log import say
from cclaunch.collector.service import EmbeddedCollector
from cclaunch.collector.standing import LOOK_S, Standing
from cclaunch.collector.stays import stays
from cclaunch.files.sweeping import sweep
from cclaunch.store.writer import Writer

MAINTENANCE_S = 6 * 3600.0

FIRST_MAINTENANCE_S = 300.0


class Ending:
    """
    Waits for the first reason to end: a signal, the supervisor's end, the loss of our place, or idleness.

    Attributes:
        reason: It, in words.
        orphaned: Whether the supervisor is gone.
        moved: Whether our lock is no longer at its path.
        tidying: The work on old rows and files that was begun last; None before.
    """

    def __init__(self, collector: EmbeddedCollector, idle_exit_s: float, lifeline: int, standing: Standing) -> None:
        self.reason = ""
        self.orphaned = False
        self.moved = False
        self._standing = standing
        self._collector = collector
        self._heartbeat = Heartbeat(collector.paths.collector_alive)
        self._idle_exit = idle_exit_s
        self.tidying: asyncio.Task[None] | None = None
        self._happened = asyncio.Event()
        self._maintained = time.monotonic() - MAINTENANCE_S + FIRST_MAINTENANCE_S
        loop = asyncio.get_running_loop()
        for number in (signals.SIGTERM, signals.SIGINT):
            loop.add_signal_handler(number, self._end, "asked to end")
        if lifeline >= 0:
            loop.add_reader(lifeline, self._orphan, lifeline)

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._heartbeat.stop()
        self._happened.set()

    def _orphan(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.orphaned = True
        self._end("the supervisor is gone")

    async def wait(self) -> None:
        """Return when there is a reason; look at idleness and old rows meanwhile."""
        pause = max(0.2, min(LOOK_S, self._idle_exit / 4))
        while not self._happened.is_set():
            self._beat()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._happened.wait(), pause)
            self._look()
            if self._idle() and self._nobody_came():
                self._end(f"idle for {self._idle_exit:g} s")
            if time.monotonic() - self._maintained > MAINTENANCE_S:
                self._maintained = time.monotonic()
                self.tidying = asyncio.create_task(self._tidy())

    def _beat(self) -> None:
        """Say that launches need not ask, as long as that is true."""
        if words.vouches(self._collector.writer, self._collector.paths.data):
            self._heartbeat.beat()
        else:
            self._heartbeat.stop()

    def _nobody_came(self) -> bool:
        """Say whether no launch has relied on us meanwhile: it leaves its name, and then looks whether our lock is there."""
        self._heartbeat.stop()
        return self._idle()

    async def _tidy(self) -> None:
        await asyncio.to_thread(maintain, self._collector.writer, self._collector.catching_up)
        await asyncio.to_thread(sweep, self._collector.paths.cache)

    def _look(self) -> None:
        """See to our place, and to what readers have found."""
        if self._standing.lost():
            self.moved = True
            self._end("our place was moved or deleted")
            return
        for name in self._standing.mend():
            say(f"{name} was missing or changed: written again")
        self._collector.writer.look_after()

    def _idle(self) -> bool:
        if self._collector.launched.any() or stays(self._collector.paths):
            self._collector.last_active = time.monotonic()
        return time.monotonic() - self._collector.last_active > self._idle_exit


def maintain(writer: Writer, catching_up: CatchingUp) -> None:
    """Delete raw rows that are old, and that the ledger has read; a failure is written down and tried again at the next turn."""
    try:
        read_to = catching_up.all()
        writer.maintain(0 if read_to is None else time.time_ns(), read_to or 0)  # nothing is old at the beginning of time
    except Exception as error:  # whatever it is, the collector's work is to take telemetry
        say(f"maintenance failed: {error}")
