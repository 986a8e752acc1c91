"""
What supervisor and collector cost while nothing happens but that a session is open.

The problem it owns: a second of rest must cost next to nothing, on a laptop's battery as well.
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from homes import services
from sandbox import Sandbox

REST_S = 5.0
"""After the rounds, until what they left to be done is done."""

DAY_S = 86400


class Idle(NamedTuple):
    """What a time of rest cost: *wakeups* a minute, and *processor* in seconds a day, of so many *processes*."""

    wakeups: float
    processor: float
    processes: int


def idle(place: Sandbox, launcher: Path, seconds: float) -> Idle:
    """Watch supervisor and collector of *place* for so many *seconds*, with one session open that does nothing."""
    environ = {**place.environ, "CCLAUNCH_CLAUDE": "/bin/sleep"}
    session = subprocess.Popen([launcher, str(int(seconds + REST_S) + 600)], env=environ, cwd=place.work)
    try:
        time.sleep(REST_S)
        watched = services(place)
        wakeups, processor, began = _switches(watched), _processor(watched), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        wakeups, processor = _switches(watched) - wakeups, _processor(watched) - processor
    finally:
        session.kill()
        session.wait()
    return Idle(wakeups / passed * 60, processor / passed * DAY_S, len(watched))


def resident(place: Sandbox) -> int:
    """Return the bytes that supervisor and collector of *place* hold, once they are at rest."""
    time.sleep(REST_S)
    return sum(process.memory_info().rss for process in services(place))


def _switches(processes: Sequence[psutil.Process]) -> int:
    """Return how often the threads of *processes* have gone to sleep of their own will, each to be woken again."""
    lines = [
        line
        for process in processes
        for status in Path(f"/proc/{process.pid}/task").glob("*/status")
        for line in status.read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches:")
    ]
    return sum(int(line.split()[1]) for line in lines)


def _processor(processes: Sequence[psutil.Process]) -> float:
    """Return the seconds that *processes* have had of the processor: of their clocks, for /proc/PID/stat counts in 1/100 s."""
    return sum(time.clock_gettime(~process.pid << 3 | 2) for process in processes)
