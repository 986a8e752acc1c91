"""
The collector's process: bind, serve, store, and leave when nobody needs it.

Started by the supervisor with two inherited descriptors: the lock, which stays locked while either of the
two lives, and the lifeline, a pipe whose end says that the supervisor is gone. Then the collector drains
and becomes a new supervisor, so that something listens again within a second or two.
"""

import asyncio
import contextlib
import os
import secrets
import signal as signals
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from cclaunch import __version__
from cclaunch.collector import words
from cclaunch.collector.process import FATAL, MOVED, command
from cclaunch.collector.relay import Relay
from cclaunch.collector.sockets import port_of, read
from cclaunch.collector.standing import LOOK_S, Standing, write_private
from cclaunch.collector.stays import stays
from cclaunch.config.model import Config, read_configuration
from cclaunch.errors import FileTrouble, StoreError
from cclaunch.files.atomic import make_directory
from cclaunch.files.sweeping import sweep
from cclaunch.hot.paths import Directories
from cclaunch.hot.probe import proof, registration
from cclaunch.hot.reading import read_small
from cclaunch.store.schema import SCHEMA_VERSION
from cclaunch.store.writer import Writer

DAY_NS = 24 * 3600 * 1_000_000_000
MAINTENANCE_S = 6 * 3600.0
FIRST_MAINTENANCE_S = 300.0
LARGEST_HEAD = 32 << 10
"""Bytes of an HTTP request before its body."""


def say(text: str) -> None:
    """Write one line to the log, which is this process's stderr."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


class EmbeddedCollector:
    """What the two servers call: ``take``, ``health`` and ``exposition``."""

    def __init__(self, where: Directories, key: str) -> None:
        from cclaunch.collector.budget import Arrivals
        from cclaunch.collector.intake import Intake
        from cclaunch.collector.pids import Launched

        self.where = where
        self.key = key
        self.ports: dict[str, int] = {}
        self.writer = Writer(where.data + "/telemetry.db", say)
        self.arrivals = Arrivals()
        self.intake = Intake(self.writer)
        self.launched = Launched(where.data + "/collector.pids")
        self.last_active = time.monotonic()

    async def take(self, signal: Any, body: bytes | bytearray, kind: str, over: Callable[[], None] = lambda: None) -> Message:
        """Store the request *body*, as `intake.Intake.take` does."""
        self.last_active = time.monotonic()
        return await self.intake.take(signal, body, kind, over)

    async def health(self, nonce: str, pid: int, by: str = "") -> tuple[str, str]:
        """
        Return the text of ``/health`` and what is wrong.

        *pid* is a launched process to stay for; *by* proves that who says so can read the key, else it is not heard.
        """
        if pid and nonce and secrets.compare_digest(registration(self.key, nonce, pid), by.encode()):
            self.last_active = time.monotonic()
            self.launched.add(pid)
        well = words.is_well(self.writer, self.where.data)
        trouble = "" if well else await asyncio.to_thread(words.wrong, self.writer, self.where.data)
        lines = ["cclaunch", f"version={__version__}", f"schema={SCHEMA_VERSION}", f"pid={os.getpid()}"]
        proven = nonce.isascii() and self._is_meant(nonce)
        lines.append(f"proof={proof(self.key, nonce).decode('ascii')}" if proven else "proof=")
        if self.writer.waiting:
            lines.append(f"waiting={self.writer.waiting}")
        if notice := words.notice(self.writer, launch=bool(pid)):
            lines.append(f"notice={notice}")
        return "".join(f"{line}\n" for line in [*lines, *([trouble] if trouble else [])]), trouble

    def _is_meant(self, nonce: str) -> bool:
        """Say whether the ports that *nonce* names, if it names any, are ours: else somebody handed the question on."""
        named = nonce.split("-")[1:]
        return not named or named == [str(self.ports.get("grpc")), str(self.ports.get("http"))]

    async def exposition(self) -> str:
        """Return the series of the last day as Prometheus text."""
        return await asyncio.to_thread(self._exposition)

    def _exposition(self) -> str:
        from cclaunch.collector.exposition import exposition
        from cclaunch.store.reader import reading, series

        with reading(self.writer.path) as connection:
            return exposition(series(connection, time.time_ns() - DAY_NS))


def make_key(path: str) -> str:
    """Return the key of the proof, made at the first start: 32 random bytes that only this user can read."""
    found = (read_small(path, 256) or b"").decode("ascii", "replace").strip()
    if len(found) == 64:
        return found
    made = secrets.token_hex(32)
    write_private(path, made + "\n")
    return made


def adopt(handles: list[int]) -> list[socket.socket]:
    """Return sockets of our own over inherited descriptors, which stay open for a successor."""
    return [socket.socket(fileno=os.dup(handle)) for handle in handles]


async def serve(where: Directories, config: Config, lock: int, lifeline: int, held: dict[str, list[int]]) -> "Ending":
    """Serve until nobody needs us or a signal comes; return the reason for the end."""
    import uvicorn

    from cclaunch.collector import grpc as otlp_grpc
    from cclaunch.collector.connections import Connections, protocol
    from cclaunch.collector.http import metrics_app, otlp_app
    from cclaunch.collector.peer import Door

    class Server(uvicorn.Server):
        """A server that leaves the signals to us, and sleeps: uvicorn's own loop wakes ten times a second."""

        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            self.over = asyncio.Event()

        async def main_loop(self) -> None:
            await self.over.wait()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    connections = Connections()
    door = Door(say)

    def server(app: Any, http: Any) -> Server:
        return Server(
            uvicorn.Config(
                app,
                http=http,
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="warning",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=2,
                timeout_keep_alive=75,
                h11_max_incomplete_event_size=LARGEST_HEAD,
            )
        )

    try:
        make_directory(where.data)
        key = make_key(where.data + "/collector.key")
    except FileTrouble as error:
        raise StoreError(error.message, hint=error.hint) from error
    except OSError as error:  # starting it again would not help
        raise StoreError(f"cannot write in {where.data}: {error.strerror}", hint="check its owner, mode and space") from error
    collector = EmbeddedCollector(where, key)
    collector.ports = ports = {name: port_of(handles[0]) for name, handles in held.items()}
    collector.writer.start()
    http_sockets, metrics_sockets = adopt(held["http"]), adopt(held["metrics"])
    grpc_server = otlp_grpc.new_server(collector, door)
    relay = Relay(otlp_grpc.bind(grpc_server), connections, collector.arrivals, door)
    standing = Standing(where, lock, {"collector.ports": ports_text(ports), "collector.key": key + "\n"})
    try:  # before the first answer: who has the proof finds these ports; and before anything runs that would have to be ended
        write_private(where.data + "/collector.ports", ports_text(ports))
    except OSError as error:
        collector.writer.close()
        raise StoreError(f"cannot write in {where.data}: {error.strerror}", hint="check its owner, mode and space") from error
    standing.mend()
    await grpc_server.start()
    await relay.start(adopt(held["grpc"]))
    servers = [server(otlp_app(collector), protocol(connections, door)), server(metrics_app(collector), protocol(connections))]
    tasks = [
        asyncio.create_task(one.serve(sockets)) for one, sockets in zip(servers, (http_sockets, metrics_sockets), strict=True)
    ]
    watching = asyncio.create_task(connections.watch())
    while not all(one.started for one in servers):
        await asyncio.sleep(0.002)
    say(f"cclaunch {__version__} listens: {', '.join(f'{name} {port}' for name, port in ports.items())}")
    ending = Ending(collector, config.stack.idle_exit, lifeline, standing)
    await ending.wait()
    say(f"draining: {ending.reason}")
    if not ending.orphaned:
        standing.leave()
    relay.stop()
    watching.cancel()
    await grpc_server.stop(2)
    for one in servers:
        one.over.set()
    await asyncio.wait(tasks, timeout=4)
    await asyncio.to_thread(collector.writer.close)
    if ending.moved:
        with contextlib.suppress(FileTrouble):  # the supervisor says so
            make_directory(where.data)
        collector.launched.keep()
        standing.carry()
    return ending


def ports_text(ports: dict[str, int]) -> str:
    """Return where we listen, as it is written down: launches and verbs look there, and so does our successor after a crash."""
    lines = {"version": __version__, "schema": SCHEMA_VERSION, "pid": os.getpid(), "supervisor": os.getppid(), **ports}
    return "".join(f"{name}={value}\n" for name, value in lines.items())


class Ending:
    """
    Waits for the first reason to end: a signal, the supervisor's end, the loss of our place, or idleness.

    Attributes:
        reason: It, in words.
        orphaned: Whether the supervisor is gone.
        moved: Whether our lock is no longer at its path.
    """

    def __init__(self, collector: EmbeddedCollector, idle_exit_s: float, lifeline: int, standing: Standing) -> None:
        self.reason = ""
        self.orphaned = False
        self.moved = False
        self._standing = standing
        self._collector = collector
        self._idle_exit = idle_exit_s
        self._happened = asyncio.Event()
        self._maintained = time.monotonic() - MAINTENANCE_S + FIRST_MAINTENANCE_S
        loop = asyncio.get_running_loop()
        for number in (signals.SIGTERM, signals.SIGINT):
            loop.add_signal_handler(number, self._end, "asked to end")
        if lifeline >= 0:
            loop.add_reader(lifeline, self._orphan, lifeline)

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._happened.set()

    def _orphan(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.orphaned = True
        self._end("the supervisor is gone")

    async def wait(self) -> None:
        """Return when there is a reason; look at idleness and old rows meanwhile."""
        pause = max(0.2, min(LOOK_S, self._idle_exit / 4))
        while not self._happened.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._happened.wait(), pause)
            self._look()
            if self._idle():
                self._end(f"idle for {self._idle_exit:g} s")
            if time.monotonic() - self._maintained > MAINTENANCE_S:
                self._maintained = time.monotonic()
                await asyncio.to_thread(maintain, self._collector.writer)
                await asyncio.to_thread(sweep, self._collector.where.cache)

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
        if self._collector.launched.any() or stays(self._collector.where):
            self._collector.last_active = time.monotonic()
        return time.monotonic() - self._collector.last_active > self._idle_exit


def maintain(writer: Writer) -> None:
    """Fold old rows; a failure is written down and tried again at the next turn."""
    try:
        writer.maintain(time.time_ns())
    except Exception as error:  # whatever it is, the collector's work is to take telemetry
        say(f"maintenance failed: {error}")


def main(arguments: list[str]) -> int:
    """Run the collector. *arguments*: four directories, three ports; descriptors of the lock, the lifeline and the sockets."""
    where = Directories(*arguments[:4])
    lock, lifeline, held = int(arguments[7]), int(arguments[8]), read(arguments[9])
    config, trouble = read_configuration(where)
    if trouble:
        say(f"{trouble.message}; the defaults are used")
    try:
        ending = asyncio.run(serve(where, config, lock, lifeline, held))
    except StoreError as error:
        say(f"error: {error.message}")
        return FATAL
    if ending.orphaned:
        os.close(lifeline)
        os.execv(sys.executable, command("supervisor", where, *arguments[4:7], lock, arguments[9]))
    return MOVED if ending.moved else 0
