"""
An OTLP receiver that forgets nothing: what a bare ``claude`` really sends, signal by signal.

The problem it owns: our store merges a resource's attributes with those of its events, and one rule of
claude's is that the two differ. Here the resource, the events and the data points are kept apart. The two
servers are the collector's own; only what happens with a message is another thing.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Self

import uvicorn
from google.protobuf.message import Message
from otlp_json import message_of

from cclaunch.collector.budget import Arrivals
from cclaunch.collector.grpc import bind, new_server
from cclaunch.collector.pages import otlp_app
from cclaunch.otlp.messages import attributes_of, plain
from cclaunch.otlp.signals import Signal
from cclaunch.store.rows import Value

Attributes = dict[str, Value]

START_S = 60


class Event(NamedTuple):
    """One log record: its body, its own attributes and those of its resource."""

    body: str
    attributes: Attributes
    resource: Attributes


class Point(NamedTuple):
    """One data point of a sum; *temporality* is 1 for delta and 2 for cumulative."""

    metric: str
    temporality: int
    value: float
    attributes: Attributes
    resource: Attributes


class _Loop:
    """One event loop in one thread for all receivers: gRPC's asyncio does not live in two loops at once."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="capture", daemon=True).start()

    def run(self, task: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(task, self.loop).result(START_S)


_loops: list[_Loop] = []


def _loop() -> _Loop:
    if not _loops:
        _loops.append(_Loop())
    return _loops[0]


class Capture:
    """
    The receiver. Use it as a context manager; several may be open at once.

    Attributes:
        grpc, http: The ports, on 127.0.0.1.
        messages: (name of the signal, decoded request), in the order of arrival.
    """

    grpc = 0
    http = 0

    def __init__(self) -> None:
        """Open nothing yet."""
        self.messages: list[tuple[str, Message]] = []
        self.arrivals = Arrivals()

    def __enter__(self) -> Self:
        """Listen on two free ports."""
        _loop().run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        """Close both ports."""
        _loop().run(self._close())

    async def _open(self) -> None:
        self._methods = new_server(self)
        self.grpc = bind(self._methods)
        await self._methods.start()
        config = uvicorn.Config(otlp_app(self), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none", loop="none")
        self._routes = _Routes(config)
        self._serving = asyncio.ensure_future(self._routes.serve())
        deadline = time.monotonic() + START_S
        while not self._routes.started and not self._serving.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        self.http = self._routes.servers[0].sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._routes.should_exit = True
        await self._serving
        await self._methods.stop(None)

    async def take(self, signal: Signal, body: bytes | bytearray, kind: str, over: Callable[[], None]) -> Message:
        """Keep the request in *body*."""
        self.messages.append((signal.name, message_of(body, kind, signal)))
        over()
        return signal.response()

    async def health(self, nonce: str, pid: int, by: str, inside: int) -> tuple[str, str]:
        """Say that all is well: part of what the servers ask of a collector."""
        return "capture\n", ""

    async def exposition(self) -> str:
        """Return no metrics: part of what the servers ask of a collector."""
        return ""

    def endpoint(self, protocol: str) -> str:
        """Return the general endpoint for *protocol*."""
        return f"http://127.0.0.1:{self.grpc if protocol == 'grpc' else self.http}"

    def environ(self, protocol: str = "grpc") -> dict[str, str]:
        """Return the five exports of a hand-made set-up that send everything here."""
        return {
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint(protocol),
        }

    def of(self, signal: str) -> list[Any]:
        """Return the messages of ``logs``, ``metrics`` or ``traces``."""
        return [message for name, message in list(self.messages) if name == signal]

    def events(self, name: str = "") -> list[Event]:
        """Return the events, or those whose body is ``claude_code.`` and *name*, in the order of arrival."""
        found = [
            Event(str(plain(record.body)), attributes_of(record.attributes), attributes_of(of.resource.attributes))
            for message in self.of("logs")
            for of in message.resource_logs
            for scope in of.scope_logs
            for record in scope.log_records
        ]
        return [event for event in found if name in ("", event.body.removeprefix("claude_code."))]

    def points(self, metric: str = "") -> list[Point]:
        """Return the data points of all sums, or of *metric*, in the order of arrival."""
        found = [
            Point(
                one.name,
                one.sum.aggregation_temporality,
                point.as_double,
                attributes_of(point.attributes),
                attributes_of(of.resource.attributes),
            )
            for message in self.of("metrics")
            for of in message.resource_metrics
            for scope in of.scope_metrics
            for one in scope.metrics
            for point in one.sum.data_points
        ]
        return [point for point in found if metric in ("", point.metric)]


class _Routes(uvicorn.Server):
    """Uvicorn in a thread: signals are the main thread's."""

    def capture_signals(self) -> Any:
        import contextlib

        return contextlib.nullcontext()
