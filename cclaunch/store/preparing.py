"""
What has to be true of a place before a database is opened there: a directory on a disk that SQLite can use, a file that
only its owner reads, and beside it no log of another database, which SQLite would replay.
"""

import contextlib
import os
from collections.abc import Callable

from cclaunch.errors import CclaunchError, StoreError
from cclaunch.files.atomic import make_directory
from cclaunch.store import lineage, set_aside
from cclaunch.store.letting_go import AWAY
from cclaunch.store.schema import refuse_network


def prepare_database(path: str, say: Callable[[str], None]) -> None:
    """
    See to it that there is a file at *path* which may be opened, and no log beside it that is another's.

    Raises StoreError, OSError; *say* is told of a log that was put aside.
    """
    directory = os.path.dirname(path)
    try:
        make_directory(directory)
    except CclaunchError as error:
        raise StoreError(error.message, hint=error.hint) from error
    refuse_network(directory)
    if os.path.exists(path + AWAY) and not os.path.lexists(path):  # we died while it was out of the way
        os.rename(path + AWAY, path)
    if os.path.isdir(path):
        raise StoreError(f"{path} is a directory", hint=f"move it away: mv {path} {path}.directory")
    with contextlib.suppress(FileExistsError):  # never readable by others, whatever the umask
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    verdict = lineage.judge_log(path)
    if verdict in (lineage.STRANGE, lineage.GARBAGE):
        what = "goes on from another database" if verdict == lineage.STRANGE else "is no log"
        say(f"{path}-wal {what}: put aside as {set_aside.put_log_aside(path)}")
