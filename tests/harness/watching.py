"""
A screen that is redrawn in place, as a terminal shows it: a verb on a pty, and what stands in each row.

The problem it owns: of a frame only what has changed is written, so a test has to hold the whole screen. Enough of a terminal is
here for what we write, and an escape that it does not know fails the test: then nobody knows what a real one would show.
"""

import codecs
import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping

from sandbox import Sandbox

TOKEN = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])|\x1b(.)?|([^\x1b])", re.DOTALL)
DEADLINE_S = 60.0
ALTERNATE, CURSOR, WRAP, TOGETHER = "1049", "25", "7", "2026"


class Screen:
    """
    What a terminal shows.

    Attributes:
        rows: The text of each row, from the top.
        modes: Those that are set: private modes by number, ``25`` (the cursor) and ``7`` (wrapping) are at first.
        frames: How often something was shown at once.
        outside: What was written while the terminal's own screen was shown.
        spilt: Whether anything was written beyond the last column or row, or scrolled.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.modes = {CURSOR, WRAP}
        self.frames = 0
        self.outside = ""
        self.spilt = False
        self._row = self._column = 0
        self._rest = ""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Have another size; what was there is gone, as a program has to draw anew."""
        self._columns = columns
        self._cells = [[" "] * columns for _ in range(rows)]

    @property
    def rows(self) -> list[str]:
        """Return the text of each row."""
        return ["".join(cells).rstrip() for cells in self._cells]

    def feed(self, text: str) -> None:
        """Take what was written; what ends in the middle of an escape waits for the rest."""
        text = self._rest + text
        found = re.search(r"\x1b(\[[?0-9;]*)?\Z", text)
        self._rest, text = (text[found.start() :], text[: found.start()]) if found else ("", text)
        for private, numbers, letter, other, character in (match.groups() for match in TOKEN.finditer(text)):
            if letter is not None:
                self._obey(private, numbers, letter)
            else:
                assert other is None, f"what is ESC {other!r}?"
                self._put(character)

    def _obey(self, private: str, numbers: str, letter: str) -> None:
        if private:
            assert letter in "hl", f"what is CSI ?{numbers}{letter}?"
            self.frames += numbers == TOGETHER and letter == "l"
            (self.modes.add if letter == "h" else self.modes.discard)(numbers)
        elif letter == "H":
            row, _, column = numbers.partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
            self.spilt |= self._row >= len(self._cells)
        elif letter == "J":
            assert numbers == "2"
            self.spilt = False  # a frame that was on its way when the size changed
            self.resize(self._columns, len(self._cells))
        elif letter == "K":
            self.spilt |= self._column >= self._columns  # some wipe the last column then
            if self._row < len(self._cells):
                self._cells[self._row][self._column :] = [" "] * (self._columns - self._column)
        else:
            assert letter == "m", f"what is CSI {numbers}{letter}?"

    def _put(self, character: str) -> None:
        if ALTERNATE not in self.modes:
            self.outside += character
            return
        assert character.isprintable(), f"a terminal may obey {character!r}"
        wide = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if self._column + wide > self._columns or self._row >= len(self._cells):
            self.spilt = True
            return
        if wide:
            self._cells[self._row][self._column : self._column + wide] = [character, ""][:wide]
        self._column += wide


class Watching:
    """``cclaunch usage --watch`` with *words* on a terminal of its own."""

    def __init__(
        self, sandbox: Sandbox, *words: str, columns: int = 80, rows: int = 24, environ: Mapping[str, str] | None = None
    ) -> None:
        self.screen = Screen(columns, rows)
        self.raw = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._ours, self.theirs = os.openpty()
        self._size(columns, rows)
        self.before = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(
            sandbox.command("usage", "--watch", *words),
            env=sandbox.environment(environ),
            cwd=sandbox.work,
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            preexec_fn=_lead,
        )

    def __enter__(self) -> "Watching":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running, and close the terminal."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for handle in (self._ours, self.theirs):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Have the terminal be of another size, as a person who drags a window."""
        self.read()
        self.screen.resize(columns, rows)
        self._size(columns, rows)

    def hang_up(self) -> None:
        """Close the terminal."""
        for handle in (self._ours, self.theirs):
            os.close(handle)
        self._ours = self.theirs = -1

    def press(self, keys: str) -> None:
        """Press *keys*."""
        os.write(self._ours, keys.encode())

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, number)

    def read(self, seconds: float = 0.0) -> None:
        """Show what it writes within so many seconds."""
        while select.select([self._ours], [], [], seconds)[0]:
            try:
                part = os.read(self._ours, 1 << 16)
            except OSError:
                return
            self.raw += part
            self.screen.feed(self._decoder.decode(part))
            seconds = 0.0

    def until(self, what: Callable[[Screen], object]) -> Screen:
        """Return the screen when *what* holds of it. Fails the test when it never does."""
        deadline = time.monotonic() + DEADLINE_S
        while not what(self.screen):
            assert time.monotonic() < deadline, "\n".join([*self.screen.rows, self.screen.outside])
            self.read(0.1)
        return self.screen

    def shows(self, text: str) -> Screen:
        """Return the screen when a row of it has *text*."""
        return self.until(lambda screen: any(text in row for row in screen.rows))

    def ended(self) -> int:
        """Return its exit code, or the negative number of the signal, when it has ended and all is read."""
        deadline = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it has not ended"
            self.read(0.05)
        self.read()
        return self.process.returncode

    def is_given_back(self) -> bool:
        """Say whether the terminal is as it was: screen, cursor, wrapping, echo and all else."""
        return self.screen.modes == {CURSOR, WRAP} and termios.tcgetattr(self.theirs) == self.before


def _lead() -> None:
    """Have the terminal be ours, so that its keys send signals."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
