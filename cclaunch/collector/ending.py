"""When the collector ends: a signal, the supervisor's end, idleness; and what is tidied up meanwhile."""

import asyncio
import contextlib
import signal as signals
import time
from typing import Protocol

from cclaunch.collector.heartbeat import Heartbeat
from cclaunch.collector.pids import Launched
from cclaunch.collector.standing import LOOK_S, Standing
from cclaunch.collector.stays import stays
from cclaunch.config.model import read_configuration
from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import make_directory
from cclaunch.files.sweeping import sweep
from cclaunch.hot.paths import Paths
from cclaunch.serving.log import say
from cclaunch.store.ledger.care import look_after
from cclaunch.store.places import local_places

MAINTENANCE_S = 6 * 3600.0

FIRST_MAINTENANCE_S = 300.0


class Living(Protocol):
    """
    Who is to end: the collector, or the keeper.

    Attributes:
        paths: Our directories.
        launched: The processes that it stays for.
        last_active: When it was needed last, in ``time.monotonic()``'s seconds.
    """

    paths: Paths
    launched: Launched
    last_active: float

    def vouches(self) -> bool:
        """Say whether a launch need not ask how it is."""

    def look_after(self) -> None:
        """See to what others have found; called each second."""

    def maintain(self) -> None:
        """Tidy up what is old; may take its time. Never raises."""


class Ending:
    """
    Waits for the first reason to end: a signal, the supervisor's end, the loss of our place, or idleness.

    Attributes:
        reason: It, in words.
        orphaned: Whether the supervisor is gone.
        moved: Whether our lock is no longer at its path.
        tidying: The work on old rows and files that was begun last; None before.
    """

    def __init__(self, living: Living, idle_exit_s: float, lifeline: int, standing: Standing) -> None:
        self.reason = ""
        self.orphaned = False
        self.moved = False
        self._standing = standing
        self._living = living
        self._heartbeat = Heartbeat(living.paths.collector_alive)
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
        if self._living.vouches():
            self._heartbeat.beat()
        else:
            self._heartbeat.stop()

    def _nobody_came(self) -> bool:
        """Say whether no launch has relied on us meanwhile: it leaves its name, and then looks whether our lock is there."""
        self._heartbeat.stop()
        return self._idle()

    async def _tidy(self) -> None:
        await asyncio.to_thread(self._living.maintain)
        await asyncio.to_thread(look_after_ledger, self._living.paths)
        await asyncio.to_thread(sweep, self._living.paths.cache)

    def carry(self) -> None:
        """When our place was moved or deleted, keep in the new one who is known and what it has to have."""
        if self.moved:
            with contextlib.suppress(FileTrouble):  # the supervisor says so
                make_directory(self._living.paths.data)
            self._living.launched.carry()
            self._standing.carry()

    def _look(self) -> None:
        """See to our place, and to what readers have found."""
        if self._standing.lost():
            self.moved = True
            self._end("our place was moved or deleted")
            return
        for name in self._standing.mend():
            say(f"{name} was missing or changed: written again")
        self._living.look_after()

    def _idle(self) -> bool:
        if self._living.launched.any() or stays(self._living.paths):
            self._living.last_active = time.monotonic()
        return time.monotonic() - self._living.last_active > self._idle_exit


def look_after_ledger(paths: Paths) -> None:
    """Do what the ledger needs now and then, within the bound that is set by now; what fails is written down."""
    config, _ = read_configuration(paths)
    look_after(local_places(paths), config.history.keep_days, time.time_ns(), lambda text: say(f"the ledger: {text}"))
