"""
Old files of the cache, deleted by age.

What a launch passes by ``--settings`` holds the person's own settings, tokens among them, and a place is kept for every
directory that anybody ever worked in, and the line of every session: none may lie there for ever. Swept when such a file is
written and by the collector's maintenance, at most once a day. The cache can be made anew, so nothing here fails.

Imported by the collector: no module here but C ones and ``os``.
"""

import contextlib
import os
import time

DAY_S = 86400.0

SETTINGS, PLACES, STATUS_LINES = "settings", "places", "statusline"

BACKGROUND = "background-"
"""How the settings of background sessions begin."""

KEPT_S = 30 * DAY_S
"""Since it was written: a session of that age still reads its settings, and may show its line."""

BACKGROUND_KEPT_S = 400 * DAY_S
"""Claude starts a background session again with the same words, however much later."""

PLACE_KEPT_S = 90 * DAY_S
"""Since it was written or read."""


def sweep(cache: str) -> None:
    """Delete what is too old in the directory *cache*, unless that was done within a day."""
    with contextlib.suppress(OSError):
        if not _due(f"{cache}/swept"):
            return
        now = time.time()
        for folder in (SETTINGS, PLACES, STATUS_LINES):
            with contextlib.suppress(FileNotFoundError), os.scandir(f"{cache}/{folder}") as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        if _is_old(entry, folder, now):
                            os.unlink(entry.path)


def _due(stamp: str) -> bool:
    """Say whether the last sweep was not within a day (of a clock that may have been set), and write this one down."""
    with contextlib.suppress(FileNotFoundError):
        if abs(time.time() - os.stat(stamp).st_mtime) < DAY_S:
            return False
    os.close(os.open(stamp, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    os.utime(stamp)
    return True


def _is_old(entry: "os.DirEntry[str]", folder: str, now: float) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return False
    found = entry.stat(follow_symlinks=False)
    if folder == PLACES:
        return max(found.st_mtime, found.st_atime) < now - PLACE_KEPT_S
    kept = BACKGROUND_KEPT_S if entry.name.startswith((BACKGROUND, f".{BACKGROUND}")) else KEPT_S
    return found.st_mtime < now - kept
