"""
The real claude in tmux shows the status line that ``cclaunch persist --statusline`` set, in each scope.

The problem it owns: which of its settings files claude obeys is claude's to say. A stand-in for our command prints a word of
its own and the line that it wraps; what the line itself shows is another test's.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_claude
from messages_api import MessagesApi
from real_claude import VERSIONS
from required import missing, require
from sandbox import Sandbox

pytestmark = pytest.mark.real

STAND_IN = """#!/bin/sh
cat >/dev/null
echo "word-of-ours $1"
[ "$2" != --wrap ] || sh -c "$3"
"""
THEIRS = "echo line-of-theirs"
FILES = {
    "user": ".claude/settings.json",
    "project": ".claude/settings.json",
    "local": ".claude/settings.local.json",
}
DEADLINE_S = 120
NEWEST = pytest.mark.xfail(reason="the newest release differs from those that are held", strict=False)
RELEASES = [*VERSIONS, pytest.param("newest", marks=[pytest.mark.newest, NEWEST])]


class Pane:
    """A pane of a tmux server of its own, 140 by 40, in which a command runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Begin with no server."""
        self._sandbox = sandbox
        self._tmux = [require("tmux"), "-S", str(sandbox.home / "tmux"), "-f", "/dev/null"]

    def start(self, command: str) -> None:
        """Run *command* in a new session."""
        done = self._sandbox.run([*self._tmux, "new-session", "-d", "-x", "140", "-y", "40", command])
        assert done.returncode == 0, done.stderr

    def text(self) -> str:
        """Return what is on the screen."""
        return self._sandbox.run([*self._tmux, "capture-pane", "-p"]).stdout.decode()

    def wait_for(self, *words: str) -> str:
        """Return the screen once all of *words* are on it."""
        until = time.monotonic() + DEADLINE_S
        while not all(word in (screen := self.text()) for word in words):
            assert time.monotonic() < until, screen
            time.sleep(0.2)
        return screen

    def end(self) -> None:
        """End the server and what runs in it."""
        self._sandbox.run([*self._tmux, "kill-server"])


@pytest.fixture(params=RELEASES)
def machine(request: pytest.FixtureRequest, sandbox: Sandbox, api: MessagesApi) -> Sandbox:
    """A sandbox with each real claude, and a stand-in for our command first on PATH."""
    claude = real_claude.newest() if request.param == "newest" else real_claude.installed(request.param)
    if claude is None:
        pytest.skip(f"no @anthropic-ai/claude-code newer than {VERSIONS[-1]} is known")
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    real_claude.prepare(sandbox, claude, api.url)
    command = sandbox.home / "stand-in" / "cclaunch"
    command.parent.mkdir()
    command.write_text(STAND_IN)
    command.chmod(0o755)
    sandbox.environ["PATH"] = f"{command.parent}:{sandbox.environ['PATH']}"
    return sandbox


@pytest.fixture
def pane(machine: Sandbox) -> Iterator[Pane]:
    """A pane that is gone at the end."""
    found = Pane(machine)
    yield found
    found.end()


def verb(sandbox: Sandbox, *words: str) -> None:
    """Run a verb of ours, with the real command on PATH: then settings name it by its name."""
    folder = os.path.dirname(sys.executable)
    done = sandbox.cclaunch(*words, environ={"PATH": f"{folder}:{sandbox.environ['PATH']}"})
    assert done.returncode == 0, done.stderr.decode()


def put_theirs(sandbox: Sandbox, scope: str) -> Path:
    """Write a line of the person's into the settings file of *scope*."""
    path = (sandbox.home if scope == "user" else sandbox.work) / FILES[scope]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"statusLine": {"type": "command", "command": THEIRS}}, indent=2))
    return path


@pytest.mark.parametrize("scope", FILES)
def test_claude_shows_the_line_of_each_scope_and_the_one_inside_of_it(machine: Sandbox, pane: Pane, scope: str) -> None:
    """Wrapped: both; taken back: theirs alone, from the bytes of before."""
    path = put_theirs(machine, scope)
    before = path.read_bytes()
    verb(machine, "persist", "--statusline", scope)

    pane.start("claude")
    pane.wait_for("word-of-ours statusline", "line-of-theirs")
    pane.end()

    verb(machine, "unpersist", "--statusline", scope)
    assert path.read_bytes() == before
    pane.start("claude")
    assert "word-of-ours" not in pane.wait_for("line-of-theirs")


def test_claude_obeys_what_is_put_into_a_file_that_only_it_reads(machine: Sandbox, pane: Pane) -> None:
    """UTF-16, a member twice, and none of it written anew."""
    path = machine.home / FILES["user"]
    path.parent.mkdir()
    text = (
        f'{{"x":1,"statusLine":{{"type":"command","command":"echo no"}},"statusLine":{{"type":"command","command":"{THEIRS}"}}}}'
    )
    path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    verb(machine, "persist", "--statusline")

    pane.start("claude")

    pane.wait_for("word-of-ours statusline", "line-of-theirs")


def test_the_nearer_line_is_the_one_that_is_shown_as_we_say(machine: Sandbox, pane: Pane) -> None:
    """`status` names the file that claude obeys."""
    put_theirs(machine, "local")
    verb(machine, "persist", "--statusline")

    pane.start("claude")

    assert "word-of-ours" not in pane.wait_for("line-of-theirs")
    told = json.loads(machine.cclaunch("status", "--json").stdout)["status_line"]
    assert (told["scope"], told["ours"]) == ("local", False)
