"""What install.sh installs: a checkout only as that checkout's own file and in nobody else's reach, never what lies around."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import installing
import pytest
from installing import SCRIPT, SHELLS, command_of, install, version_of
from required import missing, require
from sandbox import Sandbox

from cclaunch import __version__

NOBODY, DAEMON = 65534, 1
RELEASED = b"cclaunch>=0.1"


@pytest.fixture
def offline(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude and uv, in which nothing says what to install."""
    place = installing.offline(sandbox)
    del place.environ["CCLAUNCH_SOURCE"]
    place.environ["CCLAUNCH_INSTALL_DRY_RUN"] = "1"
    return place


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, as far as install.sh looks at it."""
    place = tmp_path / "checkout"
    (place / "cclaunch").mkdir(parents=True)
    shutil.copy(SCRIPT, place / "install.sh")
    (place / "install.sh").chmod(0o755)
    (place / "pyproject.toml").write_text('[project]\nname = "cclaunch"\n')
    (place / "cclaunch/__init__.py").write_text('__version__ = "0.0.1"\n')
    return place


def told(place: Sandbox, words: list[str], cwd: Path, **more: Any) -> bytes:
    """Return what a dry run says; it must succeed."""
    done = subprocess.run(words, env=place.environ, cwd=cwd, capture_output=True, timeout=120, check=False, **more)
    assert done.returncode == 0, done.stderr.decode()
    assert isinstance(done.stderr, bytes)
    return done.stderr


@pytest.mark.parametrize("way", ["pipe", "-s", "<", "-c", "-c with a name"])
@pytest.mark.parametrize("shell", SHELLS)
def test_read_as_a_text_it_takes_nothing_from_the_current_directory(
    offline: Sandbox, checkout: Path, shell: str, way: str
) -> None:
    """Though a file there has the very name that $0 is, and the script's own bytes."""
    words = [require(SHELLS[shell][0]), *SHELLS[shell][1:]]
    for name in {*map(os.path.basename, words), "sh"}:
        shutil.copy(SCRIPT, checkout / name)
    if way == "-s" and shell == "posh":
        pytest.skip("posh knows no -s")
    if way.startswith("-c"):
        said = told(offline, [*words, "-c", SCRIPT.read_text(), *(["install.sh"] if "name" in way else [])], checkout)
    elif way == "<":
        with open(SCRIPT) as file:
            said = told(offline, words, checkout, stdin=file)
    else:
        said = told(offline, [*words, *(["-s"] if way == "-s" else [])], checkout, input=SCRIPT.read_bytes())

    assert RELEASED in said
    assert f"the checkout {checkout} is not taken".encode() in said
    assert f"{checkout}\n".encode() not in said.replace(b"CCLAUNCH_SOURCE=", b"")


@pytest.mark.parametrize("way", ["name", "path", "itself", "link"])
@pytest.mark.parametrize("shell", SHELLS)
def test_run_as_a_file_it_takes_its_own_checkout(offline: Sandbox, checkout: Path, shell: str, way: str) -> None:
    """Also by way of a link, and from another directory."""
    words = [require(SHELLS[shell][0]), *SHELLS[shell][1:]]
    link = offline.work / "inst"
    link.symlink_to(checkout / "install.sh")
    ways = {
        "name": ([*words, "install.sh"], checkout),
        "path": ([*words, str(checkout / "install.sh")], offline.work),
        "itself": ([str(checkout / "install.sh")], offline.work),
        "link": ([*words, "./inst"], offline.work),
    }
    said = told(offline, *ways[way])

    assert f"cclaunch {checkout}\n".encode() in said
    assert b"is not taken" not in said


def test_where_nothing_seems_to_be_a_checkout_nothing_is_said(offline: Sandbox) -> None:
    """The usual case of a download."""
    said = told(offline, [require("dash")], offline.work, input=SCRIPT.read_bytes())
    assert (RELEASED in said, b"is not taken" in said) == (True, False)


DANGERS = {
    "the script": ("install.sh", 0o757),
    "its project": ("pyproject.toml", 0o646),
    "its directory": (".", 0o757),
    "its directory, though sticky": (".", 0o1777),
    "a module": ("cclaunch/__init__.py", 0o666),
    "a directory above": ("..", 0o777),
}


@pytest.mark.parametrize("danger", DANGERS)
def test_a_checkout_that_others_can_write_is_not_taken(offline: Sandbox, checkout: Path, danger: str) -> None:
    """One line says what they can write, and how to take it all the same."""
    name, mode = DANGERS[danger]
    (checkout / name).chmod(mode)
    said = told(offline, [require("dash"), str(checkout / "install.sh")], offline.work)

    assert RELEASED in said
    (line,) = (line for line in said.decode().splitlines() if "is not taken" in line)
    assert f"somebody else can change {(checkout / name).resolve()}" in line
    assert f"CCLAUNCH_SOURCE={checkout}" in line


@pytest.mark.parametrize("name", ["install.sh", "pyproject.toml", ".", "..", "cclaunch/__init__.py"])
def test_a_checkout_with_a_part_of_somebody_elses_is_not_taken(offline: Sandbox, checkout: Path, name: str) -> None:
    """Whoever owns it can change it, whatever its mode."""
    if os.geteuid():
        missing("root")
    os.chown(checkout / name, NOBODY, NOBODY)
    assert RELEASED in told(offline, [require("dash"), str(checkout / "install.sh")], offline.work)


def test_a_sticky_directory_above_is_no_danger(offline: Sandbox, checkout: Path) -> None:
    """There only the owner of an entry exchanges it: /tmp."""
    checkout.parent.chmod(0o1777)
    said = told(offline, [require("dash"), str(checkout / "install.sh")], offline.work)
    assert f"cclaunch {checkout}\n".encode() in said


def test_a_private_group_is_nobody_else_and_another_is(offline: Sandbox, checkout: Path) -> None:
    """With a umask of 002 every file is the group's too."""
    person = pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(person.pw_gid)
    if group.gr_name != person.pw_name or set(group.gr_mem) - {person.pw_name}:
        missing("a group that is only ours")
    words = [require("dash"), str(checkout / "install.sh")]
    (checkout / "pyproject.toml").chmod(0o664)
    assert RELEASED not in told(offline, words, offline.work)
    if not os.geteuid():
        os.chown(checkout / "pyproject.toml", 0, NOBODY)
        assert RELEASED in told(offline, words, offline.work)


@pytest.fixture
def shared(offline: Sandbox) -> Iterator[Path]:
    """A sticky directory that every user can write, below which every user can look."""
    if os.geteuid():
        missing("root")
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o1777)
        yield Path(base)


def test_another_users_project_beside_a_download_is_not_built(offline: Sandbox, shared: Path) -> None:
    """Asked as a user without root; for root, too, it is somebody else's."""
    (shared / "pyproject.toml").write_text('name = "cclaunch"\n')
    os.chown(shared / "pyproject.toml", DAEMON, DAEMON)
    home = shared / "home"
    home.mkdir()
    shutil.copy(SCRIPT, shared / "install.sh")
    for uid in (0, NOBODY):
        os.chown(home, uid, uid)
        os.chown(shared / "install.sh", uid, uid)
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(home), "CCLAUNCH_INSTALL_DRY_RUN": "1", "PYTHON": "/usr/bin/python3"}
        drop = [require("setpriv"), f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        done = subprocess.run([*drop, "sh", "install.sh"], env=environ, cwd=shared, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert RELEASED in done.stderr
        assert f"somebody else can change {shared}".encode() in done.stderr


@pytest.mark.parametrize("method", ["uv", "venv"])
def test_modules_and_settings_in_the_current_directory_have_no_say(offline: Sandbox, method: str) -> None:
    """`-m venv` would take a venv.py from there, and uv a uv.toml."""
    for name in ("venv", "pip", "ensurepip", "cclaunch", "subprocess", "tomllib"):
        (offline.work / f"{name}.py").write_text(f"open({str(offline.home.parent / 'ran')!r}, 'w').write({name!r})\n")
    (offline.work / "uv.toml").write_text("this is no TOML [\n")
    del offline.environ["CCLAUNCH_INSTALL_DRY_RUN"]
    install(offline, "--method", method, environ={"CCLAUNCH_SOURCE": str(installing.light())})

    assert version_of(offline) == f"cclaunch {__version__}"
    assert not (offline.home.parent / "ran").exists()
    assert command_of(offline).exists()
