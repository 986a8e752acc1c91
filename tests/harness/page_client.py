"""
The page's process in a throw-away home, and what a browser would ask of it, byte by byte.

The problem it owns: who gets in is shown by requests that no browser would send, too; and nothing may be left alive.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from collector_client import Answer, read_answer
from sandbox import free_ports

from cclaunch.config.model import configuration
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat
from cclaunch.web import codes, starting


class PagePlace:
    """A throw-away set of directories, and the page that is shown from there."""

    def __init__(self, base: Path) -> None:
        self.paths = Paths(*(str(base / name) for name in ("config", "state", "cache", "data")))
        for path in (self.paths.config, self.paths.state, self.paths.cache, self.paths.data):
            Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.environ = {"HOME": str(base), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        self.port = free_ports(1)[0]
        self.configure()

    @classmethod
    def of(cls, paths: Paths) -> "PagePlace":
        """Return the place of directories that somebody else has furnished."""
        made = cls.__new__(cls)
        made.paths, made.port = paths, configuration(paths).ports.page
        made.environ = {}
        return made

    def configure(self, more: str = "") -> None:
        """Write config.toml anew."""
        Path(self.paths.config_file).write_text(f"[ports]\npage = {self.port}\n{more}")

    def start(self, **environ: str) -> starting.Running:
        """Have the page shown."""
        found = starting.start(self.paths, configuration(self.paths), {**self.environ, **environ})
        self.port = found.port
        return found

    def process(self) -> psutil.Process:
        """Return the process that shows it."""
        return psutil.Process(int(read_flat(self.paths.page_port)["pid"]))

    def log(self) -> str:
        """Return what it has said."""
        return Path(self.paths.page_log).read_text()

    def ask(self, method: str, path: str, body: bytes | None = None, address: str = "127.0.0.1", **headers: str) -> Answer:
        """Send one request on a connection of its own; ``__`` in a header's name stands for a hyphen."""
        connection = http.client.HTTPConnection(address, self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("__", "-"): value for name, value in headers.items()})
            return read_answer(connection)
        finally:
            connection.close()

    def bring(self, code: str, **headers: str) -> Answer:
        """Bring *code*, as the page of the way in does."""
        return self.ask("POST", "/open", json.dumps({"code": code}).encode(), Content__Type="application/json", **headers)

    def enter(self) -> str:
        """Be let in; return the header of the cookie."""
        answer = self.bring(codes.make(self.paths))
        assert answer.status == 204, answer
        return answer.headers["set-cookie"].partition(";")[0]


@contextmanager
def page(base: Path) -> Iterator[PagePlace]:
    """Show the page from below *base* for the length of the block."""
    place = PagePlace(base)
    try:
        place.start()
        yield place
    finally:
        starting.end(place.paths)
