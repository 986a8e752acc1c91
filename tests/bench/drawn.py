"""
Runs of a verb whose words nobody reads: into nothing, or on a terminal of their own, in colour.

The problem it owns: what is drawn on a terminal is another thing than what goes into a pipe, and both are measured alike, by
the time of the processor that the process and its children took.
"""

import os
import pty
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rounds import UNCOUNTED, Taken

PIECE = 1 << 16


class Asked(NamedTuple):
    """A command as it is run: *words*, the whole *environ*, the *directory*; *drawn*: on a terminal."""

    words: list[str]
    environ: Mapping[str, str]
    directory: Path
    drawn: bool = False


def interleaved(contenders: Mapping[str, Asked], rounds: int) -> dict[str, list[Taken]]:
    """Run each contender once a round, in changing order; return name -> what each run took, by round."""
    times: dict[str, list[Taken]] = {name: [] for name in contenders}
    names = list(contenders)
    for index in range(rounds + UNCOUNTED):
        random.shuffle(names)
        for name in names:
            taken = ran(contenders[name])
            if index >= UNCOUNTED:
                times[name].append(taken)
    return times


def ran(asked: Asked) -> Taken:
    """Return what *asked* takes from spawn to end. Raises SystemExit when it fails."""
    if not asked.drawn:
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            return _spawned(asked, nothing)
        finally:
            os.close(nothing)
    above, below = pty.openpty()
    reader = threading.Thread(target=_drain, args=(above,))
    reader.start()
    try:
        return _spawned(asked._replace(environ={**asked.environ, "TERM": "xterm-256color"}), below)
    finally:
        os.close(below)
        reader.join()
        os.close(above)


def _spawned(asked: Asked, output: int) -> Taken:
    os.chdir(asked.directory)
    began = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, output, number) for number in (0, 1, 2)]
    pid = os.posix_spawnp(asked.words[0], asked.words, dict(asked.environ), file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    taken = Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{asked.words} ended with {os.waitstatus_to_exitcode(status)}")
    return taken


def _drain(terminal: int) -> None:
    """Read what is drawn until nobody has the other end any more."""
    try:
        while os.read(terminal, PIECE):
            pass
    except OSError:
        pass
