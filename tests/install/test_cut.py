"""install.sh as a text: cut off at every byte it does nothing, and shellcheck finds nothing in it."""

import re
import subprocess
from pathlib import Path

import pytest
from installing import SCRIPT, SHELLS, tree
from required import require
from sandbox import Sandbox

NEAR_THE_END = 64
STEP = 61
INSIDE = 7
"""Of a line that is indented every so many bytes are cut: nothing of it runs before what it stands in has ended."""

TRAPPED = "mkdir rm rmdir mv mktemp python3 uv pipx npm grep ls id uname cat chmod head dirname basename printf".split()

REASONED = {
    "SC2250": "$name is as good as ${name} where no letter follows",
    "SC2310": "functions are called in conditions on purpose: they say whether",
    "SC2312": "what is lost of an exit code in a pipe is nothing that anybody asks for",
}

EVERY_PREFIX = """
text=$(cat; echo .)
text=${text%.}
while [ -n "$text" ]; do
  text=${text%?}
  case $2 in *" ${#text} "*) ;; *) continue ;; esac
  (eval "$text") >>"$1" 2>/dev/null </dev/null
  [ ! -s "$1" ] || { echo "${#text}"; exit 1; }
done
"""


@pytest.fixture
def traps(sandbox: Sandbox) -> Path:
    """The file that a call of any program would leave its name in; the PATH holds nothing but such programs."""
    tools = sandbox.home.parent / "tools"
    tools.mkdir()
    called = sandbox.home.parent / "called"
    for name in TRAPPED:
        (tools / name).write_text(f'#!/bin/sh\necho "$0" >>{called}\n')
        (tools / name).chmod(0o755)
    sandbox.environ["PATH"] = str(tools)
    return called


def cuts(whole: bytes) -> list[int]:
    """Return where *whole* is cut: at every byte of a line that is not indented, which may run, and at some of the others."""
    found: list[int] = []
    start = 0
    for line in whole.splitlines(keepends=True):
        found += range(start, start + len(line), INSIDE if line[:1] in b" \t" else 1)
        start += len(line)
    return found


def every_prefix(sandbox: Sandbox, text: bytes, lengths: list[int]) -> subprocess.CompletedProcess[bytes]:
    """Run the beginnings of *text* that have one of *lengths*; 1 and that length are what the first with an effect gives."""
    assert text.isascii()  # dash cuts bytes
    words = EVERY_PREFIX.replace("(cat;", f"({require('cat')};"), "sh", str(sandbox.home.parent / "printed")
    return subprocess.run(
        [require("dash"), "-c", *words, f" {' '.join(map(str, lengths))} "],
        env=sandbox.environ,
        cwd=sandbox.home,
        input=text,
        capture_output=True,
        timeout=500,
        check=False,
    )


def test_cut_off_at_every_byte_that_could_run_it_does_nothing(sandbox: Sandbox, traps: Path) -> None:
    """Each beginning is really run, in a subshell of one dash: that takes seconds instead of minutes."""
    whole = SCRIPT.read_bytes()
    last = whole.rindex(b"}")
    done = every_prefix(sandbox, whole[:last], cuts(whole[:last]))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not traps.exists()
    assert tree(sandbox.home) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_cut_off_anywhere_it_does_nothing_in_every_shell(sandbox: Sandbox, traps: Path, shell: str) -> None:
    """As a file that broke off, every so many bytes, and at every one of the last."""
    program = require(SHELLS[shell][0])
    whole = SCRIPT.read_bytes()
    last = whole.rindex(b"}")
    part = sandbox.home.parent / "part.sh"
    offset = list(SHELLS).index(shell) * STEP // len(SHELLS)  # each shell at other places
    for end in sorted({*range(offset, last, STEP), *range(last - NEAR_THE_END, last + 1)}):
        part.write_bytes(whole[:end])
        words = [program, *SHELLS[shell][1:], str(part), "--yes"]
        done = subprocess.run(
            words, env=sandbox.environ, cwd=sandbox.home, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
        )
        assert (traps.exists(), done.stdout) == (False, b""), f"cut off after {end} bytes"
    assert tree(sandbox.home) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_whole_script_meets_the_traps(sandbox: Sandbox, traps: Path, shell: str) -> None:
    """The tests above could not fail otherwise."""
    sandbox.run([require(SHELLS[shell][0]), *SHELLS[shell][1:], str(SCRIPT), "--yes"])
    assert traps.exists()


def test_the_driver_sees_an_effect(sandbox: Sandbox, traps: Path) -> None:
    """A script that does something when it is cut off is found out."""
    text = b"echo one\necho two\n"
    done = every_prefix(sandbox, text, list(range(len(text))))
    assert (done.returncode, done.stdout) == (1, b"17\n")


def test_shellcheck_finds_nothing() -> None:
    """Every check there is, but for three that are refused with a reason."""
    for words in ([], ["-o", "all", "-e", ",".join(REASONED)]):
        done = subprocess.run([require("shellcheck"), "-s", "sh", *words, str(SCRIPT)], capture_output=True, check=False)
        assert done.stdout.decode() == ""


def test_it_asks_for_no_rights_and_edits_no_rc_file() -> None:
    """The words for it do not stand in its code."""
    code = [line for line in SCRIPT.read_text().splitlines() if not line.lstrip().startswith("#")]
    asks = re.compile(r"(^|[;&|({]|\bexec|\bact|\bclean)\s*(sudo|doas|su|pkexec)\s")
    assert asks.search("  act sudo rm")
    assert not [line for line in code if asks.search(line)]
    for word in (".bashrc", ".zshrc", ".profile", "break-system-packages", "--user", "curl", "wget"):
        assert not [line for line in code if word in line.replace("systemctl --user", "")], word
