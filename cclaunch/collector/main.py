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
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from cclaunch import __version__
from cclaunch.collector.process import FATAL, command
from cclaunch.collector.relay import Relay
from cclaunch.collector.sockets import port_of, read
from cclaunch.collector.stays import stays
from cclaunch.config import Config, load_config
from cclaunch.errors import ConfigError, StoreError
from cclaunch.plan import Directories, read_small
from cclaunch.probe import proof
from cclaunch.store.schema import SCHEMA_VERSION
from cclaunch.store.writer import Writer

DAY_NS = 24 * 3600 * 1_000_000_000
MAINTENANCE_S = 6 * 3600.0
FIRST_MAINTENANCE_S = 300.0
TROUBLE_WAIT_S = 2.0
LARGE = 256 << 10
MOST_AT_WORK = 96 << 20
"""Bytes of messages that may wait for the disk; more are refused, and the exporter tries again."""
PROBE_BYTES = 64 << 10


def say(text: str) -> None:
    """Write one line to the log, which is this process's stderr."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


class EmbeddedCollector:
    """What the two servers call: ``take``, ``health`` and ``exposition``."""

    _bytes_at_work = 0

    def __init__(self, where: Directories, key: str) -> None:
        from cclaunch.collector.pids import Launched

        self.where = where
        self.key = key
        self.ports: dict[str, int] = {}
        self.writer = Writer(where.data + "/telemetry.db")
        self.launched = Launched(where.data + "/collector.pids")
        self.last_active = time.monotonic()

    async def take(self, signal: Any, request: Message) -> Message:
        """Store *request*; return the answer only when it is committed. Raises StoreUnavailable, Rejected."""
        from cclaunch.store.writer import StoreUnavailable

        self.last_active = time.monotonic()
        size = request.ByteSize()
        if self._bytes_at_work and self._bytes_at_work + size > MOST_AT_WORK:
            raise StoreUnavailable("too much waits for the disk")
        self._bytes_at_work += size
        work = asyncio.ensure_future(self._store(signal, request, size))

        def over(_: object) -> None:
            self._bytes_at_work -= size
            if not work.cancelled():
                work.exception()  # looked at: who asked may be gone, and nobody else would

        work.add_done_callback(over)
        return await asyncio.shield(work)  # a client that hangs up does not free the memory

    async def _store(self, signal: Any, request: Message, size: int) -> Message:
        from cclaunch.collector.peer import mark
        from cclaunch.collector.signals import Rejected, answer_of
        from cclaunch.store.writer import Unstorable

        if size > LARGE:  # reading it row by row would hold up everybody else
            batch = await asyncio.to_thread(signal.decode, request)
        else:
            batch = signal.decode(request)
        mark(batch)
        if batch.events or batch.points:
            try:
                await asyncio.wrap_future(self.writer.submit(batch))
            except Unstorable as error:
                raise Rejected(str(error)) from error
        return answer_of(signal, batch)

    async def health(self, nonce: str, pid: int) -> tuple[str, str]:
        """Return the text of ``/health`` and what is wrong; *pid* is a launched process to stay for."""
        self.last_active = time.monotonic()
        if pid:
            self.launched.add(pid)
        trouble = await self._trouble() if self.writer.trouble else ""
        lines = ["cclaunch", f"version={__version__}", f"schema={SCHEMA_VERSION}", f"pid={os.getpid()}"]
        proven = nonce.isascii() and self._is_meant(nonce)
        lines.append(f"proof={proof(self.key, nonce).decode('ascii')}" if proven else "proof=")
        return "".join(f"{line}\n" for line in [*lines, *([trouble] if trouble else [])]), trouble

    def _is_meant(self, nonce: str) -> bool:
        """Say whether the ports that *nonce* names, if it names any, are ours: else somebody handed the question on."""
        named = nonce.split("-")[1:]
        return not named or named == [str(self.ports.get("grpc")), str(self.ports.get("http"))]

    async def _trouble(self) -> str:
        """Try once more to write: what failed a minute ago may work again."""
        from cclaunch.collector.otlp import Batch
        from cclaunch.store.writer import StoreUnavailable

        if await asyncio.to_thread(no_room, self.where.data):
            return self.writer.trouble
        try:
            await asyncio.wait_for(asyncio.wrap_future(self.writer.submit(Batch())), TROUBLE_WAIT_S)
        except StoreUnavailable as error:
            return str(error)
        except TimeoutError:
            return "the disk does not answer"
        return ""

    async def exposition(self) -> str:
        """Return the series of the last day as Prometheus text."""
        return await asyncio.to_thread(self._exposition)

    def _exposition(self) -> str:
        from cclaunch.collector.exposition import exposition
        from cclaunch.store.reader import open_reader, series

        connection = open_reader(self.writer.path)
        try:
            return exposition(series(connection, time.time_ns() - DAY_NS))
        finally:
            connection.close()


def no_room(directory: str) -> bool:
    """
    Say whether the disk of *directory* takes no more.

    Asked with a file: the database may still take a page in the place of an old one, and nothing after that.
    """
    path = f"{directory}/probe.{os.getpid()}"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError:
        return True
    try:
        return os.write(handle, bytes(PROBE_BYTES)) < PROBE_BYTES
    except OSError:
        return True
    finally:
        os.close(handle)
        os.unlink(path)


def make_key(path: str) -> str:
    """Return the key of the proof, made at the first start: 32 random bytes that only this user can read."""
    found = (read_small(path, 256) or b"").decode("ascii", "replace").strip()
    if len(found) == 64:
        return found
    made = secrets.token_hex(32)
    write_private(path, made + "\n")
    return made


def write_private(path: str, text: str) -> None:
    """Write *text* to *path* whole or not at all, for the owner's eyes."""
    temporary = f"{path}.{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def adopt(handles: list[int]) -> list[socket.socket]:
    """Return sockets of our own over inherited descriptors, which stay open for a successor."""
    return [socket.socket(fileno=os.dup(handle)) for handle in handles]


async def serve(where: Directories, config: Config, lifeline: int, held: dict[str, list[int]]) -> bool:
    """Serve until nobody needs us or a signal comes; return whether the supervisor is gone."""
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from cclaunch.collector import grpc as otlp_grpc
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

    def server(app: Any, protocol: Any) -> Server:
        return Server(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="warning",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=2,
                timeout_keep_alive=75,
            )
        )

    try:
        key = make_key(where.data + "/collector.key")
    except OSError as error:  # starting it again would not help
        raise StoreError(f"cannot write in {where.data}: {error.strerror}", hint="check its owner, mode and space") from error
    collector = EmbeddedCollector(where, key)
    collector.ports = ports = {name: port_of(handles[0]) for name, handles in held.items()}
    collector.writer.start()
    http_sockets, metrics_sockets = adopt(held["http"]), adopt(held["metrics"])
    door = Door(say)
    grpc_server = otlp_grpc.new_server(collector, door)
    relay = Relay(otlp_grpc.bind(grpc_server), door)
    await grpc_server.start()
    await relay.start(adopt(held["grpc"]))
    write_ports(where, ports)  # before the first answer: who has the proof finds these ports
    servers = [server(otlp_app(collector), door.introduced(H11Protocol)), server(metrics_app(collector), H11Protocol)]
    tasks = [
        asyncio.create_task(one.serve(sockets)) for one, sockets in zip(servers, (http_sockets, metrics_sockets), strict=True)
    ]
    while not all(one.started for one in servers):
        await asyncio.sleep(0.002)
    say(f"cclaunch {__version__} listens: {', '.join(f'{name} {port}' for name, port in ports.items())}")
    ending = Ending(collector, config.stack.idle_exit, lifeline)
    await ending.wait()
    say(f"draining: {ending.reason}")
    if not ending.orphaned:
        with contextlib.suppress(OSError):
            os.unlink(where.data + "/collector.ports")
    relay.stop()
    await grpc_server.stop(2)
    for one in servers:
        one.over.set()
    await asyncio.wait(tasks, timeout=4)
    await asyncio.to_thread(collector.writer.close)
    return ending.orphaned


def write_ports(where: Directories, ports: dict[str, int]) -> None:
    """Write down where we listen: launches and verbs look here, and so does our successor after a crash."""
    lines = {"version": __version__, "schema": SCHEMA_VERSION, "pid": os.getpid(), "supervisor": os.getppid(), **ports}
    write_private(where.data + "/collector.ports", "".join(f"{name}={value}\n" for name, value in lines.items()))


class Ending:
    """Waits for the first reason to end: a signal, the supervisor's end, or idleness."""

    def __init__(self, collector: EmbeddedCollector, idle_exit_s: float, lifeline: int) -> None:
        self.reason = ""
        self.orphaned = False
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
        pause = max(0.2, min(5.0, self._idle_exit / 4))
        while not self._happened.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._happened.wait(), pause)
            if self._idle():
                self._end(f"idle for {self._idle_exit:g} s")
            if time.monotonic() - self._maintained > MAINTENANCE_S:
                self._maintained = time.monotonic()
                await asyncio.to_thread(maintain, self._collector.writer)

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


def main(words: list[str]) -> int:
    """Run the collector. *words*: four directories, three ports; the descriptors of the lock, the lifeline and the sockets."""
    where = Directories(*words[:4])
    lock, lifeline, held = int(words[7]), int(words[8]), read(words[9])
    try:
        config = load_config(where.config + "/config.toml")
    except ConfigError as error:
        say(f"{error.message}; the defaults are used")
        config = Config()
    try:
        orphaned = asyncio.run(serve(where, config, lifeline, held))
    except StoreError as error:
        say(f"error: {error.message}")
        return FATAL
    if orphaned:
        os.close(lifeline)
        os.execv(sys.executable, command("supervisor", where, *words[4:7], lock, words[9]))
    return 0
