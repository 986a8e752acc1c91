"""`stack enable` from what install.sh lays: the unit runs the command that stays, also after an upgrade."""

import re
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import installing
import psutil
import pytest
import wheelhouse
from collector_client import wait_until
from guard import REPOSITORY
from installing import command_of, environments, install
from required import require
from sandbox import Sandbox
from user_unit import MANAGER, healthy, put_systemctl, supervisor, unit_of

from cclaunch.backends.embedded import laid
from cclaunch.errors import StackError


def test_the_unit_runs_what_install_sh_laid_before_and_after_an_upgrade(sandbox: Sandbox) -> None:
    """It is enabled, systemd finds nothing wrong, and the manager starts the newer release from it."""
    place = installing.offline(sandbox)
    path = place.environ["PATH"]
    install(place, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    put_systemctl(place, f'exec {sys.executable} {MANAGER} "$@"')
    place.environ["PATH"] = f"{place.home}/bin:{path}"
    place.configure()
    (before,) = environments(place)

    done = place.run([str(before / "bin/cclaunch"), "stack", "enable"])  # though started by what does not stay

    assert done.returncode == 0, done.stderr.decode()
    (line,) = re.findall("(?m)^ExecStart=(.*)$", unit_of(place).read_text())
    assert line == f"{command_of(place)} stack supervise"
    verified = place.run([require("systemd-analyze"), "--user", "verify", str(unit_of(place))])
    assert (verified.returncode, verified.stderr) == (0, b"")
    assert healthy(place)

    target = place.home.parent / "newer"
    target.mkdir()
    newer = wheelhouse.edition(installing.whole(), target, version="7.0.0", light=False)
    old = supervisor(place)
    install(place, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(newer)})
    psutil.Process(old).terminate()
    assert wait_until(lambda: supervisor(place) not in (0, old) and healthy(place), 30)
    assert str(before) not in " ".join(psutil.Process(supervisor(place)).cmdline())
    assert place.run([str(command_of(place)), "stack", "disable"]).returncode == 0


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A copy of the command that the tests' own environment has, in an environment's place."""
    path = tmp_path / "prefix/bin/cclaunch"
    path.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).parent / "cclaunch", path)
    return path


@pytest.fixture
def started_by(script: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | str], None]:
    """A function that makes this process one that was started by that path, in the prefix of *script*."""
    monkeypatch.setattr(sys, "prefix", str(script.parents[1]))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: "/nowhere/bin")
    return lambda path: monkeypatch.setattr(sys, "argv", [str(path)])


def test_a_relative_path_is_made_absolute(
    script: Path, started_by: Callable[[Path | str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit's directory is another one."""
    monkeypatch.chdir(script.parents[1])
    started_by("bin/cclaunch")
    assert laid.command({}) == str(script)


def test_a_command_that_an_older_install_sh_laid_is_ours(
    script: Path, started_by: Callable[[Path | str], None], tmp_path: Path
) -> None:
    """It runs this package, if it names it."""
    script.write_text(f"#!/bin/sh\n# Laid by install.sh\nsys.path.append('{REPOSITORY}')\nfrom cclaunch.launch import main\n")
    started_by(script)
    assert laid.command({}) == str(script)


def test_a_link_stays_as_it_is(script: Path, started_by: Callable[[Path | str], None], tmp_path: Path) -> None:
    """pipx and package managers put another file behind it at an upgrade."""
    link = tmp_path / "cclaunch"
    link.symlink_to(script)
    started_by(link)
    assert laid.command({}) == str(link)


@pytest.mark.parametrize("name", ["__main__.py", "claude"])
def test_started_by_what_takes_no_verbs_the_command_is_looked_for(
    script: Path, started_by: Callable[[Path | str], None], tmp_path: Path, name: str
) -> None:
    """`python -m cclaunch`, or a link called claude: what the person would start is taken."""
    link = tmp_path / name
    if name == "claude":
        link.symlink_to(script)
    else:
        link.write_text("from cclaunch.main import main\n")
    started_by(link)
    assert laid.command({"PATH": str(script.parent)}) == str(script)


@pytest.mark.parametrize("why", ["none", "another package", "a cache", "an environment of install.sh"])
def test_where_none_stays_it_is_refused(
    script: Path, started_by: Callable[[Path | str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """With what to do; `pipx run` and `uvx` run from caches."""
    path = script
    if why == "none":
        path = tmp_path / "__main__.py"
    elif why == "another package":
        monkeypatch.setattr(sys, "prefix", "/usr")
    elif why == "a cache":
        (tmp_path / "CACHEDIR.TAG").touch()
    else:
        path = tmp_path / "cclaunch-env/env.abc/bin/cclaunch"
        path.parent.mkdir(parents=True)
        script.rename(path)
        monkeypatch.setattr(sys, "prefix", str(path.parents[1]))
    started_by(path)
    with pytest.raises(StackError, match="no cclaunch command that stays") as refused:
        laid.command({"PATH": "/nowhere", "HOME": str(tmp_path)})
    assert "install.sh" in refused.value.hint
