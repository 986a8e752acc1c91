"""
A terminal multiplexer with one window, in which something interactive runs: what a person sees of it, and what they type.

The problem it owns: only a terminal that keeps a screen can say what stands on it now.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from collector_client import wait_until
from required import require
from sandbox import Sandbox

COLUMNS, ROWS = 150, 40
SETTLE_S = 0.3
"""Seconds for an editor to take in what was typed: claude drops an Enter that comes in the same breath."""


class Window:
    """The window of a tmux of its own, in *place*."""

    def __init__(self, place: Sandbox, command: Sequence[str], environ: Mapping[str, str], columns: int) -> None:
        self._place = place
        self._tmux = [require("tmux"), "-S", str(place.home / "tmux"), "-f", "/dev/null"]
        size = ["-x", str(columns), "-y", str(ROWS)]
        done = place.run([*self._tmux, "new-session", "-d", *size, "-c", str(place.work), *command], environ=environ)
        assert done.returncode == 0, done.stderr
        self._do("set-option", "-g", "status", "off")

    def _do(self, *words: str) -> str:
        return self._place.run([*self._tmux, *words]).stdout.decode("utf-8", "replace")

    def seen(self) -> str:
        """Return what stands on the screen, without colours."""
        return self._do("capture-pane", "-p")

    def wait(self, shown: Callable[[str], bool]) -> str:
        """Wait until the screen is as *shown* wants it, and return it; else fail with what stands there."""
        assert wait_until(lambda: shown(self.seen())), self.seen()
        return self.seen()

    def type(self, text: str) -> None:
        """Type *text* as a person does, and Enter when it stands there."""
        self._do("send-keys", "-l", text)
        self.wait(lambda screen: text[-4:] in screen)
        time.sleep(SETTLE_S)
        self._do("send-keys", "Enter")

    def resize(self, columns: int) -> None:
        """Have the window *columns* wide."""
        self._do("resize-window", "-x", str(columns), "-y", str(ROWS))

    def close(self) -> None:
        """End whatever runs there."""
        self._do("kill-server")


@contextlib.contextmanager
def window(
    place: Sandbox, command: Sequence[str], environ: Mapping[str, str] | None = None, columns: int = COLUMNS
) -> Iterator[Window]:
    """Give a window in which *command* runs."""
    found = Window(place, command, environ or {}, columns)
    try:
        yield found
    finally:
        found.close()
