"""
Another command than claude, as `exec --` runs it: found as execvp(3) would.

The problem it owns: what is said of one that cannot be run must be what a shell would have said, and it must start with what
we were started with.
"""

import os
import signal

from cclaunch.hot import claude

INHERITING = frozenset("sh ash bash busybox dash ksh ksh93 mksh systemd tcsh yash zsh".split())
"""Programs that ignore these signals only when that was asked of them, and then start others so."""


def find_command(name: str, environ: "dict[str, str]") -> "tuple[str, str]":
    """Return (path, trouble) of the command *name*, as `hot.claude.find` does for claude."""
    if "/" in name:
        return claude.find({"CCLAUNCH_CLAUDE": name}, [])
    refused = ""
    for folder in environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
        path, trouble = claude.find({"CCLAUNCH_CLAUDE": f"{folder or '.'}/{name}"}, [])
        if not trouble:
            return path, ""
        if trouble == "not executable":
            refused = refused or path
    return refused or name, "not executable" if refused else "not found"


def ignored_signals() -> tuple[int, ...]:
    """
    Return those of SIGPIPE and SIGXFSZ that we were probably started with ignored.

    The interpreter ignores both before any code of ours runs, and neither it nor the kernel keeps what was before. So our parent
    is looked at: a shell behind ``trap '' PIPE``, or systemd (``IgnoreSIGPIPE``), ignores what it has others ignore. What stood
    between the two and became us (``exec`` behind a trap of its own) is not seen; others ignore these for themselves alone.
    """
    parent = f"/proc/{os.getppid()}"
    try:
        with open(f"{parent}/status", encoding="ascii", errors="replace") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        mask = int(status["SigIgn"], 16)
    except (OSError, KeyError, ValueError):
        return ()
    try:
        program = os.path.basename(os.readlink(f"{parent}/exe"))
    except OSError:  # somebody else's
        program = status.get("Name", "")
    if program.removesuffix(" (deleted)") not in INHERITING:
        return ()
    return tuple(number for number in (signal.SIGPIPE, signal.SIGXFSZ) if mask >> (number - 1) & 1)
