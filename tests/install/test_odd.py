"""install.sh where things are odd: homes, interpreters that are old or not whole, missing programs, other users."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import installing
import pytest
from doubles import FAKE_EXIT, told
from installing import SCRIPT, command_of, install, refused, tree, version_of
from required import missing, require
from sandbox import Sandbox

from cclaunch import __version__

NOBODY = 65534


@pytest.fixture
def offline(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude and uv, in which pip and uv know only the wheels of the tests."""
    return installing.offline(sandbox)


def move_home(place: Sandbox, name: str) -> None:
    """Give *place* a home of that name."""
    place.home = place.home.parent / name
    place.home.mkdir(parents=True)
    places = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
    place.environ |= {"HOME": str(place.home), **{f"XDG_{key}_HOME": str(place.home / path) for key, path in places.items()}}


@pytest.mark.parametrize("name", ['it\'s a "home"', "$HOME`id`$(id) \\ *", "-naïve ü"])
def test_a_home_of_any_name_takes_install_launch_upgrade_and_uninstall(offline: Sandbox, name: str) -> None:
    """Nothing is split, expanded or taken for an option, and the environment in use is known again."""
    move_home(offline, name)
    install(offline, "--method", "uv")
    done = offline.run([str(command_of(offline)), "mcp", "list"])
    assert (told(done.stdout)["argv"][1:], done.stderr) == (["mcp", "list"], b"")

    assert "nothing was changed" in install(offline, "--method", "uv")
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.light("7.0.0"))})
    assert version_of(offline) == "cclaunch 7.0.0"
    assert len(installing.environments(offline)) == 1

    install(offline, "--uninstall", "--purge", "--yes")
    assert tree(offline.home) == {}


def test_an_interpreter_with_spaces_in_its_path_works(offline: Sandbox, tmp_path: Path) -> None:
    """The first line of a script can hold none."""
    odd = tmp_path / "odd 'path'" / "python3"
    odd.parent.mkdir()
    odd.symlink_to(installing.interpreter())
    install(offline, "--method", "uv", environ={"PYTHON": str(odd)})

    assert version_of(offline) == f"cclaunch {__version__}"


def crippled(place: Sandbox, code: str) -> dict[str, str]:
    """Return an environment whose ``python3`` is a real one that runs *code* first, and that has no other and no uv."""
    own = place.home.parent / "own"
    subprocess.run([installing.interpreter(), "-m", "venv", "--without-pip", own], check=True, timeout=120)
    (site,) = own.glob("lib/python*/site-packages")
    (site / "sitecustomize.py").write_text(code)
    tools = installed_programs(place, without=("python3",))
    return {"PATH": f"{own}/bin:{tools}", "PYTHON": ""}


def installed_programs(place: Sandbox, without: tuple[str, ...] = ()) -> Path:
    """Return a directory with the few programs that install.sh itself calls, and an interpreter."""
    tools = place.home.parent / "few"
    tools.mkdir()
    for name in "sh cat ls id uname grep mkdir rm rmdir mv mktemp chmod head dirname basename".split():
        (tools / name).symlink_to(require(name))
    shutil.copy(place.home.parent / "tools/claude", tools / "claude")
    if "python3" not in without:
        (tools / "python3").symlink_to(installing.interpreter())
    return tools


def test_it_needs_no_more_than_an_interpreter_and_what_posix_has(offline: Sandbox) -> None:
    """No curl, no awk, no sed, no uv, no git."""
    tools = installed_programs(offline)
    install(offline, environ={"PATH": str(tools), "PYTHON": ""})
    assert version_of(offline) == f"cclaunch {__version__}"


def test_an_old_python_is_named_with_what_is_needed(offline: Sandbox) -> None:
    """3.8 is still what some systems call python3."""
    environ = crippled(offline, "import sys; sys.version_info = (3, 8, 18, 'final', 0)")
    assert "Python 3.11 or newer is needed (found: Python " in refused(offline, environ=environ)
    assert "newer is needed, and PYTHON names" in refused(offline, environ={**environ, "PYTHON": "python3"})


def test_no_python_at_all_is_said(offline: Sandbox) -> None:
    """With the package that brings it; uv would bring one too."""
    tools = installed_programs(offline, without=("python3",))
    said = refused(offline, environ={"PATH": str(tools), "PYTHON": ""})
    assert "found: none" in said
    assert "apt install python3" in said

    (tools / "uv").symlink_to(offline.home.parent / "tools/uv")
    assert "uv venv --quiet --python >=3.11" in install(offline, "--dry-run", environ={"PATH": str(tools), "PYTHON": ""})


def test_a_python_without_ensurepip_is_named_with_the_package_of_debian(offline: Sandbox) -> None:
    """Before anything is made; with uv it does all the same."""
    environ = crippled(offline, "import sys; sys.modules['ensurepip'] = None")
    said = refused(offline, environ=environ)
    assert f"apt install python3.{sys.version_info.minor}-venv" in said

    (offline.home.parent / "few/uv").symlink_to(offline.home.parent / "tools/uv")
    install(offline, environ=environ)
    assert version_of(offline) == f"cclaunch {__version__}"


def test_a_python_that_the_system_manages_is_left_alone(offline: Sandbox) -> None:
    """PEP 668: the environment is ours, so pip has nothing to refuse, and nothing of the system's changes."""
    require("python3")
    asks = "import sys, sysconfig; print(sysconfig.get_path('stdlib'), sys.version_info >= (3, 11))"
    found = subprocess.run(["/usr/bin/python3", "-c", asks], capture_output=True, check=False).stdout.decode().split()
    if not found or found[1] != "True" or not (Path(found[0]) / "EXTERNALLY-MANAGED").exists():
        missing("a Python that is externally managed")
    install(offline, "--method", "venv", environ={"PYTHON": "/usr/bin/python3"})

    assert version_of(offline) == f"cclaunch {__version__}"
    assert re.search(r"/usr/bin/python3\.\d+\b", command_of(offline).read_text())


def test_a_uv_that_is_broken_gives_way_to_venv(offline: Sandbox) -> None:
    """It says so. With `--method uv` it is an error."""
    uv = offline.home.parent / "tools/uv"
    uv.unlink()
    uv.write_text("#!/bin/sh\necho 'uv: no certificates' >&2\nexit 2\n")
    uv.chmod(0o755)
    assert "uv could not install it" in refused(offline, "--method", "uv")

    said = install(offline)
    assert "uv: no certificates" in said
    assert "trying again with python -m venv" in said
    assert version_of(offline) == f"cclaunch {__version__}"


@pytest.mark.parametrize("method", ["uv", "pipx"])
def test_a_method_whose_program_is_not_there_is_said(offline: Sandbox, method: str) -> None:
    """Nothing else is tried: it was asked for."""
    tools = installed_programs(offline)
    assert f"there is no {method}" in refused(offline, "--method", method, environ={"PATH": str(tools)})


def test_variables_that_lead_installers_astray_are_not_handed_on(offline: Sandbox) -> None:
    """What a person exports for other work must not decide where this goes."""
    astray = {
        "PYTHONPATH": "/nowhere",
        "PYTHONHOME": "/nowhere",
        "PIP_USER": "1",
        "PIP_TARGET": str(offline.home / "target"),
        "VIRTUAL_ENV": "/nowhere",
        "CONDA_PREFIX": "/nowhere",
        "UV_PYTHON": "3.4",
        "UV_SYSTEM_PYTHON": "1",
        "CDPATH": "/",
    }
    install(offline, "--method", "venv", environ=astray)
    assert version_of(offline) == f"cclaunch {__version__}"
    assert not (offline.home / "target").exists()


def test_a_temporary_directory_that_runs_nothing_is_enough(offline: Sandbox) -> None:
    """Hardened servers mount /tmp with noexec."""
    unshare = require("unshare")
    temporary = offline.home.parent / "tmp"
    mount = f'mount -t tmpfs -o noexec tmpfs "{temporary}" && ! "{temporary}/x" 2>/dev/null && exec "$@"'
    if os.geteuid() or subprocess.run([unshare, "-m", "true"], check=False).returncode:
        missing("the right to mount")
    done = installing.run(offline, "--method", "venv", before=[unshare, "-m", "sh", "-c", mount, "sh"])
    assert done.returncode == 0, done.stderr.decode()
    assert version_of(offline) == f"cclaunch {__version__}"


def test_a_root_in_a_home_of_somebody_else_is_refused(offline: Sandbox) -> None:
    """`sudo -E sh install.sh` would leave files there that their owner cannot change."""
    if os.geteuid():
        missing("root")
    os.chown(offline.home, NOBODY, NOBODY)
    assert "belongs to another user: run this as that user, without sudo" in refused(offline)
    assert "belongs to another user" in refused(offline, "--uninstall")


def test_a_root_by_sudo_is_told_whose_home_it_is(offline: Sandbox) -> None:
    """Else `sudo sh install.sh` installs for nobody who works there."""
    if os.geteuid():
        missing("root")
    said = install(offline, "--dry-run", environ={"SUDO_USER": "somebody"})
    assert "by sudo of somebody: it concerns root's own home alone" in said


@pytest.fixture
def stranger(offline: Sandbox) -> Iterator[Sandbox]:
    """A sandbox that belongs to a user without root, who can read the wheels and this script, and nothing of ours."""
    if os.geteuid():
        missing("root")
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o755)
        place = Sandbox(Path(base))
        shutil.copy(SCRIPT, base)
        shutil.copytree(offline.home.parent / "tools", Path(base) / "tools", symlinks=False)
        shutil.copytree(installing.wheels(), Path(base) / "wheels")
        wheel = Path(base) / "wheels" / installing.light().relative_to(installing.wheels())
        place.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{base}/wheels", "CCLAUNCH_SOURCE": str(wheel)}
        place.environ |= {"PIP_CACHE_DIR": f"{base}/pip", "PATH": f"{base}/tools:/usr/bin:/bin", "PYTHON": "/usr/bin/python3"}
        (Path(base) / "tools/claude").write_text(f'#!/bin/sh\necho "$@"\nexit {FAKE_EXIT}\n')
        for directory, names, files in os.walk(base):
            for name in (*names, *files):
                os.chown(os.path.join(directory, name), NOBODY, NOBODY)
        yield place


def test_a_user_without_root_installs_launches_and_uninstalls(stranger: Sandbox) -> None:
    """Nothing on the way needs a right that only root has."""
    drop = [require("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*drop, *words], env=stranger.environ, cwd=stranger.work, capture_output=True, timeout=300, check=False
        )

    script = str(stranger.home.parent / "install.sh")
    done = run("dash", script, "--method", "venv", "--run", "--", "mcp", "list")
    assert (done.returncode, done.stdout) == (FAKE_EXIT, b"mcp list\n"), done.stderr.decode()
    assert run("dash", script, "--uninstall", "--purge", "--yes").returncode == 0
    assert tree(stranger.home) == {}


def test_a_home_that_cannot_be_written_is_an_error(stranger: Sandbox) -> None:
    """One that a user without root meets; root writes everywhere."""
    stranger.home.chmod(0o555)
    drop = [require("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    script = str(stranger.home.parent / "install.sh")
    done = subprocess.run([*drop, "dash", script], env=stranger.environ, capture_output=True, timeout=120, check=False)
    assert done.returncode != 0
    assert b"Permission denied" in done.stderr
    assert tree(stranger.home) == {}
