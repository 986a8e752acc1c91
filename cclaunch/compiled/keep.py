"""Keeping a compiled file: with a stamp of each source, and only when no source is so young that its stamp may lie."""

import contextlib
import os
import time
from collections.abc import Iterable

from cclaunch.files.atomic import replace_file
from cclaunch.hot.reading import stamp
from cclaunch.hot.records import write_records

YOUNG_NS = 10_000_000
"""A source changed within the last 10 ms may change again under the same time stamp: not trusted, so not cached."""

Records = list[list[str]]


def source_records(paths: Iterable[str]) -> Records:
    """Return a ``source`` record for each of *paths*: its stamp, as it is now."""
    return [["source", path, stamp(path)] for path in paths]


def settled(sources: Records) -> bool:
    """
    Say whether all *sources* are old enough that a change to come would show in their stamps.

    One from the future is, too: the clock was set back since, and what is changed now gets another time.
    """
    now = time.time_ns()
    for _, path, _ in sources:
        with contextlib.suppress(OSError):
            if abs(now - os.stat(path).st_ctime_ns) < YOUNG_NS:
                return False
    return True


def keep(path: str, records: Records) -> None:
    """Write the compiled file whole or not at all; a cache that cannot be written is no reason to speak."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        replace_file(path, write_records(records).encode("utf-8", "surrogateescape"), durable=False)
