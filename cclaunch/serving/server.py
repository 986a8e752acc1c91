"""An HTTP server that waits: uvicorn without its signals and without the clock that it looks at ten times a second."""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

LARGEST_HEAD = 32 << 10
"""Bytes of an HTTP request before its body."""


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
