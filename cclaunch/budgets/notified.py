"""
Which budgets a notification has told of, in a small file.

The problem it owns: each is told once, whoever looks and however often he is started anew. What was told follows what is spent:
where a budget has room again (its limit was raised, or requests were forgotten), it may be told again when it is gone.
"""

import os
from collections.abc import Iterable

from cclaunch.files.atomic import make_directory, replace_file
from cclaunch.hot.budget import FULL, NEAR, Standing
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small

FORMAT = "format=1"
SIZE_LIMIT = 256 * 1024
MOST = 1_000
"""So many budgets are told of; more do not fit into the file."""

Key = tuple[str, str]
"""(period, profile) of a budget."""


class Told:
    """
    What was told of a budget.

    Attributes:
        begin, end: The period, in nanoseconds since the epoch. As long as it lasts, it is the present one, wherever the clock is.
        percent: 80 or 100.
    """

    __slots__ = ("begin", "end", "percent")

    def __init__(self, begin: int, end: int, percent: int) -> None:
        self.begin = begin
        self.end = end
        self.percent = percent


def read_told(paths: Paths, now_ns: int) -> dict[Key, Told]:
    """Return what was told of the present periods; nothing where the file is missing or not whole."""
    found: dict[Key, Told] = {}
    lines = (read_small(paths.notified, SIZE_LIMIT) or b"").decode("ascii", "replace").split("\n")
    if lines[0] != FORMAT or lines[-1]:
        return {}
    try:
        for line in lines[1:-1]:
            name, _, value = line.rpartition("=")
            period, _, profile = name.partition(".")
            told = Told(*map(int, value.split(" ")))
            if told.begin <= now_ns < told.end:
                found[period, profile] = told
    except (TypeError, ValueError):
        return {}
    return found


def write_told(paths: Paths, told: dict[Key, Told]) -> None:
    """Write down what was *told*, whole and to the disk. Raises FileTrouble, OSError."""
    lines = [f"{period}.{profile}={one.begin} {one.end} {one.percent}" for (period, profile), one in sorted(told.items())]
    make_directory(os.path.dirname(paths.notified))
    replace_file(paths.notified, "".join(f"{line}\n" for line in [FORMAT, *lines]).encode())


def percent_of(standing: Standing) -> int:
    """Return what there is to tell of a budget: 100 where all of it is spent, 80 where it nearly is, else 0."""
    return 100 if standing.share >= FULL else 80 if standing.share >= NEAR else 0


def news(told: dict[Key, Told], standings: Iterable[Standing]) -> tuple[list[Standing], dict[Key, Told]]:
    """
    Return (what is to be told, what was told then), where so much was *told* before.

    What passes both marks at once is told once. A budget that is not asked for stays as it was: it may be back.
    """
    now = dict(told)
    new = []
    for standing in standings:
        key, percent = (standing.limit.period, standing.limit.profile), percent_of(standing)
        before = told[key].percent if key in told else 0
        if percent > before and (key in now or len(now) < MOST):
            new.append(standing)
        elif percent >= before:
            continue
        if percent:
            now[key] = Told(standing.spent.begin, standing.spent.end, percent)
        else:
            now.pop(key, None)
    return new, now
