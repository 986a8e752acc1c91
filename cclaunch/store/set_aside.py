"""
What is put aside: a damaged database, a log that belongs to no database. Renamed whole, never overwritten, never deleted.

The files' names are the record of it: as long as one of them is there, `status`, `check` and each launch say so.
"""

import contextlib
import os
import time
from typing import NamedTuple

DAMAGED, STRANGE = ".corrupt-", "-wal.left-"
RESULT, READING = ".result", ".reading"
END = "delete it to end this line"
SUFFIXES = ("", "-wal", "-shm", "-journal")


class Aside(NamedTuple):
    """A damaged database that was put aside: its *path*, and what came of reading it; *over* once that is done."""

    path: str
    over: bool
    events: int
    lost: int


def put_aside(path: str) -> str:
    """
    Rename the database at *path* and what belongs to it, and return its new path. Raises OSError.

    The database goes first: a log without it is recognised as strange, it without its log would lie.
    """
    new = free_name(path + DAMAGED)
    os.rename(path, new)
    for suffix in SUFFIXES[1:]:
        if os.path.lexists(path + suffix):
            os.rename(path + suffix, new + suffix)
    keep_private(new)
    return new


def put_log_aside(path: str) -> str:
    """Rename the log of the database at *path*, delete its index, and return the log's new path. Raises OSError."""
    new = free_name(path + STRANGE)
    os.rename(path + "-wal", new)
    keep_private(new)
    forget_index(path)
    return new


def forget_index(path: str) -> None:
    """Delete the index of the log: SQLite makes it anew."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path + "-shm")


def keep_private(path: str) -> None:
    """Take away what others may do with *path*, where that can be done."""
    with contextlib.suppress(OSError):
        os.chmod(path, 0o600)


def free_name(stem: str) -> str:
    """Return *stem* with the time of day behind it, and a number where that is taken."""
    name = stem + time.strftime("%Y%m%d-%H%M%S")
    number = 1
    while os.path.lexists(name):
        number += 1
        name = f"{stem}{time.strftime('%Y%m%d-%H%M%S')}-{number}"
    return name


def all_aside(path: str) -> list[Aside]:
    """Return the damaged databases that were put aside for the one at *path*, the oldest first."""
    found = []
    for name in _named(path, DAMAGED):
        if not name.endswith((RESULT, *SUFFIXES[1:])) and READING not in name:
            result = _result(name + RESULT)
            found.append(Aside(name, bool(result), result.get("events", 0), result.get("lost", 0)))
    return found


def logs_aside(path: str) -> list[str]:
    """Return the logs that were put aside for the database at *path*."""
    return _named(path, STRANGE)


def everything_aside(path: str) -> list[str]:
    """Return every file that was put aside for the database at *path*, with what belongs to it."""
    return [*_named(path, DAMAGED), *_named(path, STRANGE)]


def _named(path: str, part: str) -> list[str]:
    directory, name = os.path.split(path)
    try:
        return sorted(f"{directory}/{one}" for one in os.listdir(directory) if one.startswith(name + part))
    except OSError:
        return []


def write_result(aside: str, events: int, lost: int) -> None:
    """Note beside *aside* that all of it that can be read was taken over. Raises OSError."""
    handle = os.open(aside + RESULT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"over=1\nevents={events}\nlost={lost}\n")


def _result(path: str) -> dict[str, int]:
    found = {}
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            for line in file.read(4096).splitlines():
                name, _, value = line.partition("=")
                if value.isdigit():
                    found[name] = int(value)
    except OSError:
        pass
    return found


def sentence_of_ledger(path: str) -> str:
    """Return what has to be said about a damaged ledger that was put aside for the one at *path*, or an empty text."""
    told = []
    for one in all_aside(os.path.realpath(path)):
        came = f"{one.events:,} requests were taken over from its last copy and from it, what is newer from raw events"
        left = f", at least {one.lost:,} could not be read" if one.lost else ""
        told.append(f"the ledger was damaged, and a new one begun: {came}{left}; the old one is {one.path} ({END})")
    told += [f"a log of another ledger lay beside {os.path.basename(path)}: it is {log} ({END})" for log in logs_aside(path)]
    return "; ".join(told)


def sentence(path: str) -> str:
    """Return what has to be said about what was put aside for the database at *path*; an empty text when there is nothing."""
    told = []
    for one in all_aside(path):
        if not one.over:
            came = "what can be read is being taken over"
        elif one.lost:
            came = f"{one.events:,} events were taken over, at least {one.lost:,} rows could not be read"
        else:
            came = f"{one.events:,} events were taken over"
        told.append(f"the database was damaged, and a new one begun: {came}; the old one is {one.path} ({END})")
    for log in logs_aside(path):
        told.append(f"a log of another database lay beside {os.path.basename(path)}: it is {log} ({END})")
    return "; ".join(told)
