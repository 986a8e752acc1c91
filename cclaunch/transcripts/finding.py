"""
The transcripts that there are below claude's own directories.

The problem it owns: thousands of files are asked after every few minutes, so one costs a look at its state and no more. Links may
go round or lead to the same place twice, and what cannot be looked at is no reason to miss the rest.
"""

import contextlib
import os
import stat
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from cclaunch.otel import CONFIG_DIR
from cclaunch.transcripts.seen import Left

PROJECTS = "projects"
ENDING = ".jsonl"
LARGEST = 2**64 - 1
"""A time may lie centuries ahead, or before the epoch: of what does not fit, the low bits tell files apart as well."""

DEEPEST = 16
"""Directories below each other; claude has four."""


class Found(NamedTuple):
    """A transcript: its *path*, and its state as it was found."""

    path: str
    status: os.stat_result


def state_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return size, time (ns) and inode of a file, as far as they have room in 64 bits: while they are the same, it is."""
    return status.st_size, status.st_mtime_ns & LARGEST, status.st_ino & LARGEST


class Files:
    """
    The transcripts among *roots* and below them, each once. Iterate over it.

    Args:
        roots: Directories; claude keeps its own below `PROJECTS`. Or files.
        own_only: Leave out what belongs to another user.
        read: States (`state_of`) of files that were read, and are left out for as long as they are as they were.

    Attributes:
        left: How many files and directories could not be looked at, by reason; complete at the end.
    """

    def __init__(self, roots: Iterable[str], *, own_only: bool = True, read: Container[tuple[int, ...]] = frozenset()) -> None:
        self.left: Counter[Left] = Counter()
        self._roots = list(roots)
        self._own_only = own_only
        self._read = read
        self._met: set[tuple[int, int]] = set()
        self._user = os.geteuid()

    def __iter__(self) -> Iterator[Found]:
        """Yield them; the order says nothing."""
        for root in self._roots:
            if os.path.isfile(root):
                yield from self._looked_at(_itself(root))
            elif self._is_new(root):
                yield from self._looked_at(self._below(root))

    def _below(self, root: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield (path, state) of what has the ending, but for what was read."""
        read = self._read
        open_ends = [(root, 0)]
        while open_ends:
            directory, depth = open_ends.pop()
            for entry in self._entries(directory):
                if not entry.name.endswith(ENDING):
                    if depth < DEEPEST and self._is_directory(entry):
                        open_ends.append((entry.path, depth + 1))
                    continue
                try:
                    status = entry.stat()
                except OSError:  # gone meanwhile, a link to nowhere, or round to itself
                    continue
                if state_of(status) not in read:  # most are: nothing else is done for them
                    yield entry.path, status

    def _entries(self, directory: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError:
            self.left[Left.UNREADABLE] += 1
            return []

    def _is_directory(self, entry: os.DirEntry[str]) -> bool:
        """Say whether *entry* is a directory to go into. Only links can lead to one twice: each of those is followed once."""
        try:
            return entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and entry.is_dir() and self._is_new(entry.path))
        except OSError:
            return False

    def _is_new(self, directory: str) -> bool:
        try:
            return not self._is_met(os.stat(directory))
        except OSError:
            return True  # whoever goes there says why not

    def _is_met(self, status: os.stat_result) -> bool:
        """Say whether this is not the first time that one comes to what has this *status*."""
        mark = status.st_dev, status.st_ino
        if mark in self._met:
            return True
        self._met.add(mark)
        return False

    def _looked_at(self, found: Iterable[tuple[str, os.stat_result]]) -> Iterator[Found]:
        """Yield what is a file, and was not met before."""
        for path, status in found:
            if not stat.S_ISREG(status.st_mode) or self._is_met(status):
                continue
            if self._own_only and status.st_uid != self._user:
                self.left[Left.OTHERS] += 1
                continue
            yield Found(path, status)


def _itself(path: str) -> list[tuple[str, os.stat_result]]:
    with contextlib.suppress(OSError):  # gone meanwhile
        return [(path, os.stat(path))]
    return []


def claude_roots(home: str, environ: dict[str, str], more: Iterable[str] = ()) -> list[str]:
    """
    Return the directories below which claude may keep transcripts, each once, also those that are not there.

    Args:
        home: The home directory.
        environ: What a launch has; ``CLAUDE_CONFIG_DIR`` may name another one.
        more: Those that profiles name, absolute or below ``~``, and that were noted of launches.
    """
    named = [f"{home}/.claude", environ.get(CONFIG_DIR, ""), f"{home}/.config/claude", *more]
    directories = [f"{home}{one[1:]}" if one[:2] == "~/" else one for one in named if one]
    return list(dict.fromkeys(f"{directory}/{PROJECTS}" for directory in directories))
