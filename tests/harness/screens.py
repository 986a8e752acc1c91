"""
What a person sees: a verb run on a real terminal of a known size, at a known time.

The problem it owns: a width, a colour and an encoding are the terminal's, so a test needs one. What is drawn over
(a line that goes away again) is not seen.
"""

import contextlib
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Mapping, Sequence

from sandbox import Sandbox

STYLE = re.compile(r"\x1b\[([0-9;]*)m")
PROGRAM = """
import sys, time
from cclaunch.cli import main
from cclaunch.main import inherited
{clock}
sys.exit(main(sys.argv[1:], inherited()))
"""
"""Runs a verb as the door does, perhaps with a clock that stands still."""


def shown(
    sandbox: Sandbox,
    *words: str,
    columns: int = 80,
    rows: int = 24,
    now_ns: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """
    Return (exit code, what is on the screen) of ``cclaunch`` with *words* on a terminal of *columns* by *rows*.

    Args:
        sandbox: Where it runs.
        words: The verb and its words.
        columns, rows: The size of the terminal.
        now_ns: What the clock says, in nanoseconds since the epoch; None: the truth.
        environ: Added to the sandbox's own.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    started = subprocess.Popen(
        program(words, now_ns), env=sandbox.environment(environ), cwd=sandbox.work, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = _all_of(ours)
    return started.wait(120), seen(written.decode("utf-8", "backslashreplace"))


def program(words: Sequence[str], now_ns: int | None) -> list[str]:
    """Return the command line that runs a verb when the clock says *now_ns*."""
    clock = "" if now_ns is None else f"time.time_ns = lambda: {now_ns}; time.time = lambda: {now_ns / 1e9}"
    return [sys.executable, "-c", PROGRAM.format(clock=clock), *words]


def _all_of(terminal: int) -> bytes:
    """Return all that is written until nobody holds the other side any more, and close ours."""
    parts = []
    with contextlib.suppress(OSError):  # Linux ends a terminal with EIO
        while part := os.read(terminal, 65536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts)


def seen(written: str) -> str:
    """Return what remains of what was *written*: lines that were drawn over are gone, styles are there."""
    lines = [line.removesuffix("\r").rpartition("\r\x1b[2K")[2] for line in written.split("\n")]
    return "\n".join(lines)


def plain(screen: str) -> str:
    """Return a screen without its styles."""
    return STYLE.sub("", screen)


def styles(screen: str) -> set[tuple[str, str]]:
    """Return each (style, text) of a screen that is styled."""
    return {(found[1], found[2]) for found in re.finditer(r"\x1b\[([0-9;]+)m(.*?)\x1b\[0m", screen)}


def columns_of(line: str) -> int:
    """Return how many columns a terminal needs for *line*, as Unicode says it."""
    return sum(0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in plain(line))
