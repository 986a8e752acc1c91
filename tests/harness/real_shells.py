"""
The real shells, each run so that its environment can be read afterwards to the byte.

The problem it owns: every shell has its own way to be told "read this script, then show what you export", and none of
them may read anything of the person's.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from guard import CACHE
from required import missing

NUSHELL = CACHE / "nushell" / "node_modules" / "@nushell" / "linux-x64" / "bin"
DUMP = "env -0"


class Real(NamedTuple):
    """
    A shell.

    Attributes:
        name: Its name in ``cclaunch.shells.table``.
        programs: What its program may be called.
        read: The command that runs a script, ``{script}``, and nothing of the person's.
        strict: What stands in front of a script so that every mistake ends it.
        suffix: What a script's name has to end with.
    """

    name: str
    programs: tuple[str, ...]
    read: tuple[str, ...]
    strict: str = "set -eu\n"
    suffix: str = ""


SHELLS = {
    "bash": Real("bash", ("bash",), ("--norc", "--noprofile", "{script}"), "set -euo pipefail\n"),
    "zsh": Real("zsh", ("zsh",), ("-f", "{script}"), "setopt err_exit nounset pipe_fail\n"),
    "fish": Real("fish", ("fish",), ("--no-config", "{script}"), ""),
    "dash": Real("sh", ("dash",), ("{script}",)),
    "busybox": Real("sh", ("busybox",), ("ash", "{script}")),
    "posh": Real("sh", ("posh",), ("{script}",)),
    "ksh": Real("ksh", ("ksh93", "ksh"), ("{script}",)),
    "mksh": Real("mksh", ("mksh",), ("{script}",)),
    "yash": Real("yash", ("yash",), ("{script}",)),
    "tcsh": Real("tcsh", ("tcsh",), ("-f", "-e", "{script}"), ""),
    "csh": Real("csh", ("bsd-csh",), ("-f", "-e", "{script}"), ""),
    "nu": Real("nu", ("nu",), ("-n", "{script}"), "", ".nu"),
    "elvish": Real("elvish", ("elvish",), ("-norc", "{script}"), "", ".elv"),
    "xonsh": Real("xonsh", ("xonsh",), ("--no-rc", "{script}"), "", ".xsh"),
}
"""All that can be had here, by the name of the program. PowerShell cannot: golden files stand for it."""


def path_of(name: str) -> str:
    """Return the path of the shell *name* of ``SHELLS``; without it the test is skipped, or fails where all is required."""
    import sys

    places = f"{NUSHELL}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    for program in SHELLS[name].programs:
        if found := shutil.which(program, path=places):
            return found
    missing(name)
    raise AssertionError


def run(
    name: str, script: bytes, folder: Path, environ: Mapping[str, str], options: Sequence[str] = (), dump: str = DUMP
) -> subprocess.CompletedProcess[bytes]:
    """Run *script* in the shell *name*, in the empty *folder*, then the line *dump*."""
    real = SHELLS[name]
    file = folder / f"script{real.suffix}"
    file.write_bytes(real.strict.encode() + script + f"\n{dump}\n".encode())
    command = [path_of(name), *options, *(word.replace("{script}", str(file)) for word in real.read)]
    return subprocess.run(command, env=dict(environ), cwd=folder, capture_output=True, timeout=120, check=False)


def exported(done: subprocess.CompletedProcess[bytes]) -> dict[str, str]:
    """Return the environment that a run has dumped; it must have said nothing else."""
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode(errors="replace")[:500]
    pairs = (item.split(b"=", 1) for item in done.stdout.split(b"\0") if item)
    return {name.decode(): value.decode("utf-8", "surrogateescape") for name, value in pairs}


every_shell = pytest.mark.parametrize("shell", list(SHELLS))
