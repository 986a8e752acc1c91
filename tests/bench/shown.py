"""
A page that a bench looks at, in a throw-away home, with a ledger that may be kept from run to run.

The problem it owns: a million requests take minutes to write; and who measures the page must be let in as a browser is.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from page_client import PagePlace
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.hot.reading import read_flat


@contextmanager
def show(base: Path, keep: Path | None) -> Iterator[Sandbox]:
    """Furnish a home below *base*, its data in *keep* if that is given; what is started there ends with the block."""
    place = Sandbox(base)
    place.configure()
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        place.data.parent.mkdir(parents=True)
        place.data.symlink_to(keep.resolve())
    try:
        yield place
    finally:
        place.close()


class Shown:
    """The page of *place*, asked over the wire."""

    def __init__(self, place: Sandbox) -> None:
        self._place = place
        self._cookie = ""
        self.page = PagePlace.of(our_paths(dict(place.environ)))

    def address(self) -> str:
        """Call the verb; return the address that lets in."""
        command = self._place.command("dashboard", "--no-open")
        environ = self._place.environment()
        done = subprocess.run(command, env=environ, cwd=self._place.work, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def enter(self) -> None:
        """Have it shown, and be let in."""
        code = self.address().partition("#")[2]
        self.page.port = int(read_flat(self.page.paths.page_port)["port"])
        self._cookie = self.page.bring(code).headers["set-cookie"].partition(";")[0]

    def ask(self, path: str) -> bytes:
        """Return the body of an answer; anything but a good one ends the bench."""
        answer = self.page.ask("GET", path, Cookie=self._cookie)
        if answer.status != 200 or b'"state":"trouble"' in answer.body[:200] or b'"trouble":"' in answer.body:
            raise SystemExit(f"{path}: {answer.status} {answer.body[-500:]!r}")
        return answer.body

    def peak_mb(self) -> float:
        """Return the most that the page's process has held, where the system tells; else what it holds."""
        process = self.page.process()
        if sys.platform == "linux":
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6
        return process.memory_info().rss / 1e6
