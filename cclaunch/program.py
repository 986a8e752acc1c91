"""
Running a program to hear what it says, so that it can neither hang us, nor reach the terminal, nor leave anything behind.

It gets a session of its own, no input and a deadline; whatever it started ends with it, unless starting is what it is for.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Said(NamedTuple):
    """
    What a program said.

    Attributes:
        code: Its exit code; None when it had to be ended, or could not be run.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
        error: Why it could not be run; None when it was, or had to be ended.
    """

    code: int | None
    out: bytes
    err: bytes
    error: OSError | None = None


def run_program(
    command: Sequence[str], environ: Mapping[str, str], deadline_s: float, cwd: str | None = None, *, leaves: bool = False
) -> Said:
    """
    Run *command* and return what it said. Never raises for what the program does.

    Args:
        command: Program and words.
        environ: Exactly the environment that it gets.
        deadline_s: After so many seconds it is ended, with all that it started.
        cwd: Where it runs; None for here.
        leaves: What it started may outlive it, when it has ended by itself.
    """
    try:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Said(None, b"", b"", error)
    except ValueError as error:  # a NUL in a word
        return Said(None, b"", b"", OSError(0, str(error)))
    said = Said(None, b"", b"")
    try:
        out, err = process.communicate(timeout=deadline_s)
        said = Said(process.returncode, out, err)
    except subprocess.TimeoutExpired as late:
        said = Said(None, late.stdout or b"", late.stderr or b"")
    finally:
        if said.code is None or not leaves:
            _end(process)
    return said


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group, also what the program left in the background."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
