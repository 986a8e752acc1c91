"""
Asking a shell about itself: where its files lie, which only it knows.

It is asked with a deadline; whatever it started ends with it (`cclaunch/program.py`).
"""

import os
import shutil
from collections.abc import Mapping, Sequence

from cclaunch.program import run_program
from cclaunch.shells.rc_files import ASKED_NU, ASKED_PWSH

DEADLINE_S = 5.0
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SYSTEMROOT")
FENCE = "::cclaunch::"


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
        said = run_program([zsh, "-c", f"print -rn -- '{FENCE}'${{ZDOTDIR-$HOME}}'{FENCE}'"], environ, DEADLINE_S, "/")
        parts = os.fsdecode(said.out).split(FENCE)
        if said.code == 0 and len(parts) == 3:  # whatever the person's own files printed in front
            known["ZDOTDIR"] = parts[1]
    elif shell == "nu" and (nu := program(["nu"], environ)):
        said = run_program([nu, "-n", "-c", "$nu.user-autoload-dirs | first"], environ, DEADLINE_S, "/")
        if said.code == 0 and (path := os.fsdecode(said.out).rstrip("\n")).startswith("/"):
            known[ASKED_NU] = path
    elif shell == "pwsh" and (pwsh := program(["pwsh", "pwsh-preview", "powershell"], environ)):
        said = run_program([pwsh, "-NoLogo", "-NoProfile", "-Command", "$PROFILE.CurrentUserAllHosts"], environ, DEADLINE_S, "/")
        if said.code == 0 and os.path.isabs(path := os.fsdecode(said.out).strip()):
            known[ASKED_PWSH] = path
    return known
