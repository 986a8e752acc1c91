"""
The page's process: it listens on loopback, serves, and ends when nobody looks.

The problem it owns: one for each user, that is there when it is asked for and gone when it is not. A lock says that it lives,
which the system takes back whatever way it dies; a small file says where. It only reads: the one thing that it writes is the
ledger's catch-up, which everybody who asks does.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys

from cclaunch import __version__
from cclaunch.answers.answers import Answers
from cclaunch.config.model import read_configuration
from cclaunch.errors import FileTrouble
from cclaunch.files import lock
from cclaunch.files.atomic import make_directory, write_atomic
from cclaunch.files.process_identity import start_ticks
from cclaunch.hot.alive import here
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat
from cclaunch.serving import holder
from cclaunch.serving.connections import Connections, affordable, protocol
from cclaunch.serving.log import say
from cclaunch.serving.peer import Door
from cclaunch.serving.server import Server, server
from cclaunch.serving.sockets import first_free, port_of
from cclaunch.web import codes
from cclaunch.web.entrance import Entrance
from cclaunch.web.freshness import Freshness
from cclaunch.web.idle import Idle
from cclaunch.web.pages import page_app
from cclaunch.web.questions import Questions

LOOK_S = 1.0
LOCK_S = 1.0
DRAIN_S = 3.0
MOST = 100
"""Connections at once: a browser has six."""

ONLY = "only the user whose page this is, and root, may look at it"


class Page:
    """
    The page on listening sockets.

    Args:
        paths: Our directories.
        lock_handle: The descriptor of the lock that is held.
        handles: Descriptors that listen, all on one port.
        idle: Knows when it was looked last.
        look_s: Seconds between two looks at whether it is to end.
    """

    def __init__(self, paths: Paths, lock_handle: int, handles: list[int], idle: Idle, look_s: float = LOOK_S) -> None:
        self.port = port_of(handles[0])
        self.reason = ""
        self._paths = paths
        self._lock = lock_handle
        self._sockets = [socket.socket(fileno=handle) for handle in handles]
        self._idle = idle
        self._look_s = look_s
        self._over = asyncio.Event()

    async def serve(self) -> None:
        """Serve until there is a reason to end. Raises FileTrouble where nobody could be told the port."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(RuntimeError, ValueError):  # not the main thread
                loop.add_signal_handler(number, self.end, "asked to end")
        connections = Connections(min(MOST, affordable()))
        one = self._server(connections)
        serving = asyncio.create_task(one.serve(self._sockets))
        watching = asyncio.create_task(connections.watch())
        try:
            while not one.started and not serving.done():
                await asyncio.sleep(0.002)
            write_atomic(self._paths.page_port, port_text(self.port).encode())  # only now: who reads it is answered
            say(f"cclaunch {__version__} shows the page on port {self.port}")
            await self._wait(serving)
        finally:
            say(f"ending: {self.reason or 'the server has ended'}")
            self._leave()
            watching.cancel()
            one.over.set()
            await asyncio.wait({serving}, timeout=DRAIN_S)

    def end(self, reason: str) -> None:
        """End, for *reason*."""
        self.reason = self.reason or reason
        self._over.set()

    def _server(self, connections: Connections) -> Server:
        fresh = Freshness(self._paths)
        entrance = Entrance(self._paths, self.port, self._idle.looked)
        questions = Questions(Answers(self._paths), fresh.files, fresh.lasts_s, fresh.notes)
        return server(page_app(entrance, self._idle.looked, questions), protocol(connections, Door(say, ONLY)))

    async def _wait(self, serving: "asyncio.Task[None]") -> None:
        while not self._over.is_set() and not serving.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._look_s)
            if holder.lost(self._lock, self._paths.page_lock):
                self.end("our place was moved or deleted")
            elif not os.path.exists(__file__):  # what is not loaded yet could not be any more
                self.end("this program was removed")
            elif self._idle.over():
                self.end("nobody looks")
            else:
                codes.sweep(self._paths)

    def _leave(self) -> None:
        """Take away what says where we are, if it is ours."""
        if not holder.lost(self._lock, self._paths.page_lock) and read_flat(self._paths.page_port).get("pid") == str(os.getpid()):
            with contextlib.suppress(OSError):
                os.unlink(self._paths.page_port)


def port_text(port: int) -> str:
    """Return where this process listens, as it is written down."""
    lines = {"version": __version__, "pid": os.getpid(), "ticks": start_ticks(os.getpid()) or "", "here": here(), "port": port}
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def main(arguments: list[str]) -> int:
    """Show the page. *arguments*: config, state, cache and data directory."""
    paths = Paths(*arguments[:4])
    config, trouble = read_configuration(paths)
    if trouble:
        say(f"{trouble.message}; the defaults are used")
    handle: int | None = None
    try:
        make_directory(paths.data)
        handle = lock.take(paths.page_lock, LOCK_S)
        if handle is None:
            say(f"error: another process holds {paths.page_lock}")  # another page is faster, and then nobody reads this
            return 0
        holder.sign(handle)
        page = Page(paths, handle, first_free("", config.ports.page), Idle())
        asyncio.run(page.serve())
    except FileTrouble as error:
        say(f"error: {error.message}")
        return 1
    except OSError as error:
        say(f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        return 1
    finally:
        if handle is not None:
            os.close(handle)
    sys.stderr.flush()
    os._exit(0)  # a question that a disk does not answer keeps its thread, and nobody waits for that
