"""install.sh where something is installed already: the same, an older one, a newer one; and what it says on the way."""

import shutil
from pathlib import Path

import installing
import pexpect
import pytest
from guard import REPOSITORY
from installing import SCRIPT, environments, install, refused, tree, version_of
from required import require
from sandbox import Sandbox

from cclaunch import __version__


@pytest.fixture
def installed(sandbox: Sandbox) -> Sandbox:
    """A sandbox with cclaunch in it, in which from now on uv only says that it was called."""
    place = installing.offline(sandbox)
    install(place, "--method", "uv")
    early = place.home.parent / "early"
    early.mkdir()
    (early / "uv").write_text(f'#!/bin/sh\n: >"{early}/called"\nexec "{place.home.parent}/tools/uv" "$@"\n')
    (early / "uv").chmod(0o755)
    place.environ["PATH"] = f"{early}:{place.environ['PATH']}"
    return place


def was_called(place: Sandbox) -> bool:
    """Say whether anything was built."""
    return (place.home.parent / "early/called").exists()


@pytest.mark.parametrize("method", [[], ["--method", "uv"], ["--method", "venv"]])
def test_the_same_is_seen_without_building_it(installed: Sandbox, method: list[str]) -> None:
    """No environment, no installer, no change."""
    before = tree(installed.home)
    said = install(installed, *method)

    assert f"cclaunch {__version__} is installed already; nothing was changed" in said
    assert not was_called(installed)
    assert tree(installed.home) == before


def test_forced_it_is_made_anew(installed: Sandbox) -> None:
    """Another environment, and the same version."""
    before = environments(installed)
    assert "laid the command" in install(installed, "--method", "uv", "--force")
    assert environments(installed) != before
    assert version_of(installed) == f"cclaunch {__version__}"


def test_a_dry_run_says_that_there_is_nothing_to_do(installed: Sandbox) -> None:
    """And with --force what would be done."""
    assert "nothing was changed" in install(installed, "--dry-run")
    assert "would run: uv venv" in install(installed, "--dry-run", "--force", "--method", "uv")


def test_a_release_is_compared_with_the_newest_of_the_index(installed: Sandbox) -> None:
    """The installer is asked for that, and for no more."""
    index = installed.home.parent / "index"
    index.mkdir()
    shutil.copy(installing.light(), index)
    script = installed.home.parent / "install.sh"
    shutil.copy(SCRIPT, script)
    environ = {**installed.environ, "UV_FIND_LINKS": str(index), "PIP_FIND_LINKS": str(index)}
    del environ["CCLAUNCH_SOURCE"]
    installed.environ = environ
    before = tree(installed.home)
    for words in (["--method", "uv"], ["--version", __version__]):
        done = installed.run([require("dash"), str(script), *words], timeout=120)
        assert b"nothing was changed" in done.stderr, done.stderr.decode()
    assert tree(installed.home) == before


def checkout_of(place: Sandbox) -> Path:
    """Return a copy of what a build of the checkout reads."""
    copy = place.home.parent / "checkout"
    for name in ("cclaunch", "shell", "completions"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    return copy


def test_a_checkout_of_the_same_version_is_compared_byte_by_byte(installed: Sandbox) -> None:
    """What was pulled or edited since is installed; also what it needs, and its script."""
    copy = checkout_of(installed)
    environ = {"CCLAUNCH_SOURCE": str(copy)}
    install(installed, "--method", "uv", "--force", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    assert "nothing was changed" in install(installed, "--dry-run", environ=environ)
    for name in ("cclaunch/hot/probe.py", "cclaunch/_script/cclaunch", "shell/README.md", "pyproject.toml"):
        text = (copy / name).read_text()
        (copy / name).write_text(text.replace("click>=8.1", "click>=8.0") if name == "pyproject.toml" else text + "# edited\n")
        assert "would run" in install(installed, "--dry-run", environ=environ), name
        (copy / name).write_text(text)
    (copy / "cclaunch/new.py").write_text("")
    assert "would run" in install(installed, "--dry-run", environ=environ)


def test_another_interpreter_makes_it_anew(installed: Sandbox, tmp_path: Path) -> None:
    """PYTHON asks for it; here it is a copy of the same, which is another file."""
    copy = tmp_path / "other" / "python3"
    copy.parent.mkdir()
    shutil.copy(installing.interpreter(), copy)
    assert "would run" in install(installed, "--dry-run", environ={"PYTHON": str(copy)})


def test_an_older_one_is_refused_until_it_is_asked_for(installed: Sandbox) -> None:
    """Before anything is built; the words that do it are said."""
    install(installed, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.light("7.0.0"))})
    (installed.home.parent / "early/called").unlink()
    said = refused(installed, "--method", "uv")
    assert f"cclaunch 7.0.0 is installed, and {__version__} is older: nothing was changed (--force" in said
    assert not was_called(installed)

    install(installed, "--method", "uv", "--force")
    assert version_of(installed) == f"cclaunch {__version__}"


def test_an_older_one_whose_name_does_not_tell_is_refused_when_it_is_built(installed: Sandbox) -> None:
    """The command of before stays."""
    install(installed, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.light("7.0.0"))})
    renamed = installed.home.parent / "wheels" / "link"
    renamed.parent.mkdir()
    renamed = renamed.with_name(installing.light().name.replace("cclaunch-", "cclaunch-0!"))
    shutil.copy(installing.light(), renamed)
    assert "is older: nothing was changed" in refused(installed, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(renamed)})
    assert version_of(installed) == "cclaunch 7.0.0"


@pytest.mark.parametrize("words", [[], ["--force"]])
def test_a_remembered_failure_ends_with_it(installed: Sandbox, words: list[str]) -> None:
    """The next launch tries again."""
    state = installed.home / ".local/state/cclaunch"
    state.mkdir(parents=True)
    for name in ("wake-failed", "roused"):
        (state / name).write_text("time=1\nreason=x\n")
    install(installed, "--dry-run", *words)
    assert len(list(state.iterdir())) == 2
    install(installed, "--method", "uv", *words)
    assert list(state.iterdir()) == []


def test_each_step_is_named(installed: Sandbox) -> None:
    """Before it begins."""
    said = install(installed, "--method", "uv", "--force")
    steps = ["making the environment", "installing ", "compiling", "laid the command", "installed cclaunch"]
    places = [said.index(step) for step in steps]
    assert places == sorted(places)


def test_on_a_terminal_a_long_step_is_seen_to_go_on(installed: Sandbox) -> None:
    """The seconds stand in one line, which is cleared when the step is over."""
    early = installed.home.parent / "early"
    (early / "uv").write_text(
        f'#!/bin/sh\nuntil [ -e "{early}/go" ]; do sleep 0.1; done\nexec "{installed.home.parent}/tools/uv" "$@"\n'
    )
    words = [str(SCRIPT), "--method", "uv", "--force"]
    child = pexpect.spawn(require("dash"), words, env=installed.environ, cwd=str(installed.work), timeout=120)
    child.expect_exact("\rinstall.sh: ... 2 s")
    (early / "go").touch()
    child.expect_exact("\r" + " " * 40 + "\r")
    child.expect_exact("laid the command")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
