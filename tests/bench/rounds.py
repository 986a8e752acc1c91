"""
Runs contenders in turn, whole processes, so that whatever else the machine does meets all of them alike.

The problem it owns: what one run took, and that nothing stays: the loops of `load` end with whoever started them, too.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

UNCOUNTED = 3
"""Rounds before those that count: they wake what sleeps, and compile what was not."""

BUSY = """\
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100000):
        pass
"""


class Taken(NamedTuple):
    """Seconds that a run took: on the *clock*, from spawn to end, and of the *processor*."""

    clock: float
    processor: float


class Contender(NamedTuple):
    """A command as it is run: *words*, the whole *environ*, the *directory*, and what is done *before* each run, untimed."""

    words: list[str]
    environ: Mapping[str, str]
    directory: Path
    before: Callable[[], None] | None = None


def interleaved(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Taken]]:
    """Run each contender once a round, in changing order; return name -> what each run took, by round."""
    times: dict[str, list[Taken]] = {name: [] for name in contenders}
    names = list(contenders)
    for index in range(rounds + UNCOUNTED):
        random.shuffle(names)
        for name in names:
            taken = run(contenders[name])
            if index >= UNCOUNTED:
                times[name].append(taken)
    return times


def run(contender: Contender) -> Taken:
    """Return what the contender takes from spawn to end. Raises SystemExit when it fails."""
    os.chdir(contender.directory)
    if contender.before:
        contender.before()
    program = shutil.which(contender.words[0])
    assert program
    began = time.perf_counter()
    pid = os.posix_spawn(program, contender.words, dict(contender.environ))
    _, status, used = os.wait4(pid, 0)
    taken = Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{contender.words} ended with {os.waitstatus_to_exitcode(status)}")
    return taken


@contextmanager
def load(loops: int) -> Iterator[None]:
    """Keep so many busy *loops* running for the length of the block; each ends by itself when we are gone."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(loops):
            started.append(subprocess.Popen([sys.executable, "-IS", "-c", BUSY]))
        yield
    finally:
        for one in started:
            one.kill()
            one.wait()
