"""A terminal to type into a shell: some say what they are, or complete, only there."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import real_shells
from required import require

ANSWERS = ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62c"), (b"\x1b[0c", b"\x1b[?62c"))
"""What a shell asks its terminal, and what a terminal answers."""


def shell_here(name: str) -> str:
    """Return the path of the program of a shell; without it the test is skipped, or fails where all is required."""
    return real_shells.path_of(name) if name in real_shells.SHELLS else require(name)


def calm_fish(environ: Mapping[str, str]) -> None:
    """Keep an interactive fish from reading every manual page at its first start, which takes a minute in the background."""
    Path(environ["XDG_DATA_HOME"], "fish", "generated_completions").mkdir(parents=True, exist_ok=True)


def type_into(
    command: Sequence[str], line: str, done: Path, environ: Mapping[str, str], *, ready: bytes = b"", patience: float = 20
) -> str:
    """
    Start *command* on a terminal, type *line* (once *ready* is shown) and wait until the file *done* is there.

    Returns what the terminal showed.
    """
    terminal = pexpect.spawn(command[0], list(command[1:]), env=dict(environ), timeout=patience, cwd=str(done.parent))
    shown = b""
    typed = False
    until = time.monotonic() + patience
    while not done.exists():
        assert time.monotonic() < until, f"{command}: {shown!r}"
        if not typed and ready in shown:
            terminal.send(line + "\r")
            typed = True
        try:
            part = terminal.read_nonblocking(4096, 0.03)
        except pexpect.TIMEOUT:
            continue
        except pexpect.EOF:
            break
        shown += part
        for question, answer in ANSWERS:
            if question in part:
                terminal.send(answer)
    with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF, OSError):
        terminal.send("exit\r")
        terminal.expect(pexpect.EOF, timeout=1)
    terminal.close(force=True)
    return shown.decode(errors="replace")
