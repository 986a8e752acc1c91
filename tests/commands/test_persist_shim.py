"""``cclaunch persist --shim``: made with a block, kept with it, gone with the last one; and what looks along PATH launches."""

import json
import os
from pathlib import Path

import pytest
from doubles import fake_claude, told
from required import require
from runners import Verb
from sandbox import Sandbox

from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.paths import Paths
from cclaunch.otel import RESOURCE_ATTRIBUTES
from cclaunch.persist.shim import leads_to, link_of


@pytest.fixture
def rc(home: Path) -> Path:
    """A file of bash's that is somebody's."""
    path = home / ".bashrc"
    path.write_bytes(b"# mine\nexport PATH=$HOME/bin:$PATH")
    return path


def shim_lines(path: Path) -> list[str]:
    """Return the lines of *path* that speak of the shim."""
    return [line for line in path.read_text().splitlines() if "/shim" in line]


def test_it_is_one_line_of_the_block_and_goes_with_it(verb: Verb, rc: Path, paths: Paths) -> None:
    """The bytes of before, and nothing left of ours."""
    before = rc.read_bytes()
    assert verb("persist", "--shell", "bash")[0] == 0
    lines = len(rc.read_text().splitlines())

    code, _, err = verb("persist", "--shell", "bash", "--shim")
    assert (code, len(shim_lines(rc)), len(rc.read_text().splitlines())) == (0, 1, lines + 1)
    assert f"{link_of(paths)}: it leads to {leads_to(paths)}" in err
    assert os.path.basename(leads_to(paths)) == "cclaunch"

    code, _, err = verb("unpersist", "--shell", "bash")
    assert (code, rc.read_bytes()) == (0, before)
    assert not os.path.lexists(paths.shim)
    assert f"{link_of(paths)}: it is deleted" in err


@pytest.mark.parametrize("kind", ["--exports", "--scoped"])
def test_it_stands_beside_any_kind(verb: Verb, rc: Path, kind: str) -> None:
    """And a persist that says nothing of it leaves it."""
    verb("persist", "--shell", "bash", kind, "--shim")
    assert len(shim_lines(rc)) == 1
    verb("persist", "--shell", "bash", kind)
    assert len(shim_lines(rc)) == 1


def test_every_block_follows(verb: Verb, rc: Path, home: Path, paths: Paths) -> None:
    """Asked for in one shell or taken back in another: there is one shim, so all blocks have its line, or none."""
    fish = home / ".config/fish/conf.d/cclaunch.fish"
    verb("persist", "--shell", "fish")
    err = verb("persist", "--shell", "bash", "--shim")[2]
    assert (len(shim_lines(rc)), len(shim_lines(fish))) == (1, 1)
    assert "`cclaunch unpersist --shell bash`" in err  # what it takes back is what was asked for

    verb("unpersist", "--shell", "fish")
    assert (os.path.islink(link_of(paths)), fish.exists()) == (True, False)

    verb("persist", "--shell", "bash", "--no-shim")
    assert (os.path.lexists(paths.shim), shim_lines(rc)) == (False, [])


def test_a_dry_run_makes_none(verb: Verb, rc: Path, paths: Paths) -> None:
    """It shows the line, and says where the link would lead."""
    before = rc.read_bytes()
    code, out, err = verb("persist", "--shell", "bash", "--shim", "--dry-run")
    assert (code, rc.read_bytes(), os.path.lexists(paths.shim)) == (0, before, False)
    assert "/shim" in out
    assert f"{link_of(paths)}: it would lead to " in err


def test_without_a_block_it_is_refused(verb: Verb, paths: Paths) -> None:
    """Claude's settings put nothing on a PATH."""
    code, _, err = verb("persist", "--claude-settings", "--shim")
    assert (code, os.path.lexists(paths.shim)) == (2, False)
    assert "--shell NAME" in err


def test_status_says_whether_it_serves(verb: Verb, rc: Path, paths: Paths, environ: dict[str, str]) -> None:
    """For a program, and in one line for people; without one nothing is said."""
    verb("persist", "--shell", "bash")
    assert json.loads(verb("persist", "status", "--json")[1])["shim"] is None

    verb("persist", "--shell", "bash", "--shim")
    serving = f"{paths.shim}:{environ['PATH']}"
    found = json.loads(verb("persist", "status", "--json", PATH=serving)[1])["shim"]
    assert found == {"path": link_of(paths), "leads_to": leads_to(paths), "trouble": None}
    assert "the shim serves what looks along PATH" in verb("persist", "status", PATH=serving)[2]

    first = fake_claude(rc.parent / "bin").parent
    told_late = verb("persist", "status", PATH=f"{first}:{serving}")[2]
    assert f"the shim does not serve here: {first}/claude comes before it on PATH" in told_late

    os.unlink(link_of(paths))
    os.symlink("/nowhere/cclaunch", link_of(paths))
    assert "leads to /nowhere/cclaunch, which cannot be run (cclaunch persist --shim)" in verb("persist", "status")[2]


def test_make_in_such_a_shell_launches_for_the_profile_of_the_directory(sandbox: Sandbox, verb: Verb, rc: Path) -> None:
    """No function is known to it, and none of the exports can follow a directory."""
    real = fake_claude(sandbox.home / "bin")
    sandbox.configure()
    verb("profile", "set", "used", "team=one")
    verb("profile", "use", "used")
    verb("profile", "set", "bound", "team=two")
    verb("profile", "bind", "bound", str(sandbox.work))
    verb("persist", "--shell", "bash", "--shim")
    (sandbox.work / "Makefile").write_text("x:\n\t@claude usage\n")

    done = sandbox.run([require("bash"), "-i", "-c", f"{require('make')} -k"])

    (found,) = (told(line) for line in done.stdout.splitlines() if line.startswith(b"{"))
    attributes, _ = parse_attributes(found["environ"][RESOURCE_ATTRIBUTES])
    assert (found["argv"], attributes["cclaunch.profile"], attributes["team"]) == ([str(real), "usage"], "bound", "two")
