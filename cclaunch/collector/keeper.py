"""
The keeper: our program beside the containers, which receive in its place. It brings the ledger up to date, and has no ports.

The problem it owns: VictoriaLogs keeps what it has for a while and counts nothing, and somebody has to read it before it is gone.
It has the collector's lock, heartbeat and end, so that never both live, and launches know it as they know the collector.

Started by the supervisor, with the collector's words.
"""

import asyncio
import os
import sys
import time

from cclaunch import __version__
from cclaunch.budgets.watching import Watching
from cclaunch.collector.catching_up import CatchingUp
from cclaunch.collector.ending import Ending
from cclaunch.collector.history_process import HistoryProcess
from cclaunch.collector.own_files import ports_text
from cclaunch.collector.pids import Launched
from cclaunch.collector.process import FATAL, MOVED, command
from cclaunch.collector.standing import Standing, write_private
from cclaunch.config.model import Config, read_configuration
from cclaunch.errors import FileTrouble, StoreError
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat
from cclaunch.serving.log import say
from cclaunch.store.places import Places, local_places

OFTEN_S = 10.0
"""VictoriaLogs gives no word of news: it is asked."""

TURN_S = 2.0
"""Longer than the collector's: what takes time is VictoriaLogs, and nobody waits for us meanwhile."""


class Keeper:
    """The one that lives until it is no longer needed; as `ending.Living` has it."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.launched = Launched(paths.launched, paths.collector_pids)
        self.last_active = time.monotonic()
        self.watching = Watching(paths, say)
        self.catching_up = CatchingUp(self.places, say, OFTEN_S, TURN_S, self.watching.look)
        self.history = HistoryProcess(paths, say)

    def places(self) -> Places:
        """Return where what is recorded lies now: VictoriaLogs only as long as the stack has left word of it."""
        port = read_flat(self.paths.stack_ports).get("victorialogs", "")
        url = f"http://127.0.0.1:{port}" if port.isdigit() else ""
        return local_places(self.paths, url)

    def vouches(self) -> bool:
        """Say yes: telemetry does not depend on us."""
        return True

    def look_after(self) -> None:
        """See to what launched processes have left; nobody writes to the database."""
        self.history.look(self.launched.ended)

    def maintain(self) -> None:
        """Do nothing: what the collector has left is deleted by it, VictoriaLogs deletes what is old by itself."""


async def keep(paths: Paths, config: Config, lock: int, lifeline: int) -> Ending:
    """Keep the ledger until nobody needs us or a signal comes; return the reason for the end. Raises StoreError."""
    try:
        make_directory(paths.data)
        write_private(paths.collector_ports, ports_text({}))
    except FileTrouble as error:
        raise StoreError(error.message, hint=error.hint) from error
    except OSError as error:
        raise StoreError(f"cannot write in {paths.data}: {error.strerror}", hint="check its owner, mode and space") from error
    keeper = Keeper(paths)
    standing = Standing(paths, lock, {paths.collector_ports: ports_text({})})
    standing.mend()
    keeper.catching_up.start()
    keeper.history.start()
    say(f"cclaunch {__version__} keeps the ledger; the containers receive")
    ending = Ending(keeper, config.stack.idle_exit, lifeline, standing)
    await ending.wait()
    say(f"ending: {ending.reason}")
    keeper.history.leave()
    if not ending.orphaned:
        standing.leave()
    await asyncio.to_thread(keeper.watching.leave)
    await asyncio.to_thread(keeper.catching_up.stop)
    ending.carry()
    return ending


def main(arguments: list[str]) -> int:
    """Keep. *arguments*: four directories, no ports; descriptors of the lock and the lifeline, and no sockets."""
    paths = Paths(*arguments[:4])
    lock, lifeline = int(arguments[7]), int(arguments[8])
    config, trouble = read_configuration(paths)
    if trouble:
        say(f"{trouble.message}; the defaults are used")
    try:
        ending = asyncio.run(keep(paths, config, lock, lifeline))
    except StoreError as error:
        say(f"error: {error.message}")
        return FATAL
    if ending.orphaned:
        os.close(lifeline)
        os.execv(sys.executable, command("supervisor", paths, *arguments[4:7], lock, arguments[9]))
    return MOVED if ending.moved else 0
