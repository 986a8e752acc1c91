"""
The process that reads transcripts behind everybody's back, of the lowest priority.

The problem it owns: nobody may feel it. So it has an interpreter of its own, takes what the others leave of processor and disk,
lets go of the ledger for ten times as long as it had it, and of two of it one leaves.
"""

import contextlib
import os
import sqlite3
import time

from cclaunch import console
from cclaunch.config.model import configuration, reads_transcripts
from cclaunch.errors import Busy, CclaunchError
from cclaunch.files.lock import take
from cclaunch.history import told
from cclaunch.history.alone import is_asked
from cclaunch.history.places import roots, there
from cclaunch.history.read_all import before, read_all
from cclaunch.history.rows import Rows
from cclaunch.history.turns import PATIENCE_S, Turns
from cclaunch.hot.paths import Environ, Paths
from cclaunch.store.places import local_places

SHARE = 10
LONGEST_PAUSE_S = 10.0
"""A pause is so many times as long as the ledger was held before it, up to so long."""

LOOK_S = 0.1


def main(arguments: list[str], environ: Environ) -> int:
    """Read what is new, once. *arguments*: our four directories. Return 0 where that is done, or is not ours to do now."""
    paths = Paths(*arguments)
    if not (told.is_told(paths) and reads_transcripts(paths)):
        return 0
    try:
        handle = take(paths.history_lock, 0)
        if handle is None:
            return 0
        _give_way()
        _read(paths, environ)
    except Busy:  # the next one tries again
        return 0
    except CclaunchError as error:
        return _failed(error.message)
    except (OSError, sqlite3.Error) as error:
        return _failed(f"{type(error).__name__}: {error}")
    except Exception as error:  # a fault of ours; what it says may be words of a conversation, and goes to a log
        return _failed(f"{type(error).__name__} in {_place(error)}")
    return 0


def _read(paths: Paths, environ: Environ) -> None:
    places = local_places(paths)
    rows = Rows(branch=configuration(paths).telemetry.branch)
    read_all(there(roots(paths, environ)), rows, Turns(places, PATIENCE_S, lambda held: _rest(paths, held)), before(places))


def _rest(paths: Paths, held: float) -> None:
    """Leave the ledger to others for a while. Raises Busy when a person wants to read in our place."""
    until = time.monotonic() + min(SHARE * held, LONGEST_PAUSE_S)
    while True:
        if is_asked(paths):
            raise Busy("a person waits for what we read")
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, LOOK_S))


def _give_way() -> None:
    """Take what others leave of the disk; of the processor it was so from the beginning."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import psutil

        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def _place(error: Exception) -> str:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{os.path.basename(last.filename)}, line {last.lineno}"


def _failed(why: str) -> int:
    console.note(f"claude's transcripts were not read: {why}")
    return 1
