"""
Where launches, and shells that asked, had claude's own files: noted for whoever reads transcripts.

The problem it owns: claude's directory is a variable of one launch, and whoever reads transcripts later has another environment.
So its path is left as a name in a directory of ours, once; what cannot be noted costs a witness, and no launch.
"""

import contextlib
import os

from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import make_directory

MOST = 256
"""Directories that are looked at; who names more makes one for each launch, and those that are gone are noted no longer."""


def leave(name: str) -> bool:
    """Make the empty file *name*, which says another path (`hot.paths.noted`); say whether it is a new one. Raises nothing."""
    try:
        make_directory(os.path.dirname(name))
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except (OSError, ValueError, FileTrouble):  # it is there, or longer than a name may be
        return False
    return True


def directories(noted: str) -> list[str]:
    """Return the directories that were noted in the directory *noted*."""
    from urllib.parse import unquote  # dear, and most have none

    found = {}
    with contextlib.suppress(OSError):
        found = {unquote(name, errors="surrogateescape"): name for name in sorted(os.listdir(noted))}
    if len(found) > MOST:
        for directory in [one for one in found if not os.path.isdir(one)]:
            _forget(f"{noted}/{found.pop(directory)}")
    return list(found)[:MOST]


def _forget(name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name)
