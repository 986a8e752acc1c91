"""
An installed command that is broken, and the words it is tried with.

The problem it owns: the launcher of install.sh and the script of the wheel promise the same where the interpreter or the
package is gone, so they are held to it by the same table.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from doubles import FAKE_EXIT, told

WORDS: tuple[list[str], ...] = (["-p", "it's \\ me"], ["a prompt"], [], ["+1 to that"], ["--version", "x"], ["+"])
"""What is claude's, word for word."""

CUT = ((["--", "usage"], ["usage"]), (["+data", "-p", "x"], ["-p", "x"]), (["+data", "--", "usage"], ["usage"]))
"""What is claude's but for words of ours: (words, claude's)."""

OURS = (["usage"], ["stack", "supervise"], ["exec"], ["--version"], ["-h"], ["+data", "usage"])
"""What is never claude's: it would be billed as a prompt."""


def remove(path: Path) -> None:
    """Have nothing at *path*; it is kept beside."""
    path.rename(path.with_name(path.name + ".gone"))


def damage(path: Path) -> None:
    """Put another file in the place of *path*, which is no Python: the installer may have linked it to its cache."""
    path.unlink()
    path.write_text("this is = = no Python\n")


def check(run: Callable[..., subprocess.CompletedProcess[bytes]], command: str, tells: str) -> None:
    """
    Hold the broken *command* to what it promises.

    Args:
        run: Runs a command line in a sandbox whose PATH has a ``fake_claude``.
        command: The path of the command.
        tells: What its line says of the trouble.
    """
    for words, expected in (*((words, words) for words in WORDS), *CUT):
        done = run([command, *words])
        assert done.returncode == FAKE_EXIT, done.stderr
        assert told(done.stdout)["argv"][1:] == expected
        check_line(done.stderr, tells)
    for words in OURS:
        done = run([command, *words])
        assert (done.returncode, done.stdout) == (125, b""), words
        if words[0] != "+data":
            check_line(done.stderr, tells)
    check_status_line(run, command, tells)


def check_status_line(run: Callable[..., subprocess.CompletedProcess[bytes]], command: str, tells: str) -> None:
    """Hold the status line of the broken *command* to code 0, a person's own rows, and why ours is not there."""
    for words, rows in (([], []), (["--wrap", "echo one; echo 'two  2'; exit 3"], ["one", "two  2"])):
        done = run([command, "statusline", *words])
        *before, line = done.stdout.decode().splitlines()
        assert (done.returncode, before) == (0, rows)
        assert line.startswith("cclaunch: no status line: ")
        assert tells in line


def check_line(stderr: bytes, tells: str) -> None:
    """Hold *stderr* to be one line that says what is wrong and what mends it."""
    (line,) = stderr.decode().splitlines()
    assert line.startswith("cclaunch: ")
    assert tells in line
    assert "to mend it: " in line
