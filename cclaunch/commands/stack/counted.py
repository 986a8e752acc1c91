"""
The ledger when the raw data goes: it takes in what it has not read yet, and goes itself only when that is meant.

The problem it owns: what `stack down --volumes` deletes may be the only place in which a request stands.
"""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from cclaunch import layout
from cclaunch.backends.docker import record
from cclaunch.backends.sources import places_of
from cclaunch.errors import CclaunchError, StoreError
from cclaunch.files.lock import locked
from cclaunch.hot.paths import Paths
from cclaunch.reports.dates import local

PATIENCE_S = 30.0
MISSING_S, POLL_S = 10.0, 0.2
"""What VictoriaLogs took in a moment ago it counts at once, and gives out a second later."""

NOT_RUNNING = "VictoriaLogs does not run, so what it took in {since} goes uncounted: `cclaunch stack up` first has it read"


def take_in(paths: Paths, seconds: float | None = None, *, everything: bool = False) -> str:
    """
    Have the ledger take in what was recorded; return why it could not, or an empty text.

    Args:
        seconds: For at most so long; None: all of it.
        everything: Look at all that VictoriaLogs has, also what was read already.
    """
    from cclaunch.store.ledger.catch_up import catch_up

    until = time.monotonic() + MISSING_S
    try:
        while catch_up(places_of(paths), seconds, everything=everything).missing and everything:
            if time.monotonic() > until:
                return "VictoriaLogs counts requests that it does not give out"
            time.sleep(POLL_S)
    except CclaunchError as error:
        return f"{error.message} ({error.cause})" if error.cause else error.message
    except (sqlite3.Error, OSError) as error:
        return f"{paths.ledger} cannot be written: {error}"
    return ""


def uncounted(paths: Paths, *, volumes: bool) -> str:
    """
    Have the ledger take in all there is before it goes; return the sentence on what would be lost, or an empty text.

    *volumes*: there are data volumes of the Docker stack to delete.
    """
    if trouble := take_in(paths, everything=True):
        return f"the ledger could not take in all of it, and what it has not counted is lost: {trouble}"
    if volumes and not record.was_up(paths):
        read = _last_read(paths.ledger)
        return NOT_RUNNING.format(since=f"after {local(read)}" if read else "was never read, and")
    return ""


def _last_read(ledger: str) -> int:
    """Return when VictoriaLogs was looked at last (ns), or 0."""
    from cclaunch.store.ledger.opening import reading
    from cclaunch.store.ledger.vlogs_read import last_look

    with contextlib.suppress(StoreError), reading(ledger) as connection:
        return last_look(connection)
    return 0


def describe_ledger(paths: Paths) -> str:
    """Return what the ledger holds in one sentence; an empty text when it holds no request, or cannot be read."""
    from cclaunch.store.ledger.opening import reading
    from cclaunch.store.ledger.reading import extent

    with contextlib.suppress(StoreError), reading(paths.ledger) as connection:
        found = extent(connection)
        if found is None:
            return ""
        size = layout.size(sum(one.stat().st_size for one in _files(paths)))
        requests = int(connection.execute("SELECT sum(requests) FROM quarters").fetchone()[0])
        many = "1 request" if requests == 1 else f"{requests:,} requests"
        return f"{paths.ledger}: {size}, {many} from {local(found[0])} to {local(found[1] - 1)}"
    return str(paths.ledger) if os.path.exists(paths.ledger) else ""


def _files(paths: Paths) -> list[Path]:
    """Return all files of the ledger: itself first, what is beside it, what was put aside, its copies."""
    ledger = Path(paths.ledger)
    beside = sorted(one for one in ledger.parent.glob(f"{ledger.name}*") if one.is_file())
    copies = Path(paths.ledger_copies)
    return [*beside, *(sorted(copies.iterdir()) if copies.is_dir() else [])]


def erase_ledger(paths: Paths) -> None:
    """
    Delete the ledger and its copies, while nobody can write to it.

    Raises:
        Busy: Somebody else has it for long.
        StoreError: A file cannot be deleted.
    """
    with locked(paths.ledger_lock, PATIENCE_S):
        try:
            for file in (*_files(paths), Path(paths.spending)):  # a launch would count what nobody knows any more
                file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data}") from error


def read_anew(paths: Paths) -> None:
    """Have the ledger read whatever VictoriaLogs comes next from its start; where that fails, it does so within a day."""
    from cclaunch.store.ledger.vlogs_read import begin_anew

    if os.path.exists(paths.ledger):
        with contextlib.suppress(CclaunchError, sqlite3.Error, OSError):
            begin_anew(places_of(paths))
