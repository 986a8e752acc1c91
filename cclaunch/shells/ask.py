"""
Running a shell to ask it something, so that it can neither hang us, nor reach the terminal, nor leave anything behind.

It gets a session of its own, no input, a deadline and a temporary home unless the question is about the real one; whatever
it started ends with it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cclaunch.shells.rc_files import ASKED_NU, ASKED_PWSH

DEADLINE_S = 5.0
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SYSTEMROOT")
FENCE = "::cclaunch::"


class Said(NamedTuple):
    """What a program said: its exit *code* (None when it had to be ended, or could not be run), and its output."""

    code: int | None
    out: bytes
    err: bytes


def ask_program(command: Sequence[str], environ: Mapping[str, str], deadline_s: float = DEADLINE_S, cwd: str = "/") -> Said:
    """Run *command* with exactly *environ* and return what it said. Never raises for what the program does."""
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
    except (OSError, ValueError):
        return Said(None, b"", b"")
    try:
        out, err = process.communicate(timeout=deadline_s)
        return Said(process.returncode, out, err)
    except subprocess.TimeoutExpired as late:
        return Said(None, late.stdout or b"", late.stderr or b"")
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group, also what the shell left in the background."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def program(names: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the path of the first of *names* on the PATH of *environ*, or an empty string."""
    return next((found for name in names if (found := shutil.which(name, path=environ.get("PATH", os.defpath)))), "")


def enlightened(shell: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return *environ* with what only *shell* itself knows about its files, where it is installed.

    zsh: the ``ZDOTDIR`` that may be set in ``.zshenv`` alone; nushell: its autoload directory; PowerShell: its profile.
    """
    known = dict(environ)
    if shell == "zsh" and "USER_ZDOTDIR" not in environ and (zsh := program(["zsh"], environ)):
        said = ask_program([zsh, "-c", f"print -rn -- '{FENCE}'${{ZDOTDIR-$HOME}}'{FENCE}'"], environ)
        parts = os.fsdecode(said.out).split(FENCE)
        if said.code == 0 and len(parts) == 3:  # whatever the person's own files printed in front
            known["ZDOTDIR"] = parts[1]
    elif shell == "nu" and (nu := program(["nu"], environ)):
        said = ask_program([nu, "-n", "-c", "$nu.user-autoload-dirs | first"], environ)
        if said.code == 0 and (path := os.fsdecode(said.out).rstrip("\n")).startswith("/"):
            known[ASKED_NU] = path
    elif shell == "pwsh" and (pwsh := program(["pwsh", "pwsh-preview", "powershell"], environ)):
        said = ask_program([pwsh, "-NoLogo", "-NoProfile", "-Command", "$PROFILE.CurrentUserAllHosts"], environ)
        if said.code == 0 and os.path.isabs(path := os.fsdecode(said.out).strip()):
            known[ASKED_PWSH] = path
    return known
