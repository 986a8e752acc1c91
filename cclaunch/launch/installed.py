"""Which claude a launch would run, and which release it says it is."""

import os
import signal
import subprocess
import sys
from typing import NamedTuple

from cclaunch.errors import ClaudeNotExecutable, ClaudeNotFound
from cclaunch.hot import claude
from cclaunch.hot.paths import Environ

DEADLINE_S = 5.0
LONGEST = 200


class Claude(NamedTuple):
    """A claude that can be run: its *path* and its *version*, empty with the *trouble* of asking when it did not say."""

    path: str
    version: str
    trouble: str


def installed(environ: Environ) -> Claude:
    """
    Return the claude that a launch would become.

    Raises:
        ClaudeNotFound, ClaudeNotExecutable: There is none that can be run.
    """
    path, trouble = claude.find(environ, [sys.argv[0]])
    if trouble == "not executable":
        raise ClaudeNotExecutable(f"{path} is not executable", hint=f"chmod +x {path}")
    if trouble and path:
        raise ClaudeNotFound(f"CCLAUNCH_CLAUDE names {path}, and there is no such file", hint="unset CCLAUNCH_CLAUDE")
    if trouble:
        raise ClaudeNotFound("no `claude` on PATH", hint="npm install -g @anthropic-ai/claude-code")
    version, why = version_of(path, environ)
    return Claude(path, version, why)


def version_of(path: str, environ: Environ, deadline_s: float = DEADLINE_S) -> tuple[str, str]:
    """
    Return (version, trouble): what ``PATH --version`` says, or why it said nothing.

    It runs in a session of its own, so that whatever it started goes with it when the deadline has passed.
    """
    try:
        asked = subprocess.Popen(
            [path, "--version"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return "", error.strerror or str(error)
    try:
        told, _ = asked.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        _end(asked)
        return "", f"it did not answer `--version` within {deadline_s:g} s"
    if asked.returncode:
        return "", f"`--version` ended with {asked.returncode}"
    words = told[:LONGEST].decode("utf-8", "replace").split()
    return (words[0], "") if words else ("", "`--version` said nothing")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
