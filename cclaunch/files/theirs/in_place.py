"""
Writing into a file that cannot be replaced in one step, so that a crash in the middle is mended by the next run.

Before the first byte, a journal with the old content and the new one is on the disk. It goes away with the last byte; the
next run that finds one knows by the bytes alone whether the file is the old one, the new one, torn between the two, or
changed by somebody else since.
"""

import contextlib
import json
import os

from cclaunch.files.atomic import write_atomic
from cclaunch.files.theirs.copies import backup, label
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small

PREFIX = "journal."
LIMIT = 1 << 23


def write_in_place(paths: Paths, target: str, before: bytes, after: bytes) -> None:
    """Make *after* the content of *target*, which is *before*. Raises OSError; then ``recover`` puts *before* back."""
    journal = f"{paths.copies}/{PREFIX}{label(target)}"
    document = {"path": os.fsencode(target).hex(), "before": before.hex(), "after": after.hex()}
    write_atomic(journal, json.dumps(document).encode("ascii"))
    try:
        _write(target, after)
    except OSError:
        _write(target, before)
        os.unlink(journal)
        raise
    os.unlink(journal)


def _write(target: str, data: bytes) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.ftruncate(handle, len(data))
        os.fsync(handle)


def recover(paths: Paths) -> list[str]:
    """
    Mend what a killed write left, and return a sentence for each file: call it under the lock, before anything else.

    A file that somebody has changed since is left as it is; what it held is kept with the copies.
    """
    told = []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(paths.copies)):
            if name.startswith(PREFIX):
                told += _mend(paths, f"{paths.copies}/{name}")
    return told


def _mend(paths: Paths, journal: str) -> list[str]:
    try:
        document = json.loads(read_small(journal, LIMIT) or b"")
        target = os.fsdecode(bytes.fromhex(document["path"]))
        before, after = bytes.fromhex(document["before"]), bytes.fromhex(document["after"])
    except (ValueError, KeyError, TypeError):
        return [f"{journal} cannot be read; it is left as it is"]
    now = read_small(target, LIMIT)
    told = []
    if now is None or not is_torn(now, before, after):
        if now not in (before, after):
            kept = backup(paths, target, before)
            told.append(f"{target} was changed after a write of ours was cut off; what it held before is in {kept}")
    else:
        try:
            _write(target, before)
        except OSError as error:
            return [f"a write of {target} was cut off, and it cannot be mended: {error.strerror}; {journal} holds the content"]
        told.append(f"a write of {target} was cut off: what it held before is back")
    os.unlink(journal)
    return told


def is_torn(now: bytes, before: bytes, after: bytes) -> bool:
    """Say whether *now* is *before* with the beginning of *after* written over it, and neither of the two."""
    if now in (before, after):
        return False
    same = next((at for at, (one, other) in enumerate(zip(now, after, strict=False)) if one != other), min(len(now), len(after)))
    return now[same:] == before[same:]
