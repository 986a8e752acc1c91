"""
The file that the page is written into: looked at before anything is asked, and once more before it is written.

The problem it owns: who has answered all questions must not learn then that the file cannot be.
"""

import os
import shlex
import stat

from cclaunch.errors import FileTrouble, UsageError


def refuse_target(file: str, *, force: bool) -> None:
    """Raise before anything is asked where the file cannot be, or is there and must stay."""
    place = os.path.abspath(file)
    mode = os.stat(place).st_mode if os.path.exists(place) else None
    if file in ("", "-") or "\0" in file or (file.endswith("/") and mode is None):
        raise UsageError(f"`{file}` is no name of a file", hint="cclaunch dashboard export cost.html")
    if mode is not None and stat.S_ISDIR(mode):
        raise FileTrouble(
            f"{file} is a directory", hint=shlex.join(["cclaunch", "dashboard", "export", os.path.join(file, "cost.html")])
        )
    if mode is not None and not stat.S_ISREG(mode):
        raise FileTrouble(f"{file} is there, and no regular file", hint="name another one")
    if os.path.lexists(place) and not force:
        raise FileTrouble(f"{file} is there already", hint="add --force to write over it, or name another one")
    above = os.path.dirname(place)
    if not os.path.isdir(above):
        raise FileTrouble(f"there is no directory {above}", hint=shlex.join(["mkdir", "-p", above]))
    if not os.access(above, os.W_OK | os.X_OK):
        raise FileTrouble(f"nothing can be written in {above}", hint=shlex.join(["ls", "-ld", above]))
