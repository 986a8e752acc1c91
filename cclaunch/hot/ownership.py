"""
Those of our directories that somebody else may change: looked at before anything in them is believed.

Hot: C modules only.
"""

import sys

from cclaunch.hot.paths import Paths

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has the same functions under another name
    import os as system  # type: ignore[no-redef]


def doubtful(paths: Paths, base: str, owners: "tuple[int, ...]") -> "list[str]":
    """
    Return those of our directories, and of the ones above them, that somebody else may change.

    One of ours is doubtful when it is not one of *owners*' or when its group or others may write in it; one above it, up
    to *base* (HOME), as well, unless the sticky bit keeps them from what is not theirs. Windows has neither.
    """
    if sys.platform == "win32":
        return []
    found, seen = [], {base.rstrip("/"), ""}
    for path in (paths.config, paths.state, paths.cache, paths.data):
        safe = 0
        while path not in seen:
            seen.add(path)
            try:
                about = system.stat(path)
            except (OSError, ValueError):  # it is not there: nothing is read from it
                break
            if about.st_uid not in owners or (about.st_mode & 0o022 and not about.st_mode & safe):
                found.append(path)
            path, safe = path.rpartition("/")[0], 0o1000
    return found
