"""
The shim: a directory of ours in which our command is called ``claude``, and which a block puts first on PATH.

The problem it owns: a shell's function serves who types; scripts, make and editors that are started from that shell look along
PATH. The link is made and taken away here. Below its new name the command takes every word for claude's, and a launch
passes the directory over when it looks for claude (``hot/claude.SHIM``). Where the command is gone the link leads nowhere, and
whoever looks along PATH goes on to the next claude.
"""

import contextlib
import os
import shlex

from cclaunch.errors import CclaunchError, FileTrouble
from cclaunch.files.assets import asset
from cclaunch.files.atomic import make_directory, remove
from cclaunch.files.theirs.look import FileRefused
from cclaunch.hot.paths import Paths
from cclaunch.shells.table import Shell

NAME = "claude"


def link_of(paths: Paths) -> str:
    """Return where the link is, or would be."""
    return f"{paths.shim}/{NAME}"


def make_shim(paths: Paths, command: str) -> bool:
    """
    Have the shim lead to *command*, an absolute path; say whether anything had to be done.

    Raises:
        FileRefused: Something that is no link is called claude there, or PATH cannot name the directory.
        FileTrouble: It cannot be made.
    """
    link = link_of(paths)
    if os.pathsep in paths.shim:
        raise FileRefused(f"PATH cannot name {paths.shim}: it has a `{os.pathsep}` in it", hint="XDG_STATE_HOME chooses another")
    if os.path.lexists(link) and not os.path.islink(link):
        raise FileRefused(f"{link} is no link of ours", hint=f"rm -r {shlex.quote(link)}")
    make_directory(paths.shim)
    try:
        os.chmod(paths.shim, 0o700)  # whoever may write in it says what claude is
        if leads_to(paths) == command:
            return False
        made = f"{link}.new"
        remove(made)
        os.symlink(command, made)
        os.replace(made, link)
    except OSError as error:
        raise FileTrouble(f"cannot make {link}: {error.strerror}", hint=f"ls -ld {shlex.quote(paths.shim)}") from error
    return True


def remove_shim(paths: Paths) -> bool:
    """Take the shim away and say whether there was one; what we did not put there stays. Raises FileTrouble."""
    link = link_of(paths)
    gone = os.path.islink(link) and remove(link)
    with contextlib.suppress(OSError):
        os.rmdir(paths.shim)
    return gone


def leads_to(paths: Paths) -> str:
    """Return what the link names, or an empty string where there is none."""
    try:
        return os.readlink(link_of(paths))
    except OSError:
        return ""


def trouble_of(paths: Paths, path: str | None) -> CclaunchError | None:
    """
    Say why a claude that is looked for along *path* (None: a PATH that is not known) would not be the shim's; None when it is.
    """
    link, command = link_of(paths), leads_to(paths)
    again = "cclaunch persist --shim"
    if not command:
        return FileTrouble(f"there is no {link}", hint=again)
    if not os.access(link, os.X_OK):
        return FileTrouble(f"{link} leads to {command}, which cannot be run", hint=again)
    if path is None:
        return None
    for folder in path.split(os.pathsep):
        found = os.path.join(folder or ".", NAME)
        if os.path.abspath(found) == os.path.abspath(link):
            return None
        if os.path.isfile(found) and os.access(found, os.X_OK):
            return FileTrouble(f"{found} comes before it on PATH", hint="move the block behind what puts that there")
    return FileTrouble(f"{paths.shim} is not on this PATH", hint="it is in a shell that is started from now on")


def shim_line(shell: Shell, folder: str, home: str) -> str:
    """
    Return the line of a block that puts the shim, *folder*, first on PATH while there is something in it.

    One below *home* is named by ``HOME``. Raises Unquotable as ``shells.quote`` does.
    """
    text = asset("shell", f"shim.{shell.suffix}").read_text("utf-8")
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("# shellcheck")]
    return "".join(lines).replace("'CCLAUNCH_SHIM'", shell.path(folder, home))
