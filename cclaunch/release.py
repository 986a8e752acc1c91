"""
Which release of Claude Code a path is: asked of itself once, and remembered as long as the file is the same.

Asking takes a tenth of a second, so no launch asks unless something hangs on the answer.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from cclaunch.plan import MISSING, Directories, read_flat, stamp

DEADLINE_S = 5.0
LONGEST = 200


def version_of(path: str, environ: Mapping[str, str], deadline_s: float = DEADLINE_S) -> tuple[str, str]:
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


def remembered_version(path: str, environ: Mapping[str, str], where: Directories) -> tuple[int, ...]:
    """Return the release of the claude at *path* as numbers, from memory if the file is the same; empty when it is unknown."""
    memory = f"{where.cache}/release"
    known = read_flat(memory)
    mark = stamp(path)
    version = known.get("version", "")
    if known.get("path") != path or known.get("stamp") != mark or mark == MISSING:
        version, _ = version_of(path, environ)
        with contextlib.suppress(OSError):
            os.makedirs(where.cache, mode=0o700, exist_ok=True)
            with open(memory, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f"path={path}\nstamp={mark}\nversion={version}\n")
    return numbers(version)


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers (``2.1.330`` is ``(2, 1, 330)``), as far as there are any."""
    found = []
    for part in version.split("."):
        if not (part.isascii() and part.isdigit()):
            break
        found.append(int(part))
    return tuple(found)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
