"""
Who still needs the collector: the processes that a launch became, by a name for each in a directory of ours.

The name tells the boot, the pid, and the ticks since boot at which the process was made: no other process ever has the same,
and no clock that is set changes that. A launch makes it itself (`hot.alive`), or has the collector do it by its question.
Where it ends with the launch's instance id, the ledger needs it longer than we do: that of a process that has ended is kept
under another name until catch-up has read it.
Names outlive a collector that was killed: its successor must not leave a quiet session alone.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from itertools import islice

import psutil

from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import make_directory, touch
from cclaunch.files.boot import boot_id
from cclaunch.files.process_identity import is_gone, start_ticks
from cclaunch.hot.alive import ANCHOR, ENDED, mark_of

TOLERANCE_S = 2.0
"""What the list of release 0.1 says of a process is reckoned from the clock, and that may have been set meanwhile."""

MARK = re.compile(r"[0-9a-f]{0,8}\.[0-9]{1,10}\.[0-9]{1,20}(\.[0-9a-f-]{36})?")
"""The name of a process, with the instance id of its launch; older launches leave none."""

MOST = 4096
"""Processes that are remembered, and names of ended ones: more sessions than a machine can run."""


class Launched:
    """
    The launched processes that are still alive; *directory* remembers them.

    *before* is the list that release 0.1 kept of them.

    Attributes:
        ended: How many were found to have ended.
    """

    def __init__(self, directory: str, before: str = "") -> None:
        self.ended = 0
        self._directory = directory
        self._boot = boot_id()
        self._known: set[str] = set()
        self._told: set[str] = set()
        self._place = -1
        self.keep()
        for pid, began in _read_list(before):
            if _is_of(pid, began):
                self.add(pid)
        with contextlib.suppress(OSError):
            os.unlink(before)

    def keep(self) -> None:
        """Have the directory, with a name for each that is known; without it launches ask, and nobody remembers them."""
        anchor = f"{self._directory}/{ANCHOR}"
        with contextlib.suppress(FileTrouble, OSError):
            make_directory(self._directory)
            touch(anchor)
            self._hold()
            for name in self._known:
                try:
                    os.link(anchor, f"{self._directory}/{name}")
                except FileExistsError:
                    continue
                except OSError:  # a file system without links
                    touch(f"{self._directory}/{name}")

    def _hold(self) -> None:
        """Hold the directory itself: it may be moved."""
        if self._place >= 0:
            os.close(self._place)
            self._place = -1
        self._place = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def carry(self) -> None:
        """Keep in the new place who is known, and who came to the old one before it was missed."""
        if self._place >= 0:
            self._known |= {name for name in _names(self._place) if _lives(name, self._boot)}
        self.keep()

    def add(self, pid: int) -> None:
        """
        Remember the process *pid* of this user, or of root; one that is gone already is no matter.

        Never the first of all processes: no launch is, but in a container, and what lives as long as that needs no memory.
        """
        ticks = start_ticks(pid) if pid > 1 and _is_ours(pid) else None
        if ticks is not None and len(self._known) < MOST:
            self._known.add(mark_of(self._boot, pid, ticks))
            self.keep()

    def any(self) -> bool:
        """Say whether any of them lives, or has since this was asked last; and forget those that do not."""
        found = set(islice(_names(self._directory), MOST)) | self._known
        self._known = {name for name in found if _lives(name, self._boot)}
        dead = found - self._known
        for name in dead:
            with contextlib.suppress(OSError):
                self._end(name)
        news, self._told = dead - self._told, dead  # one that cannot be taken away is told once
        self.ended += len(news)
        return bool(self._known) or any(name.startswith(self._boot[:8]) for name in news)

    def _end(self, name: str) -> None:
        """Take the *name* of an ended process away; one with an instance id stays as such for the ledger. Raises OSError."""
        path, instance = f"{self._directory}/{name}", _parts(name)[3]
        if instance and sum(one.startswith(ENDED) for one in os.listdir(self._directory)) < MOST:
            os.rename(path, f"{self._directory}/{ENDED}{instance}")
            with contextlib.suppress(FileNotFoundError):  # of two names for one file, rename leaves both
                os.unlink(path)
        else:
            os.unlink(path)


def any_alive(directory: str) -> bool:
    """Say whether a process that *directory* remembers lives, without touching it: its collector is looking after it."""
    boot = boot_id()
    return any(_lives(name, boot) for name in _names(directory))


def living_instances(directory: str) -> set[str]:
    """Return the instance ids of the launches that *directory* remembers and that live, without touching it."""
    boot = boot_id()
    return {_parts(name)[3] for name in _names(directory) if _lives(name, boot)} - {""}


def _names(directory: str | int) -> Iterator[str]:
    """Yield the names in *directory* that are of our making."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if MARK.fullmatch(entry.name):
                yield entry.name


def _parts(name: str) -> tuple[str, int, int, str]:
    """Return (boot, pid, ticks, instance id or an empty text) of a *name* of our making."""
    boot, pid, ticks, *instance = name.split(".")
    return boot, int(pid), int(ticks), "".join(instance)


def _lives(name: str, boot: str) -> bool:
    _, pid, ticks, instance = _parts(name)
    return name == mark_of(boot, pid, ticks, instance) and not is_gone(pid, ticks)


def _is_ours(pid: int) -> bool:
    try:
        return psutil.Process(pid).uids().effective in (os.geteuid(), 0)
    except (psutil.Error, OSError):
        return False


def _read_list(path: str) -> Iterator[tuple[int, float]]:
    """Yield pid and start time of each line of *path* that has both: so release 0.1 kept them."""
    try:
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        pid, _, began = line.partition("=")
        with contextlib.suppress(ValueError):
            yield int(pid), float(began)


def _is_of(pid: int, began: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - began) <= TOLERANCE_S
    except (psutil.Error, OSError):
        return False
