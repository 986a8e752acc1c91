"""The line that a person had before: shown first, as it is, and never in the way of ours."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from collector_client import wait_until
from sandbox import Sandbox, kill
from status_lines import LAUNCHED, line, said

from cclaunch.statusline.wrapped import MOST_ROWS, Wrapped

OURS = "$0.0967 session"
FORM = ("--format", "{session}")


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with settings."""
    sandbox.configure()
    return sandbox


def wrapping(place: Sandbox, command: str, **environ: str) -> list[str]:
    """Return the rows of a line that wraps *command*."""
    return line(place, *FORM, "--wrap", command, environ=environ).split("\n")


def test_its_rows_come_first(place: Sandbox) -> None:
    """All of them but empty ones, and trimmed, as claude shows them."""
    assert wrapping(place, "echo one; echo; printf '  two  '") == ["one", "two", OURS]


def test_it_gets_what_claude_said(place: Sandbox) -> None:
    """The same bytes on stdin, also where there are more than a pipe holds."""
    whole = json.dumps({**said(), "added": "x" * 500_000}).encode()
    rows = line(place, *FORM, "--wrap", "cksum", stdin=whole).split("\n")
    assert rows[0] == subprocess.run(["cksum"], input=whole, capture_output=True, check=True).stdout.decode().strip()


def test_it_gets_the_environment(place: Sandbox) -> None:
    """Widths, and what a person has set."""
    assert wrapping(place, 'echo "$COLUMNS $OF_MINE"', OF_MINE="x y")[0] == "200 x y"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells which signals are ignored")
def test_it_ignores_no_more_signals_than_it_did(place: Sandbox) -> None:
    """One of ours is the alarm: a command that ends itself by it would not."""
    command = "grep ^SigIgn: /proc/self/status"
    ours, without = wrapping(place, command)[0], place.run(["sh", "-c", command]).stdout.decode()
    named = (1 << 31) - 1  # beyond are the C library's own
    assert int(ours.split()[1], 16) & named == int(without.split()[1], 16) & named


def test_it_is_told_by_sh_as_claude_tells_it(place: Sandbox) -> None:
    """Quotes, pipes, variables."""
    assert wrapping(place, """X=5; echo "$X 'a'" | tr a b""")[0] == "5 'b'"


@pytest.mark.parametrize("command", ["exit 3", "echo trouble >&2; false", "no-such-command", "kill -9 $$", ":"])
def test_one_that_prints_nothing_leaves_ours(place: Sandbox, command: str) -> None:
    """Whatever its code is, and whatever stands on stderr."""
    assert wrapping(place, command) == [OURS]


def test_its_code_does_not_matter(place: Sandbox) -> None:
    """What it has printed is shown."""
    assert wrapping(place, "echo one; exit 3") == ["one", OURS]


def test_its_colours_end_with_it(place: Sandbox) -> None:
    """They would go on in our row."""
    assert wrapping(place, r"printf '\033[31mred'") == ["\x1b[31mred\x1b[0m", OURS]


def test_one_that_hangs_shows_what_it_showed_last(place: Sandbox) -> None:
    """And is ended, with all that it has started."""
    switch = place.work / "hang"
    command = f"if [ -e {switch} ]; then echo cut; sleep 1000 & sleep 1000; fi; echo one"
    assert wrapping(place, command) == ["one", OURS]
    switch.touch()
    assert wrapping(place, command) == ["one", OURS]
    assert place.processes("sleep") == []


def test_one_that_never_was_in_time_shows_what_it_has(place: Sandbox) -> None:
    """That is more than nothing."""
    assert wrapping(place, "echo one; exec sleep 1000") == ["one", OURS]


def test_one_that_ignores_the_signal_is_ended_too(place: Sandbox) -> None:
    """After a moment."""
    assert wrapping(place, "trap '' TERM; while :; do sleep 1; done") == [OURS]
    assert wait_until(lambda: place.processes("sleep") == [])


def test_one_that_prints_without_end_is_bounded(place: Sandbox) -> None:
    """In time, and in what is shown of it."""
    rows = wrapping(place, "yes x")
    assert rows[-1] == OURS
    assert sum(map(len, rows)) <= 64 << 10


def test_what_it_leaves_running_is_left(place: Sandbox) -> None:
    """A line may have something worked out for the next one; it holds what was its output, and nobody waits for it."""
    try:
        assert wrapping(place, "echo one; sleep 1000 &") == ["one", OURS]
        assert len(place.processes("sleep")) == 1
    finally:
        for process in place.processes("sleep"):
            kill(process)


def test_a_line_of_ours_in_there_wraps_nothing(place: Sandbox) -> None:
    """A command that comes back to itself ends."""
    script = place.work / "line"
    again = " ".join(place.command("statusline", "--format", "inner", "--wrap", str(script)))
    script.write_text(f"#!/bin/sh\nexec {again}\n")
    script.chmod(0o755)
    for _ in range(3):  # nor does it remember what the other one shows
        assert wrapping(place, str(script)) == ["inner", OURS]


def running(place: Sandbox, command: str) -> "subprocess.Popen[bytes]":
    """Start a line that wraps *command*, in a group of its own as claude does it."""
    stdin = place.work / "stdin"
    stdin.write_bytes(json.dumps(said()).encode())
    with stdin.open("rb") as file:
        return subprocess.Popen(
            place.command("statusline", "--wrap", command),
            stdin=file,
            stdout=subprocess.PIPE,
            env=place.environment(LAUNCHED),
            cwd=place.work,
            start_new_session=True,
        )


def test_claude_that_ends_us_ends_it(place: Sandbox) -> None:
    """By SIGTERM, when something new happens; nothing is left of it."""
    began = place.work / "began"
    process = running(place, f"touch {began}; sleep 1000; sleep 1000")
    try:
        assert wait_until(began.exists)
        assert wait_until(lambda: len(place.processes("sleep")) > 0)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == b""
        assert process.returncode == -signal.SIGTERM
        assert wait_until(lambda: place.processes("sleep") == [])
    finally:
        process.kill()
        for left in place.processes("sleep"):
            kill(left)


def test_a_file_descriptor_is_not_handed_on(place: Sandbox) -> None:
    """The other ends of the pipes would keep them open."""
    rows = wrapping(place, "ls /proc/self/fd | wc -l") if Path("/proc/self/fd").exists() else ["4"]
    assert rows[0] == "4"  # stdin, stdout, stderr, and the directory that is listed


def test_only_its_last_rows_are_remembered_as_far_as_they_are_of_use(place: Sandbox) -> None:
    """A cache of megabytes is none."""
    wrapping(place, "yes x | head -c 60000")
    size = sum(file.stat().st_size for file in (Path(place.environ["XDG_CACHE_HOME"]) / "cclaunch/statusline").iterdir())
    assert size < 10_000
    assert os.access(place.work, os.W_OK)


@pytest.mark.parametrize(
    "command", ["(trap '' TERM; exec sleep 1000) | cat", "(trap '' TERM; exec sleep 1000) & exec sleep 1000"]
)
def test_what_ignores_the_signal_behind_its_shell_is_ended_too(place: Sandbox, command: str) -> None:
    """The shell is gone when it is asked to; each run would leave one of these for good."""
    assert wrapping(place, command) == [OURS]
    assert wait_until(lambda: place.processes("sleep") == [])


def test_whoever_heeds_no_end_of_a_child_gets_the_line(place: Sandbox) -> None:
    """Then nobody can wait for a command: the system itself says when it is gone."""
    heedless = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    words = [sys.executable, "-c", heedless, *place.command("statusline", *FORM, "--wrap", "echo one")]
    done = place.run(words, environ=LAUNCHED, input=json.dumps(said()).encode())
    assert (done.returncode, done.stdout.decode().splitlines(), done.stderr) == (0, ["one", OURS], b"")


def test_ours_is_not_far_below(place: Sandbox) -> None:
    """Claude shows as many rows as there are, and the terminal has only so many."""
    rows = wrapping(place, "yes x | head -c 60000")
    assert rows == ["x"] * MOST_ROWS + [OURS]


def test_of_rows_that_are_too_much_whole_ones_are_left(place: Sandbox) -> None:
    """One that is cut could end within a colour, and our row would begin with the rest."""
    rows = wrapping(place, "for row in 1 2 3 4 5 6 7 8 9 10; do printf '%01000d\\n' 7; done")
    assert rows == ["0" * 999 + "7"] * 8 + [OURS]


def test_what_it_prints_just_before_its_end_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody else holds its output, and it ends between two looks."""
    looks = select.select
    wrapped = Wrapped("sleep 1000 & echo one", b"", dict(os.environ))

    def late(*asked: Any) -> tuple[list[int], list[int], list[int]]:
        """See nothing, and come back when it has ended."""
        os.waitid(os.P_PID, wrapped._pid, os.WEXITED | os.WNOWAIT)
        monkeypatch.setattr(select, "select", looks)
        return [], [], []

    monkeypatch.setattr(select, "select", late)
    try:
        assert wrapped.rows("") == "one"
    finally:
        os.killpg(wrapped._pid, signal.SIGKILL)
