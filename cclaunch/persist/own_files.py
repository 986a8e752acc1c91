"""
The files of ours that blocks read: what they export, so that a change of it need not touch a file of the person's.

The directories that are made for them are counted in each, and go again with the last one.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from cclaunch.errors import CclaunchError
from cclaunch.files.atomic import make_directory, remove, write_atomic
from cclaunch.files.theirs.write import missing_parents
from cclaunch.hot.reading import read_small
from cclaunch.persist.content import Content
from cclaunch.shells.table import NAMES

MADE = re.compile(rb'made(?:=|": )(\d{1,2})\b')


class Change(NamedTuple):
    """What is to become of one of our files: at *path*, from *before* (None: it is not there) to *after* (None: it goes)."""

    path: str
    before: bytes | None
    after: bytes | None
    error: CclaunchError | None = None


def changes(content: Content, shells: Iterable[str], *, spare: bool = False, made: int | None = None) -> list[Change]:
    """
    Return what must be done so that blocks of *shells* find their file with what *content* says.

    A file that is there already is kept up to date as well: a block may have been pasted. With *spare* it goes. One that
    cannot say it (the shell has no spelling for a value) goes, with the error: it would say something old. *made* is
    what ``directories_made`` said before anything else was made.
    """
    wanted = {content.file(shell) for shell in shells}
    made = directories_made(content) if made is None else made
    found = []
    for path, shell in {content.file(shell): shell for shell in NAMES}.items():
        before = _read(path)
        change = Change(path, before, None)
        if path in wanted or not (before is None or spare):
            try:
                change = Change(path, before, content.file_data(shell, made))
            except CclaunchError as error:
                change = Change(path, before, None, error)
        if change.before != change.after or change.error:
            found.append(change)
    return found


def carry_out_changes(content: Content, todo: Iterable[Change]) -> list[Change]:
    """Do what ``changes`` says, and return it, each with its error if it could not be done."""
    made = directories_made(content)
    done = [_carry_out(content, change) for change in todo]
    _remove_empty(content.folder, made)
    return done


def _carry_out(content: Content, change: Change) -> Change:
    try:
        if change.after is None or (os.path.lexists(change.path) and not os.path.isfile(change.path)):
            _clear(change.path)
        if change.after is not None:
            make_directory(content.folder)
            write_atomic(change.path, change.after)
    except CclaunchError as error:
        return change._replace(error=error)
    return change


def _clear(path: str) -> None:
    """Delete what stands at *path*: nothing of anybody's belongs there. Raises FileTrouble."""
    with contextlib.suppress(OSError):
        os.rmdir(path)
    remove(path)


def _remove_empty(folder: str, made: int) -> None:
    """Remove *folder* if nothing is in it, and as many above it as were *made* for it."""
    for _ in range(max(made, 1)):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)


def directories_made(content: Content) -> int:
    """Return how many directories were, or will be, made for our files: what one of them says, else how many are missing."""
    for path in (content.file(shell) for shell in NAMES):
        if found := MADE.search(_read(path) or b""):
            return int(found[1])
    return len(missing_parents(f"{content.folder}/x"))


def _read(path: str) -> bytes | None:
    """Return what is at *path*: None when nothing is, an empty text for what is no readable file."""
    if not os.path.lexists(path):
        return None
    return (read_small(path) if os.path.isfile(path) else None) or b""
