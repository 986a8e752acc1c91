"""That a launch notes where claude's own files are, when its environment says so: transcripts are read from there, too."""

import os
import stat
from pathlib import Path

import pytest
from doubles import fake_claude, told
from sandbox import Sandbox

from cclaunch.history.noted import MOST, leave
from cclaunch.history.places import roots
from cclaunch.hot.paths import Paths, noted, our_paths


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def paths(place: Sandbox) -> Paths:
    """Return our directories."""
    return our_paths(place.environ)


def launch(place: Sandbox, value: str) -> None:
    """Launch with CLAUDE_CONFIG_DIR of *value*."""
    done = place.cclaunch("-p", "x", environ={"CLAUDE_CONFIG_DIR": value})
    assert (told(done.stdout)["environ"]["CLAUDE_CONFIG_DIR"], done.stderr) == (value, b"")


@pytest.mark.parametrize("name", ["other", "with % and %2F", "ünï"])
def test_a_directory_of_a_launch_is_read_later(place: Sandbox, name: str) -> None:
    """By whoever has another environment."""
    launch(place, str(place.home / name))
    assert f"{place.home}/{name}/projects" in roots(paths(place), place.environ)


def test_a_relative_one_is_where_the_launch_was(place: Sandbox) -> None:
    """As claude takes it."""
    launch(place, "here")
    assert f"{place.work}/here/projects" in roots(paths(place), place.environ)


def test_it_is_noted_once_and_for_nobody_else(place: Sandbox) -> None:
    """However many launches."""
    launch(place, str(place.home / "other"))
    launch(place, str(place.home / "other"))
    folder = Path(paths(place).claude_dirs)
    assert len(os.listdir(folder)) == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_that_no_name_can_tell_costs_nothing_but_that(place: Sandbox) -> None:
    """A name has 255 bytes."""
    launch(place, f"/{'long/' * 60}")
    assert roots(paths(place), place.environ) == [f"{place.home}/.claude/projects", f"{place.home}/.config/claude/projects"]


def test_a_launch_without_one_notes_nothing(place: Sandbox) -> None:
    """Most have none."""
    assert told(place.cclaunch("-p", "x").stdout)
    assert not os.path.exists(paths(place).claude_dirs)


def test_of_more_than_anybody_has_those_that_are_gone_are_noted_no_longer(place: Sandbox) -> None:
    """As of tests that make one for each launch; what is there is looked into."""
    kept = place.home / "zz"
    kept.mkdir()
    for name in [*(f"/gone/{number}" for number in range(2 * MOST)), str(kept)]:
        assert leave(noted(paths(place), name))
    assert f"{kept}/projects" in roots(paths(place), place.environ)
    assert os.listdir(paths(place).claude_dirs) == [os.path.basename(noted(paths(place), str(kept)))]
