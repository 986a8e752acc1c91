"""
The pictures of README: the first screen of `usage`, and the story of a session, as a terminal shows them.

The problem it owns: a picture that somebody drew is wrong by the next release. So sessions that are scripted go through the real
writer and ledger, the real verb runs on a terminal with its clock stopped, and what it has written becomes the SVG:

    python tests/pictures/readme.py

writes those of ``docs/`` anew; a test holds them to being current.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import pexpect
import scripted_session
from guard import REPOSITORY
from sandbox import Sandbox
from scripted_month import NOW, NS, month
from stored import export_of, store
from terminal_svg import svg

from cclaunch.otlp.decode import decode_logs

NOW_NS = int(NOW.timestamp()) * NS
STOPPED = f"""\
import sys, time
time.time_ns, time.time = (lambda: {NOW_NS}), (lambda: {NOW_NS / NS})
from cclaunch.main import main
sys.argv[0] = "cclaunch"
sys.exit(main())
"""
"""Runs the words behind it as `cclaunch` does, at the moment of the picture."""

ERASED = "\x1b[2K"
"""What takes a line of progress away again."""

USAGE, STORY = REPOSITORY / "docs" / "usage.svg", REPOSITORY / "docs" / "story.svg"


def pictures() -> dict[Path, str]:
    """Return file -> the picture that stands in it."""
    with _place() as place:
        store(place.database, *(decode_logs(export_of(*one, time_ns=NOW_NS)) for one in month()))
        store(place.database, decode_logs(export_of(*scripted_session.session(), time_ns=NOW_NS)))
        return {
            USAGE: _picture(place, 80, "What it cost: today, this week, this month, and the last 14 days", "usage"),
            STORY: _picture(place, 100, "A session from start to end", "events", "show", scripted_session.NAME[:4]),
        }


@contextmanager
def _place() -> Iterator[Sandbox]:
    """Give a throw-away home whose day is that of UTC."""
    with tempfile.TemporaryDirectory() as base:
        place = Sandbox(Path(base))
        place.environ["TZ"] = "UTC"
        yield place


def _picture(place: Sandbox, columns: int, title: str, *words: str) -> str:
    command = [sys.executable, "-c", STOPPED, *words]
    screen = pexpect.spawn(
        command[0], command[1:], env=place.environment(), dimensions=(60, columns), timeout=120, encoding="utf-8", cwd=place.work
    )
    told = screen.read()
    screen.close()
    assert screen.exitstatus == 0, told
    lines = [line.rpartition(ERASED)[2] for line in told.replace("\r", "").rstrip("\n").split("\n")]
    return svg(title, [f"\x1b[2m$\x1b[0m \x1b[1mcclaunch {' '.join(words)}\x1b[0m", *lines], columns)


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text)
        print(path.relative_to(REPOSITORY))
