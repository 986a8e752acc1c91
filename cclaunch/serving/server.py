"""
An HTTP server that waits: uvicorn without its signals and without the clock that it looks at ten times a second.

It logs what is no HTTP, and whoever reaches the port may send that for ever: so it says little of it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

LARGEST_HEAD = 32 << 10
"""Bytes of an HTTP request before its body."""

SAID, SAID_S = 10, 60.0
"""So many lines of the server's own in so many seconds."""


class Few(logging.Filter):
    """Lets SAID records through in SAID_S; the next one after these says how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._since = -SAID_S
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether *record* is to be written."""
        now = time.monotonic()
        if now - self._since >= SAID_S:
            if self._count > SAID:
                record.msg, record.args = f"{record.getMessage()} ({self._count - SAID} lines were left out)", ()
            self._since, self._count = now, 0
        self._count += 1
        return self._count <= SAID


class Server(uvicorn.Server):
    """A server that leaves the signals to us, and sleeps: uvicorn's own loop wakes ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.over = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait until it is over."""
        await self.over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def server(app: ASGIApp, http: type[asyncio.Protocol]) -> Server:
    """Return a server of *app* whose connections are handled by *http*; its sockets come with ``serve``."""
    config = uvicorn.Config(
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
    logger = logging.getLogger("uvicorn.error")
    logger.filters = [Few()]  # one of an earlier server of this process is replaced
    return Server(config)
