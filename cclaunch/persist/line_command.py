"""
The command of a status line, as a shell reads it: ours, ours around another, or another's.

The problem it owns: claude shows one line only. Whoever has one keeps it inside of ours (``--wrap``), and must get it back
when ours goes, also where nothing was written down about it.
"""

import os
import re
import shlex
import shutil

VERB = "statusline"
NAME = "cclaunch"
PROGRAMS = (NAME, f"{NAME}.exe")
RUNS = re.compile(r"""(?:^|[\s/"'`(=;&|])cclaunch(?:\.exe)?["']?\s+statusline(?![\w-])""")
"""Somewhere in a command: it runs ours, also behind a pipe or by `uvx`."""

HALF = re.compile("[\ud800-\udfff]")
"""What no command can hold: claude puts U+FFFD there."""


def command_line(program: str, wrapped: str = "") -> str:
    """Return the command that runs *program*'s status line, around the command *wrapped* if there is one."""
    line = f"{shlex.quote(program)} {VERB}"
    return f"{line} --wrap {shlex.quote(HALF.sub(chr(0xFFFD), wrapped))}" if wrapped else line


def runs_ours(command: str) -> bool:
    """Say whether *command* runs a status line of ours, in whichever way."""
    return bool(RUNS.search(command))


def parts_of(command: str) -> tuple[str, str] | None:
    """Return (program, wrapped command) of a *command* that is as ``command_line`` makes it, or None."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if len(words) not in (2, 4) or os.path.basename(words[0]) not in PROGRAMS or words[1] != VERB:
        return None
    wrapped = words[3] if len(words) == 4 and words[2] == "--wrap" else ""
    return (words[0], wrapped) if command == command_line(words[0], wrapped) else None


def program_of(command: str) -> str:
    """Return the program of ours that *command* begins with, or an empty string."""
    try:
        first = shlex.split(command)[:2]
    except ValueError:
        return ""
    ours = len(first) == 2 and os.path.basename(first[0]) in PROGRAMS and first[1] == VERB
    return first[0] if ours else ""


def is_gone(program: str, path: str) -> bool:
    """Say whether there is no *program* to run along *path*, the value of PATH."""
    return shutil.which(program, path=path) is None


def spelled(command: str, path: str, *, shared: bool = False) -> str:
    """
    Return how the *command* of ours, an absolute path, is named in a settings file: by its name where *path* leads to it.

    One that is *shared* with others is named so in any case: no path of this machine means anything to them. So is one whose
    path no JSON can hold, or that is called otherwise and leads to none that is not: what it runs could not be told.
    """
    if os.path.basename(command) not in PROGRAMS:
        command = os.path.realpath(command)
    shared = shared or bool(HALF.search(command)) or os.path.basename(command) not in PROGRAMS
    found = shutil.which(NAME, path=path)
    return NAME if shared or (found and os.path.abspath(found) == command) else command
