"""
The person's command, run for one budget: with a deadline, and nothing of it can hang us or fill anything.

The problem it owns: it is whatever somebody has written into config.toml. It may wait for ever, ignore signals, talk without end
or leave something behind, beside the one process that takes telemetry.
"""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping

DEADLINE_S = 30.0
ENDS_S = 5.0
LONGEST_OUTPUT = 64 * 1024
"""Who says more finds its output closed: it must cost nothing to listen."""

LONGEST_TOLD = 2_000
"""Characters of it that are told."""

BLOCK = 8 * 1024


class Running:
    """One command that runs, for a thread that waits for it; another one may end it."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._over = False

    def run(self, command: str, added: Mapping[str, str]) -> tuple[str, str]:
        """
        Run *command* by a shell, in a session of its own, with *added* to our environment; return (trouble, what it said).

        It has ended when its shell has, and nobody holds its output. Never raises for what it does.
        """
        words = ["env", *(f"{name}={value}" for name, value in added.items()), "sh", "-c", command]
        try:
            with self._lock:
                if self._over:
                    return "it was not begun: the collector ends", ""
                self._child = child = subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
                )
        except (OSError, ValueError) as error:
            return f"it cannot be started: {error}", ""
        try:
            return self._awaited(child)
        finally:
            with self._lock:
                self._child = None

    def end(self) -> None:
        """End what runs, with all that it started; nothing more is begun. Waits for nothing."""
        with self._lock:
            self._over = True
            if self._child is not None:
                _kill(self._child)

    def _awaited(self, child: "subprocess.Popen[bytes]") -> tuple[str, str]:
        until = time.monotonic() + self._deadline_s
        said, is_whole = _heard(child, until)
        told = _told(said)
        try:
            code = child.wait(max(0.0, until - time.monotonic())) if is_whole else None
        except subprocess.TimeoutExpired:
            code = None
        if code is None:
            _kill(child)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(ENDS_S)
            why = "the collector ends" if self._over else f"after {self._deadline_s:g} s"
            return f"it was ended, {why}", told
        if self._over and code < 0:
            return "it was ended, the collector ends", told
        return (f"it ended with {code}" if code else ""), told


def _heard(child: "subprocess.Popen[bytes]", until: float) -> tuple[bytes, bool]:
    """Return (what *child* says, whether it came to an end by itself before *until*); its output is closed then."""
    if child.stdout is None:
        return b"", True
    said = b""
    with child.stdout:
        handle = child.stdout.fileno()
        poll = select.poll()  # a collector may have more descriptors open than `select` takes
        poll.register(handle, select.POLLIN)
        while len(said) < LONGEST_OUTPUT:
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return said, False
            part = os.read(handle, BLOCK)
            if not part:
                break
            said += part
    return said, True


def _told(said: bytes) -> str:
    """Return the beginning of what was *said* as one line without control characters."""
    text = " ".join(said[: 4 * LONGEST_TOLD].decode("utf-8", "replace").split())
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """Kill *child*, which nobody has waited for yet, and all of its session that has not left its group."""
    if child.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
