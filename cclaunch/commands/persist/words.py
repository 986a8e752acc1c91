"""The last words of ``persist``, each to be typed as it stands there: what has it count here, and what takes it back."""

import re
import shlex
from collections.abc import Iterable

from cclaunch.commands.persist.choice import Choice
from cclaunch.hot.paths import Environ
from cclaunch.persist.step import Step
from cclaunch.shells.detect import detect

ANEW = {"sh": "exec sh -l", "pwsh": ". $PROFILE"}
"""Shell -> what has it read its files again, where that is not ``exec`` and its name."""

CARRIED = re.compile(rb"cclaunch\.profile\\*=([A-Za-z0-9][A-Za-z0-9._-]*)")


def take_back(choice: Choice, steps: Iterable[Step]) -> str:
    """Return the command that takes back what was done in *steps* as *choice* says, in whichever shell it is typed."""
    if choice.every:
        return "cclaunch unpersist --all"
    shells = dict.fromkeys(step.target.shell for step in steps)
    words = [f"--shell {shell}" for shell in shells]
    if choice.file:
        words += [f"--rc-file {shlex.quote(step.target.path)}" for step in steps]
    return " ".join(["cclaunch unpersist", *words])


def read_anew(environ: Environ, steps: Iterable[Step]) -> str:
    """Return what has the shell that this is typed into read the files of *steps*; empty when none of them is its own."""
    here = detect(environ).name
    return ANEW.get(here, f"exec {here}") if here in {step.target.shell for step in steps} else ""


def carried(text: bytes) -> str:
    """Return the profile that the *text* of a block names, or an empty string."""
    found = CARRIED.search(text)
    return found[1].decode() if found else ""
