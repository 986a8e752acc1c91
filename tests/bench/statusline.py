"""
What the status line costs, as ratios measured in one run.

Installs the checkout with install.sh into a throw-away home and runs each contender once a round, in changing order, with the
same JSON on stdin:

    python tests/bench/statusline.py [ROUNDS] [--load N] [--peers]

With --peers what people use today runs beside: ccusage's native program and ccstatusline, fetched by npm. Claude ends a line that
is not there when something new happens, so what counts is the clock. The exit code is 1 when a target is missed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import native_ccusage
from cases import PASS
from homes import home, install
from npm_lines import ccstatusline
from rounds import Contender, interleaved, load
from sandbox import Sandbox
from status_lines import SESSION, said
from table import print_table
from transcript_lines import record, write

ROUNDS = 200
BASH = "bash reading stdin"
INSTALLED = "launcher of install.sh"
OWN = "launcher, a format of one's own"
WRAPPED = "launcher, wrapping `sh -c :`"
CHANGED = "launcher, a new figure each time"
BY_PIP = "script of the wheel, pip"
CCUSAGE, CCSTATUSLINE = "ccusage, native", "ccstatusline"
TARGETS = {(INSTALLED, PASS): 1.30, (OWN, PASS): 1.30}
"""(contender, yardstick) -> at most so many times its median."""

REQUESTS = 400
READS = "read -r line; echo $(( ${#line} ))"


def shown(place: Sandbox, stdin: Path, *words: str | Path) -> Contender:
    """Return the contender that runs *words* as claude does: by a shell, which becomes it, with JSON on stdin."""
    environ = {**place.environ, "COLUMNS": "150", "__CCLAUNCH_LAUNCH": "data-eng:0123", "CLAUDECODE": "1"}
    command = 'exec "$@" <"$0" >/dev/null'
    return Contender(["sh", "-c", command, str(stdin), *map(str, words)], environ, place.work)


def contenders(place: Sandbox, launcher: Path, script: Path, stdin: Path) -> dict[str, Contender]:
    """Return the yardsticks, and the line in its several ways."""
    python = script.parent / "python"

    def another() -> None:
        stdin.with_suffix(".new").write_text(json.dumps(said(time.time() % 1000)))

    return {
        PASS: shown(place, stdin, python, "-c", "pass"),
        BASH: shown(place, stdin, "bash", "-c", READS),
        INSTALLED: shown(place, stdin, launcher, "statusline"),
        OWN: shown(place, stdin, launcher, "statusline", "--format", "{profile} {session:green} | {today} · {pr} {lines}"),
        CHANGED: shown(place, stdin.with_suffix(".new"), launcher, "statusline")._replace(before=another),
        WRAPPED: shown(place, stdin, launcher, "statusline", "--wrap", ":"),
        BY_PIP: shown(place, stdin, script, "statusline"),
    }


def peers(place: Sandbox, stdin: Path) -> Mapping[str, Contender]:
    """Return what people use today, as far as npm gives it; they read transcripts, so there is one, of the day."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    transcript = place.home / ".claude" / "projects" / "shop" / f"{SESSION}.jsonl"
    write(transcript, *(record(number, timestamp=now, sessionId=SESSION) for number in range(REQUESTS)))
    stdin.write_text(json.dumps({**said(), "transcript_path": str(transcript)}))
    found = {}
    if program := native_ccusage.native():
        found[CCUSAGE] = shown(place, stdin, program, "statusline", "--offline")
    if (node := shutil.which("node")) and (script := ccstatusline()):
        found[CCSTATUSLINE] = shown(place, stdin, node, script)
    return found


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--load", type=int, default=0, metavar="N")
    words.add_argument("--peers", action="store_true")
    words.add_argument("--whatever", action="store_true", help="a target that is missed is no failure")
    asked = words.parse_args()
    with ExitStack() as left:
        place = left.enter_context(home(Path(left.enter_context(tempfile.TemporaryDirectory())), "now"))
        launcher, script = install(place)
        stdin = place.home / "stdin.json"
        stdin.write_text(json.dumps(said()))
        rows = contenders(place, launcher, script, stdin)
        rows |= peers(place, stdin) if asked.peers else {}
        with load(asked.load):
            times = interleaved(rows, asked.rounds)
    print(f"{asked.rounds} rounds, in changing order; milliseconds")
    missed = print_table(times, (PASS, BASH), TARGETS)
    return int(missed > 0 and not asked.whatever)


if __name__ == "__main__":
    sys.exit(main())
