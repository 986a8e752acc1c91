"""
Whether a shell that starts gets as far as our block: an early ``return``, an ``exit`` or an ``exec`` stands before many.

Only the shell itself can tell, so it is started as a terminal would start it, without one, and asked what it exports.
"""

import os
from collections.abc import Mapping

from cclaunch.hot.marks import BLOCK, LAST_BLOCK
from cclaunch.persist.content import ALL
from cclaunch.persist.step import Step
from cclaunch.persist.template import SCOPED
from cclaunch.program import run_program
from cclaunch.shells.ask import DEADLINE_S, enlightened, program

INTERACTIVE = ("-i", "-c")
STARTS = {
    "bash": ("bash", INTERACTIVE),
    "zsh": ("zsh", INTERACTIVE),
    "fish": ("fish", INTERACTIVE),
    "ksh": ("ksh93", INTERACTIVE),
    "mksh": ("mksh", INTERACTIVE),
    "yash": ("yash", INTERACTIVE),
    "tcsh": ("tcsh", ("-c",)),
    "csh": ("csh", ("-c",)),
    "sh": ("sh", ("-l", "-c")),
    "xonsh": ("xonsh", ("-c",)),
}
"""Shell -> its program, and the words that make it read its files and then run a command. The others cannot be asked."""

LOGIN = (".profile", ".bash_profile", ".bash_login", ".yash_profile", ".zprofile", ".zlogin")
FENCE = "__cclaunch_fence__"


def reached(step: Step, environ: Mapping[str, str]) -> bool | None:
    """Say whether the shell of *step* gets to its block; None when it cannot be asked."""
    shell = step.target.shell
    if shell not in STARTS:
        return None
    name, options = STARTS[shell]
    path = program([name, shell], environ)
    if not path:
        return None
    if os.path.basename(step.target.path) in LOGIN and options[0] != "-l":
        options = ("-l", "-c") if shell != "mksh" else ("-l", "-i", "-c")
    around = {key: value for key, value in enlightened(shell, environ).items() if key not in (*ALL, BLOCK, LAST_BLOCK)}
    question = f"echo {FENCE}; type claude; echo {FENCE}; env"
    if shell in ("tcsh", "csh"):
        question = f"echo {FENCE}; alias claude; echo {FENCE}; env"
    elif shell == "xonsh":
        question = f"echo {FENCE}\nprint(aliases.get('claude'))\necho {FENCE}\nenv"
    said = run_program([path, *options, question], {**around, "TERM": "dumb"}, DEADLINE_S, environ.get("HOME", "/"))
    parts = said.out.split(FENCE.encode())
    if len(parts) < 3:
        return False if said.code is not None else None
    if step.kind == SCOPED:
        return b"function" in parts[-2] or b"__cclaunch" in parts[-2]
    return f"\n{BLOCK}=".encode() in parts[-1]
