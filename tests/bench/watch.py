"""
What `usage --watch` costs: its first frame beside `usage` on the same terminal, and its share of a core.

Makes up work with a fixed seed, has the ledger take it in, and then, in turns and on terminals of their own, runs `usage` to its
end and `usage --watch` up to its first frame. Then one `--watch` is left alone for a while: at rest; with ten requests a second
that a collector takes in; and with ten a second that it has to take in itself.

    python tests/bench/watch.py [ROUNDS] [--requests N...] [--seconds S]

The exit code is 1 when something was more than it may be.
"""

import argparse
import contextlib
import fcntl
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from guard import REPOSITORY
from homes import home
from sandbox import Sandbox
from stored import request
from table import print_figure
from written import write_telemetry
from year import SEASON_NS, YEAR_NS, year

from cclaunch.files.lock import take
from cclaunch.hot.paths import our_paths
from cclaunch.redrawn import END
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import local_places
from cclaunch.store.writer import Writer

ROUNDS = 15
SIZES = (4_000, 100_000, 1_000_000)
SECONDS = 20.0
A_SECOND = 10
WARM_S = 3.0
DEADLINE_S = 120.0
FRAME_AT_MOST, SHARE_AT_MOST = 1.2, 2.0
PIECE = 1 << 16


WHILE = {"at rest": (False, False), "by a collector": (True, True), "by itself": (True, False)}
"""Who takes in what arrives -> whether anything does, and whether somebody holds the collector's lock."""


class Shown:
    """`cclaunch` with *words* in *place*, on a terminal of 80 by 24 that somebody reads."""

    def __init__(self, place: Sandbox, *words: str) -> None:
        self.above, below = pty.openpty()
        fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {**place.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color"}
        command = [sys.executable, "-m", "cclaunch", *words]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, env=environ, cwd=place.work, stdin=below, stdout=below, stderr=below, start_new_session=True
        )
        os.close(below)

    def until(self, mark: str) -> float:
        """Return the seconds until *mark* is written; with an empty one, until the end. Raises SystemExit where it never is."""
        written = b""
        while time.perf_counter() - self.began < DEADLINE_S:
            part = self.read(DEADLINE_S)
            written += part
            if mark and mark.encode() in written:
                return time.perf_counter() - self.began
            if not part:
                break
        if mark or self.process.wait():
            raise SystemExit(f"it ended with {self.process.wait()}: {written.decode(errors='replace')}")
        return time.perf_counter() - self.began

    def read(self, seconds: float) -> bytes:
        """Return what is written within so many seconds; nothing at the end."""
        if not select.select([self.above], [], [], seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            return os.read(self.above, PIECE)
        return b""

    def share(self, seconds: float) -> float:
        """Return the share of a core (in percent) that it takes for so many seconds, while what it draws is read."""
        before, began = self._processor(), time.perf_counter()
        while (left := seconds - (time.perf_counter() - began)) > 0:
            self.read(left)
        return (self._processor() - before) / (time.perf_counter() - began) * 100

    def _processor(self) -> float:
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def end(self) -> None:
        """End it as a person does."""
        os.write(self.above, b"q") if self.process.poll() is None else None
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.above)


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", nargs="+", type=int, default=list(SIZES), metavar="N")
    words.add_argument("--seconds", type=float, default=SECONDS, metavar="S")
    asked = words.parse_args()
    missed = 0
    with ExitStack() as left:
        base = Path(left.enter_context(tempfile.TemporaryDirectory()))
        for number in asked.requests:
            place = left.enter_context(home(base, f"with-{number}"))
            fill(place, number)
            missed += first_frame(place, number, asked.rounds)
            missed += shares(place, number, asked.seconds)
    return int(missed > 0)


def fill(place: Sandbox, number: int) -> None:
    """Have *number* requests in the ledger of *place*, the last of them just now."""
    paths = our_paths(dict(place.environ))
    write_telemetry(Path(paths.database), year(number, time.time_ns(), YEAR_NS if number > SIZES[0] else SEASON_NS))
    catch_up(local_places(paths))


def first_frame(place: Sandbox, number: int, rounds: int) -> int:
    """Print the time to the first frame over that of `usage`; return how many targets were missed."""
    marks = {("usage",): "", ("usage", "--watch"): END}
    times: dict[tuple[str, ...], list[float]] = {words: [] for words in marks}
    for turn in range(rounds + 1):
        for words in random.sample(list(marks), len(marks)):
            shown = Shown(place, *words)
            taken = shown.until(marks[words])
            shown.end()
            if turn:  # the first one wakes what sleeps
                times[words].append(taken)
    usage, watch = (statistics.median(times[words]) for words in marks)
    more = f"   {watch * 1000:.0f} ms / {usage * 1000:.0f} ms"
    return print_figure(f"first frame / usage, {number:,}", watch / usage, FRAME_AT_MOST, "times", 2, more)


def shares(place: Sandbox, number: int, seconds: float) -> int:
    """Print what it takes of a core; return how many targets were missed."""
    missed = 0
    for name, (sending, lock) in WHILE.items():
        with stream(place, sending, lock):
            shown = Shown(place, "usage", "--watch")
            shown.until(END)
            shown.share(WARM_S)
            found = shown.share(seconds)
            shown.end()
        rate = f", {A_SECOND}/s" if sending else ""
        missed += print_figure(f"{name}{rate}, {number:,}", found, SHARE_AT_MOST, "% of a core", 2)
    return missed


@contextmanager
def stream(place: Sandbox, sending: bool, lock: bool) -> Iterator[None]:
    """Have requests arrive for the length of the block; with the collector's *lock* held, they are taken into the ledger, too."""
    if not sending:
        yield
        return
    words = [sys.executable, __file__, "--stream", "lock" if lock else "free"]
    environ = {**place.environ, "PYTHONPATH": str(REPOSITORY)}
    sender = subprocess.Popen(words, env=environ, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        sender.communicate()


def send(environ: dict[str, str], lock: bool) -> None:
    """Store requests until stdin is closed."""
    paths = our_paths(environ)
    held = take(paths.collector_lock, 10) if lock else None
    writer = Writer(paths.database)
    writer.start()
    number = 0
    while not select.select([sys.stdin], [], [], 1 / A_SECOND)[0]:
        number += 1
        session = f"{number % 5}0000000-0000-4000-8000-{os.getpid():012d}"
        batch = request(number, time.time_ns(), session__id=session, vcs__repository__name="project", team=str(os.getpid()))
        writer.submit(batch).result(DEADLINE_S)
        if lock:
            catch_up(local_places(paths))
    writer.close()
    if held is not None:
        os.close(held)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        send(dict(os.environ), sys.argv[2] == "lock")
    else:
        sys.exit(main())
