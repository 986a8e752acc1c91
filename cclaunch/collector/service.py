"""What the servers of the collector call: take a request, say how it is, show the series."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from cclaunch import __version__
from cclaunch.budgets.watching import Watching
from cclaunch.collector import words
from cclaunch.collector.budget import Arrivals
from cclaunch.collector.catching_up import CatchingUp, maintain
from cclaunch.collector.exposition import exposition
from cclaunch.collector.history_process import HistoryProcess
from cclaunch.collector.intake import Intake
from cclaunch.collector.pids import Launched
from cclaunch.files.process_identity import pid_here
from cclaunch.hot.paths import Paths
from cclaunch.hot.probe import proof, registration
from cclaunch.serving.log import say
from cclaunch.store.places import local_places
from cclaunch.store.reader import reading, series
from cclaunch.store.schema import SCHEMA_VERSION
from cclaunch.store.writer import Writer

DAY_NS = 24 * 3600 * 1_000_000_000


class EmbeddedCollector:
    """What the two servers call: ``take``, ``health`` and ``exposition``; and until when there are such (`ending.Living`)."""

    def __init__(self, paths: Paths, key: str) -> None:
        self.paths = paths
        self.key = key
        self.ports: dict[str, int] = {}
        self.writer = Writer(paths.database, say)
        self.arrivals = Arrivals()
        self.intake = Intake(self.writer)
        places = local_places(paths)
        self.watching = Watching(paths, say)
        self.catching_up = CatchingUp(lambda: places, say, after=self.watching.look)
        self.history = HistoryProcess(paths, say)
        self.launched = Launched(paths.launched, paths.collector_pids)
        self.last_active = time.monotonic()

    async def take(self, signal: Any, body: bytes | bytearray, kind: str, over: Callable[[], None] = lambda: None) -> Message:
        """Store the request *body*, as `intake.Intake.take` does."""
        self.last_active = time.monotonic()
        answer = await self.intake.take(signal, body, kind, over)
        self.catching_up.news()
        return answer

    async def health(self, nonce: str, pid: int, by: str = "", inside: int = 0) -> tuple[str, str]:
        """
        Return the text of ``/health`` and what is wrong.

        *pid* is a launched process to stay for; *by* proves that who says so can read the key, else it is not heard. The pid
        may be that of another namespace, whose number is *inside* then.
        """
        if pid and nonce and secrets.compare_digest(registration(self.key, nonce, pid), by.encode()):
            self.last_active = time.monotonic()
            known = await asyncio.to_thread(pid_here, pid, inside) if inside else pid
            self.launched.add(known)
        well = words.is_well(self.writer, self.paths.data)
        trouble = "" if well else await asyncio.to_thread(words.wrong, self.writer, self.paths.data)
        lines = ["cclaunch", f"version={__version__}", f"schema={SCHEMA_VERSION}", f"pid={os.getpid()}"]
        proven = nonce.isascii() and self._is_meant(nonce)
        lines.append(f"proof={proof(self.key, nonce).decode('ascii')}" if proven else "proof=")
        if self.writer.waiting:
            lines.append(f"waiting={self.writer.waiting}")
        if notice := words.notice(self.writer, self.catching_up.trouble, launch=bool(pid)):
            lines.append(f"notice={notice}")
        return "".join(f"{line}\n" for line in [*lines, *([trouble] if trouble else [])]), trouble

    def vouches(self) -> bool:
        """Say whether a launch need not ask how we are."""
        return words.vouches(self.writer, self.paths.data)

    def look_after(self) -> None:
        """See to what readers of the database have found, and to what launched processes have left."""
        self.writer.look_after()
        self.history.look(self.launched.ended)

    def maintain(self) -> None:
        """Delete what is old. Never raises."""
        maintain(self.writer, self.catching_up, say)

    def _is_meant(self, nonce: str) -> bool:
        """Say whether the ports that *nonce* names, if it names any, are ours: else somebody handed the question on."""
        named = nonce.split("-")[1:]
        return not named or named == [str(self.ports.get("grpc")), str(self.ports.get("http"))]

    async def exposition(self) -> str:
        """Return the series of the last day as Prometheus text."""
        return await asyncio.to_thread(self._exposition)

    def _exposition(self) -> str:
        with reading(self.writer.path) as connection:
            return exposition(series(connection, time.time_ns() - DAY_NS))
