"""
What lets a browser in: a code that works once, within a minute.

The problem it owns: a verb that has just been typed knows who it is for, the page's process does not. So the verb leaves a small
file in a directory that only this user can read, and whoever brings the code that belongs to it is let in. Its name is a hash of
the code: who reads it has nothing. Taking it away is what counts, so of two who bring one code only one is let in.
"""

import contextlib
import hashlib
import os
import secrets
import time

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


def make(paths: Paths) -> str:
    """Return a new code. Raises FileTrouble where no file can be left."""
    code = secrets.token_urlsafe(24)
    make_directory(paths.page_codes)
    sweep(paths)
    lines = {"at": f"{time.monotonic():.3f}", "boot": boot_id()}
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
    left = read_flat(path)
    with contextlib.suppress(OSError):
        os.unlink(path + LEADS_ON)
    try:
        os.unlink(path)
    except OSError:  # there is none, or another one was faster
        return False
    return left.get("boot") == boot_id() and 0 <= time.monotonic() - _number(left.get("at", "")) <= VALID_S


def sweep(paths: Paths) -> None:
    """Delete what nobody came for. Never raises."""
    with contextlib.suppress(OSError):
        border = time.time() - KEPT_S
        for entry in os.scandir(paths.page_codes):
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < border:
                    os.unlink(entry.path)


def name_of(code: str) -> str:
    """Return the name of the file that belongs to *code*."""
    return hashlib.blake2b(code.encode("utf-8", "replace"), digest_size=20).hexdigest()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf")


def burn(paths: Paths, who: str) -> None:
    """Leave word that *who*, who is not this user's browser, had a code. Never raises."""
    with contextlib.suppress(OSError):
        replace_file(paths.page_burnt, f"who={who}\nat={int(time.time())}\n".encode())


def burnt(paths: Paths) -> "tuple[str, int] | None":
    """Return who had a code of ours and when (seconds since the epoch), once; None for nobody."""
    found = read_flat(paths.page_burnt)
    at = found.get("at", "")
    if not found.get("who") or not at.isdigit():
        return None
    with contextlib.suppress(OSError):
        os.unlink(paths.page_burnt)
    return found["who"], int(at)
