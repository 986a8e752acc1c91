"""
A screen that is drawn in place, on a terminal that is given back as it was.

The problem it owns: whatever ends us or stops us (a key, a signal, an error, Ctrl-Z), the shell's terminal has its own screen,
its cursor and its echo again; and a terminal that takes nothing (Ctrl-S, a line that hangs) does not make us deaf. So output is
written without waiting, to a descriptor of our own, and signals arrive in the same place as keys.
"""

import contextlib
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

from cclaunch.console import USUAL

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
"""A screen of its own, no cursor, and what is too long is not wrapped."""

LEAVE = "\x1b[0m\x1b[H\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l"
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""What lies between is shown at once, by terminals that know it; others ignore it."""

REST_OF_LINE = "\x1b[K"
USUAL_ROWS = 24
AT_ONCE = 4096
LAST_WORDS_S = 1.0
"""So long the terminal may take for what gives it back."""

NEWS = b"\0"
"""What a thread of ours writes to be heard; a signal writes its number."""

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
INTERRUPT, STOPPED, CONTINUED, RESIZED = signal.SIGINT, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH
ENDS = frozenset((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT))


class Heard(NamedTuple):
    """What has happened: *keys* as they came, the *signals*, and whether there is *news*; *gone*: the terminal is no more."""

    keys: str
    signals: frozenset[int]
    news: bool
    gone: bool = False


class Size(NamedTuple):
    """Of a terminal, in characters."""

    columns: int
    rows: int


class Redrawn:
    """The terminal of stdout, for the length of a ``with`` block. Raises OSError, termios.error where it is none."""

    def __init__(self) -> None:
        self._screen = sys.stdout.fileno()
        self._keys = next((one for one in (0, self._screen) if os.isatty(one)), self._screen)
        self._own = -1
        self._encoding = sys.stdout.encoding or "ascii"
        self._shown: list[str] = []
        self._waiting = b""
        self._is_gone = False
        self._before: dict[int, Any] = {}
        self._reads_keys = os.isatty(0)

    def __enter__(self) -> "Redrawn":
        """Take the terminal."""
        self._mode = termios.tcgetattr(self._keys)
        with contextlib.suppress(OSError):
            self._own = os.open(os.ttyname(self._screen), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        self._ear, self._mouth = os.pipe()  # macOS has no pipe2
        for handle in (self._ear, self._mouth):
            os.set_blocking(handle, False)
        self._wakeup = signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        for number in HEARD:
            if signal.getsignal(number) is not signal.SIG_IGN or number in (signal.SIGWINCH, signal.SIGCONT):
                self._before[number] = signal.signal(number, _heard)
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._give_back()
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup)
        for handle in (self._ear, self._mouth, self._own):
            if handle >= 0:
                os.close(handle)

    def _take(self) -> None:
        mode = termios.tcgetattr(self._keys)
        mode[3] &= ~(termios.ECHO | termios.ICANON)
        mode[6] = [*mode[6]]
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._keys, termios.TCSANOW, mode)
        self._shown = []
        self._put(ENTER)

    def _give_back(self) -> None:
        """Restore all of it, whatever fails: the terminal may be gone."""
        with contextlib.suppress(termios.error, OSError):
            for how in (termios.TCOOFF, termios.TCOON):  # Ctrl-S would keep it as it is; TCOON alone undoes TCOOFF alone
                termios.tcflow(self._keys, how)
        self._put(LEAVE)
        until = time.monotonic() + LAST_WORDS_S
        while self._waiting and (left := until - time.monotonic()) > 0:
            select.select([], [self._out], [], left)
            self._write()
        self._waiting = b""
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(self._keys, termios.TCSANOW, self._mode)

    def size(self) -> Size:
        """Return how large the screen is."""
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self._screen)
            if columns and rows:
                return Size(columns, rows)
        return Size(USUAL, USUAL_ROWS)

    def draw(self, lines: Sequence[str], full: Sequence[bool]) -> None:
        """
        Show *lines* from the top, each with its styles; only those that differ from what is there are written, in one piece.

        *full*: whether a line fills its last column; then there is no rest to be wiped, and wiping would take that column.
        """
        if self._waiting and not self._write():
            return  # the terminal has not taken the last one yet: this frame is left out
        lines, before = list(lines), self._shown
        lines += [""] * (len(before) - len(lines))
        changed = [at for at, line in enumerate(lines) if at >= len(before) or line != before[at]]
        self._shown = lines
        if changed:
            ends = ("" if at < len(full) and full[at] else REST_OF_LINE for at in changed)
            parts = (f"\x1b[{at + 1};1H{lines[at]}{end}" for at, end in zip(changed, ends, strict=True))
            self._put(f"{BEGIN}{''.join(parts)}{END}")

    def anew(self) -> None:
        """Have the next frame drawn whole: the size is another, or something else has written there."""
        self._shown = []
        self._put("\x1b[H\x1b[2J")

    @property
    def _out(self) -> int:
        return self._screen if self._own < 0 else self._own

    def _put(self, text: str) -> None:
        self._waiting += text.encode(self._encoding, "backslashreplace")
        self._write()

    def _write(self) -> bool:
        """Write what waits, as far as the terminal takes it; say whether that was all. One that is gone takes everything."""
        while self._waiting:
            try:
                self._waiting = self._waiting[os.write(self._out, self._waiting) :]
            except BlockingIOError:
                return False
            except OSError:
                self._waiting, self._is_gone = b"", True
        return True

    def tell_news(self) -> None:
        """Have `hear` return; from any thread."""
        with contextlib.suppress(OSError):
            os.write(self._mouth, NEWS)

    def hear(self, seconds: float) -> Heard:
        """Return what happens within *seconds*, as soon as something does."""
        asked = [self._ear, *([self._keys] if self._reads_keys else [])]
        ready, writable, _ = select.select(asked, [self._out] if self._waiting else [], [], max(seconds, 0))
        if writable:
            self._write()
        told = os.read(self._ear, AT_ONCE) if self._ear in ready else b""
        keys, gone = self._read_keys() if self._keys in ready else ("", False)
        return Heard(keys, frozenset(told) - {0}, NEWS in told, gone or self._is_gone)

    def _read_keys(self) -> tuple[str, bool]:
        try:
            told = os.read(self._keys, AT_ONCE)
        except BlockingIOError:
            return "", False
        except OSError:
            return "", True
        return told.decode("ascii", "replace"), not told

    def stop(self) -> None:
        """Be stopped, as Ctrl-Z asks, with the terminal given back; return when we go on."""
        self._give_back()
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        self._take()

    def go_on(self) -> None:
        """Take the terminal again: we were stopped by somebody who did not ask, and it may be in any state."""
        self._take()


def _heard(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number of the signal is in the pipe already."""


def end_by(number: int) -> None:
    """End as the signal *number* ends a program, so that whoever waits for us sees it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
