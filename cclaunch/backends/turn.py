"""Taking turns: of many that want to start, stop or move the stack, one does it while the others wait."""

import contextlib
import os
import time
from collections.abc import Iterator

from cclaunch.errors import StartFailed
from cclaunch.files import lock
from cclaunch.hot.paths import Paths


@contextlib.contextmanager
def turn(paths: Paths, until: float, home: str = "") -> Iterator[None]:
    """
    Hold the turn for the length of the block; wait for it until the deadline.

    Args:
        paths: Our directories; what must be there is made.
        until: The deadline, in ``time.monotonic()``'s seconds.
        home: The home directory, if it is known.

    Raises:
        StartFailed: Somebody else has it until then, or nothing may be written.
    """
    refuse_another_home(home)
    make_directories(paths)
    path = paths.start_lock
    try:
        handle = lock.take(path, until - time.monotonic())
    except OSError as error:
        raise StartFailed(f"cannot write {path}: {error.strerror}", hint=f"ls -ld {paths.state}") from error
    if handle is None:
        raise StartFailed("another launch is starting the collector and does not come to an end")
    try:
        yield
    finally:
        os.close(handle)


def refuse_another_home(home: str) -> None:
    """Raise StartFailed when *home* belongs to another user (`sudo -E`): they could not change what we leave there."""
    with contextlib.suppress(OSError):  # one that is not there is for `make_directories` to complain about
        if home and os.stat(home).st_uid != os.geteuid():
            raise StartFailed(
                f"the home directory {home} belongs to another user: nothing is written there", hint="run it as that user"
            )


def make_directories(paths: Paths) -> None:
    """Make the directories that a stack writes to. Raises StartFailed."""
    for path in (paths.data, paths.state):
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
        except OSError as error:
            raise StartFailed(f"cannot make {path}: {error.strerror}", hint="check the owner and mode of its parent") from error
