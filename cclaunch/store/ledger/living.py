"""
Launches whose process lives, and the session that each of them has now.

The problem it owns: a session that is quiet is still there. Its process is known by the name that it has left in a directory
(`hot.alive`), and what that launch sent names its instance and its session. Nothing is touched: whose names they are, the
collector looks after.
"""

import os
import sqlite3
import sys
import time
from typing import NamedTuple

from cclaunch.errors import StoreError
from cclaunch.files.boot import boot_id
from cclaunch.files.process_identity import is_gone
from cclaunch.hot.alive import mark_of
from cclaunch.store.ledger.senders import INSTANCE, NAME
from cclaunch.store.places import Places
from cclaunch.store.reader import reading

MOST = 256
"""Launches that are looked for, the newest: more than a screen has lines."""

SLACK_S = 60.0
"""By so much what a process's start is reckoned from may be off."""

NS = 1_000_000_000
SESSION_OF = (
    f"""SELECT attributes ->> '$."session.id"' FROM shared WHERE last_ns >= ? AND attributes ->> '$."{INSTANCE}"' = ?"""
    """ AND attributes ->> '$."session.id"' IS NOT NULL ORDER BY last_ns DESC LIMIT 1"""
)


class Living(NamedTuple):
    """A launch that lives: its process, its instance id, and when it began, about (ns since the epoch)."""

    pid: int
    instance: str
    began_ns: int


def living(directory: str) -> list[Living]:
    """Return the launches with a name in *directory* whose process lives, the newest first; without an instance id none."""
    boot = boot_id()
    found = []
    try:
        names = os.listdir(directory) if directory else []
    except OSError:
        return []
    for name in names:
        parts = name.split(".")
        if len(parts) != 4 or NAME.fullmatch(name) is None:
            continue
        pid, ticks = int(parts[1]), int(parts[2])
        if name == mark_of(boot, pid, ticks, parts[3]) and not is_gone(pid, ticks):
            found.append(Living(pid, parts[3], _began(ticks)))
    return sorted(found, key=lambda one: -one.began_ns)[:MOST]


def _began(ticks: int) -> int:
    """Return when a process was made (ns since the epoch), by its start in *ticks* since boot, about."""
    if not sys.platform.startswith("linux"):
        return ticks * 1000  # microseconds of the time of day
    up = time.clock_gettime(time.CLOCK_BOOTTIME)
    return round((time.time() - up + ticks / os.sysconf("SC_CLK_TCK")) * NS)


def session_of(places: Places, launch: Living) -> str | None:
    """Return the session that *launch* sent from last, as our own database knows it; None where it does not."""
    try:
        with reading(places.database) as connection:
            row = connection.execute(SESSION_OF, (launch.began_ns - round(SLACK_S * NS), launch.instance)).fetchone()
    except (StoreError, sqlite3.Error):
        return None
    return row[0] if row else None
