"""What the two servers need of the collector."""

from collections.abc import Callable
from typing import Protocol

from google.protobuf.message import Message

from cclaunch.collector.budget import Arrivals
from cclaunch.otlp.signals import Signal


class Collector(Protocol):
    """What the routes need of the collector."""

    arrivals: Arrivals

    async def take(self, signal: Signal, body: bytes | bytearray, kind: str, over: Callable[[], None]) -> Message:
        """Store the request *body* and return the answer, as `intake.Intake.take` does."""

    async def health(self, nonce: str, pid: int, by: str, inside: int) -> tuple[str, str]:
        """Return (text of the answer, what is wrong or an empty string)."""

    async def exposition(self) -> str:
        """Return the metrics in Prometheus' text format."""
