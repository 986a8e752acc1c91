"""Where a launch happens may be no place at all: too deep to be named, removed, or hidden."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.serving.interpreter import search_path

LEVELS = 25
NAME = "d" * 200
"""So many of it, one in the other, are longer than PATH_MAX (4096)."""


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that tells where it is."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def too_deep() -> None:
    """Go where no path leads."""
    for _ in range(LEVELS):
        os.mkdir(NAME)
        os.chdir(NAME)


def removed() -> None:
    """Stay where nothing is any more."""
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def run(box: Sandbox, go: Callable[[], None], *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``cclaunch`` with *words* from where *go* leads to."""
    command, environ = box.command(*words), box.environment()
    return subprocess.run(command, env=environ, cwd=box.work, preexec_fn=go, capture_output=True, timeout=120, check=False)


@pytest.mark.parametrize("go", [too_deep, removed])
def test_a_launch_wakes_the_collector_and_becomes_what_it_should(box: Sandbox, go: Callable[[], None]) -> None:
    """With an attribute or two less, and without a word."""
    done = run(box, go, "exec", "--", "true")

    assert (done.returncode, done.stderr) == (0, b"")
    assert not Path(our_paths(box.environ).wake_failed).exists()
    assert Path(our_paths(box.environ).collector_ports).exists()


def test_claude_is_where_we_were(box: Sandbox) -> None:
    """As deep."""
    done = run(box, too_deep, "-p", "hello")

    assert done.returncode == FAKE_EXIT
    assert told(done.stdout)["cwd"] == f"{box.work}/{'/'.join([NAME] * LEVELS)}"


@pytest.mark.parametrize("go", [too_deep, removed])
@pytest.mark.parametrize("words", [["stack", "up"], ["profile", "current"], ["env"]], ids=" ".join)
def test_a_verb_does_what_it_does(box: Sandbox, go: Callable[[], None], words: list[str]) -> None:
    """None of these is about the directory."""
    assert run(box, go, *words).returncode == 0


def test_a_directory_that_is_hidden_is_none_to_import_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """One above it cannot be read, so nobody can say its name: what was found relative to it is not handed down."""

    def hidden() -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("sys.path", ["", "relative", "/absolute"])
    monkeypatch.setattr(os, "getcwd", hidden)

    assert search_path()[1:] == ["/absolute"]
