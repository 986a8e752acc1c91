"""
What lets a browser in: a code that works once, within a minute.

The problem it owns: a verb that has just been typed knows who it is for, the page's process does not. So the verb leaves a small
file in a directory that only this user can read, and whoever brings the code that belongs to it is let in. Its name is a hash of
the code: who reads it has nothing. Taking it away is what counts, so of two who bring one code only one is let in. A directory
or a file that is somebody else's lets nobody in, and nothing is deleted but what has a name of ours.
"""

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import make_directory, replace_file
from cclaunch.files.boot import boot_id
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat

VALID_S = 60.0
KEPT_S = 120.0
"""After so long what was never used is deleted."""

LONGEST = 64
"""Characters of a code, at most."""

LEADS_ON = ".html"
"""What the name of the file ends with that leads a browser on with the code of that name."""

OURS = re.compile(r"\.?[0-9a-f]{40}(\.html)?(\.[0-9]+\.[0-9]+)?")
"""The names that we give, those of half-written files among them."""

SWEPT = 1000
"""Files that one look takes into account: whatever else somebody has put there costs nobody a second."""


def make(paths: Paths) -> str:
    """Return a new code. Raises FileTrouble where no file can be left."""
    code = secrets.token_urlsafe(24)
    make_directory(paths.page_codes)
    _have_alone(paths.page_codes)
    sweep(paths)
    lines = {"at": f"{clock():.6f}", "boot": boot_id()}
    leave(paths, name_of(code), "".join(f"{name}={value}\n" for name, value in lines.items()))
    return code


def leave(paths: Paths, name: str, text: str) -> str:
    """Leave *text* under *name* beside the codes, for this user's eyes; return its path. Raises FileTrouble."""
    path = f"{paths.page_codes}/{name}"
    try:
        replace_file(path, text.encode(), durable=False)
    except OSError as error:
        raise FileTrouble(f"cannot write {path}: {error.strerror}", hint=f"ls -ld {paths.page_codes}") from error
    return path


def take(paths: Paths, code: str) -> bool:
    """Say whether *code* lets somebody in, now and never again."""
    if not 0 < len(code) <= LONGEST:
        return False
    path = f"{paths.page_codes}/{name_of(code)}"
    left = read_flat(path) if _is_ours(paths.page_codes, stat.S_ISDIR) and _is_ours(path, stat.S_ISREG) else {}
    with contextlib.suppress(OSError):
        os.unlink(path + LEADS_ON)
    try:
        os.unlink(path)
    except OSError:  # there is none, or another one was faster
        return False
    return left.get("boot") == boot_id() and 0 <= clock() - _number(left.get("at", "")) <= VALID_S


def sweep(paths: Paths) -> None:
    """Delete what nobody came for, and nothing that has no name of ours. Never raises."""
    border = time.time() - KEPT_S
    with contextlib.suppress(OSError):
        folder = os.open(paths.page_codes, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            with os.scandir(folder) as entries:
                for entry in islice(entries, SWEPT):
                    with contextlib.suppress(OSError):
                        if OURS.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < border:
                            os.unlink(entry.name, dir_fd=folder)
        finally:
            os.close(folder)


def clock() -> float:
    """Return seconds since the machine was started, its sleep among them where the system counts that: nobody sets them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _have_alone(folder: str) -> None:
    """Make sure that nobody else can put a code into *folder*. Raises FileTrouble."""
    if not _is_ours(folder, stat.S_ISDIR):
        trouble = f"{folder} is a link, or somebody else's: codes are left in a directory of yours alone"
        raise FileTrouble(trouble, hint=f"ls -ld {folder}")
    with contextlib.suppress(OSError):  # some file systems know no modes
        os.chmod(folder, 0o700)


def _is_ours(path: str, is_kind: Callable[[int], bool]) -> bool:
    """Say whether *path* is of a kind, no link to it, and this user's or root's."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return is_kind(found.st_mode) and found.st_uid in (0, os.geteuid())


def name_of(code: str) -> str:
    """Return the name of the file that belongs to *code*."""
    return hashlib.blake2b(code.encode("utf-8", "replace"), digest_size=20).hexdigest()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf")


class Burnt(NamedTuple):
    """Word of a code that others had: *who* brought it, *at* which second since the epoch, and what became of it *then*."""

    who: str
    at: int
    then: str


def burn(paths: Paths, who: str, then: str) -> None:
    """Leave word that *who*, who is not this user's browser, had a code, and what became of it *then*. Never raises."""
    with contextlib.suppress(OSError):
        replace_file(paths.page_burnt, f"who={who}\nat={int(time.time())}\nthen={then}\n".encode())


def burnt(paths: Paths) -> Burnt | None:
    """Return who had a code of ours, once; None for nobody."""
    found = read_flat(paths.page_burnt)
    at = found.get("at", "")
    if not found.get("who") or not at.isdigit():
        return None
    with contextlib.suppress(OSError):
        os.unlink(paths.page_burnt)
    return Burnt(found["who"], int(at), found.get("then", ""))
