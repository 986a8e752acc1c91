"""
The command of ours that stays: what a unit of the system may name, because it is there after an upgrade, too.

The interpreter is none: install.sh makes each environment in a new directory, and what runs below its launcher is the
system's own Python, which knows no cclaunch. What we were started by may be none either (``python -m cclaunch``, a link
called claude, a cache that is swept), so each candidate is looked at: a script of ours that leads to this very package.
"""

import contextlib
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping

import cclaunch
from cclaunch.errors import StackError
from cclaunch.hot.paths import home
from cclaunch.hot.reading import read_small
from cclaunch.launcher import IMPORT, LAID, OLD_IMPORT

NAME = "cclaunch"
ENVIRONMENTS = "/cclaunch-env/env."
SIZE_LIMIT = 64 << 10


def command(environ: Mapping[str, str], whose: str = "which the session could run", then: str = "stack enable") -> str:
    """
    Return the absolute path of the command that stays for the user of *environ*; links in it are not followed.

    *whose* says in the error what it is for, and *then* which verb of it is to be run once it is there.

    Raises:
        StackError: There is none: cclaunch is not installed, or only for one run (``pipx run``, ``uvx``).
    """
    for path in _candidates(environ):
        if _is_ours(path) and _stays(path):
            return path
    raise StackError(
        f"there is no cclaunch command that stays, {whose}",
        cause=f"this one runs as {sys.argv[0]}, from {_package()}",
        hint=f"install cclaunch (sh install.sh, pipx install cclaunch), and run that: cclaunch {then}",
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what we were started by, what the person would start, and what lies beside the interpreter."""
    with contextlib.suppress(FileNotFoundError):  # the directory that we are in may be gone
        yield os.path.abspath(sys.argv[0])
        if found := shutil.which(NAME, path=environ.get("PATH", os.defpath)):
            yield os.path.abspath(found)
    yield f"{home(dict(environ))}/.local/bin/{NAME}"
    yield os.path.join(os.path.dirname(sys.executable), NAME)
    yield os.path.join(sysconfig.get_path("scripts"), NAME)


def _package() -> str:
    """Return the directory that our package lies in: a ``site-packages``, or a checkout."""
    return os.path.dirname(os.path.dirname(os.path.abspath(cclaunch.__file__)))


def _is_ours(path: str) -> bool:
    """Say whether *path* is a script of ours that runs this very package, and takes verbs: under the name claude it does not."""
    if os.path.basename(path) == "claude" or not os.access(path, os.X_OK):
        return False
    text = read_small(path, SIZE_LIMIT) or b""
    if IMPORT.encode() not in text and OLD_IMPORT.encode() not in text:
        return False
    if f"\n{LAID}".encode() in text:
        return ascii(_package()).encode() in text
    base = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    return os.path.realpath(sys.prefix) == base or os.path.commonpath([base, os.path.realpath(_package())]) == base


def _stays(path: str) -> bool:
    """Say whether *path* outlives an upgrade, and the sweeping of caches."""
    real = os.path.realpath(path)
    if ENVIRONMENTS in real:
        return False
    folder = os.path.dirname(real)
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, "CACHEDIR.TAG")):
            return False
        folder = os.path.dirname(folder)
    return True
