"""
The name of a launch where there is no directory for it yet, or a file system that knows no links.

The problem it owns: a launch into containers may be the first of all, and no collector of ours has made the directory. Cold.
"""

import os

from cclaunch.files.atomic import make_directory
from cclaunch.files.boot import boot_id
from cclaunch.files.process_identity import start_ticks
from cclaunch.hot.alive import ANCHOR, mark_of


def leave_first_name(launched: str, instance: str) -> None:
    """
    Leave this process's name, which ends with *instance*, in *launched*; others will find what to link.

    Raises OSError, FileTrouble.
    """
    make_directory(launched)
    name = mark_of(boot_id(), os.getpid(), start_ticks(os.getpid()) or 0, instance)
    for one in (ANCHOR, name):
        os.close(os.open(f"{launched}/{one}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
