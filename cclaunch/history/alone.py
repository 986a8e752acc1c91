"""
Who reads transcripts: one at a time, and a person who waits comes first.

The problem it owns: a pass behind everybody's back may take minutes, as it gives way to all others, and who asks meanwhile would
get half an answer. So it is asked to leave, and does so at its next pause; what it has read is safe, and is not read again.
"""

import contextlib
import os
import time
from collections.abc import Iterator

from cclaunch.errors import Busy, FileTrouble
from cclaunch.files.atomic import remove, touch
from cclaunch.files.lock import locked
from cclaunch.hot.paths import Paths

PATIENCE_S = 3.0
FRESH_S = 60.0
"""Who asks waits no longer: what was left by one that was killed says nothing."""


@contextlib.contextmanager
def alone(paths: Paths, seconds: float = PATIENCE_S) -> Iterator[None]:
    """
    Be the only one who reads transcripts for the length of the block, before whoever reads them behind everybody's back.

    Raises:
        Busy: Another one is still at it after so many *seconds*, as a person has asked for that.
        FileTrouble: There can be no lock.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(paths.history_lock, 0))
        except Busy:
            try:
                with _asking(paths):
                    stack.enter_context(locked(paths.history_lock, seconds))
            except Busy as error:
                busy = f"another cclaunch has been reading transcripts for {seconds:g} s; nothing was taken"
                raise Busy(busy, hint="let it finish, then try again") from error
        yield


def is_asked(paths: Paths) -> bool:
    """Say whether somebody waits to read transcripts."""
    try:
        return abs(time.time() - os.stat(paths.history_asked).st_mtime) < FRESH_S
    except OSError:
        return False


@contextlib.contextmanager
def _asking(paths: Paths) -> Iterator[None]:
    with contextlib.suppress(OSError):
        touch(paths.history_asked)
        os.utime(paths.history_asked)
    try:
        yield
    finally:
        with contextlib.suppress(FileTrouble):
            remove(paths.history_asked)
