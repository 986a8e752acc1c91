"""install.sh: in every shell that may be called sh, twice, cut off, from odd paths, and back again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import wheelhouse
from conftest import require
from doubles import fake_claude, told
from guard import REPOSITORY
from sandbox import Sandbox

from cclaunch import __version__

SCRIPT = REPOSITORY / "install.sh"
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "ksh": ["ksh"], "zsh": ["zsh"], "ash": ["busybox", "ash"]}
EDGE = 64
STEP = 61


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every wheel that an install needs, ours included."""
    made = tmp_path_factory.mktemp("wheels")
    wheelhouse.pack_dependencies(made)
    wheelhouse.build(made)
    return made


@pytest.fixture
def offline(sandbox: Sandbox, wheels: Path) -> Sandbox:
    """A sandbox with a claude, in which pip and uv know only the wheels."""
    (ours,) = wheels.glob("cclaunch-*.whl")
    tools = fake_claude(sandbox.home / "tools").parent
    (tools / "uv").symlink_to(Path(sys.executable).parent / "uv")
    sandbox.environ |= {
        "PATH": f"{tools}:{sandbox.environ['PATH']}",
        "PYTHON": os.path.realpath(sys.executable),
        "CCLAUNCH_SOURCE": str(ours),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    sandbox.configure()
    return sandbox


def install(place: Sandbox, *words: str, shell: str = "dash", environ: Mapping[str, str] | None = None) -> str:
    """Run install.sh with *words* in *shell*; return what it said. It must succeed."""
    require(SHELLS[shell][0])
    done = place.run([*SHELLS[shell], str(SCRIPT), *words], environ=environ, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


def command_of(place: Sandbox) -> Path:
    """Return where the command is laid."""
    return place.home / ".local" / "bin" / "cclaunch"


def version_of(place: Sandbox) -> str:
    """Return the first line that the command prints of its version."""
    done = subprocess.run([command_of(place), "--version"], env=place.environ, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().splitlines()[0]


def files_of(place: Sandbox) -> list[str]:
    """Return every path below the home."""
    return sorted(str(path.relative_to(place.home)) for path in place.home.rglob("*"))


@pytest.mark.parametrize("shell", SHELLS)
def test_it_installs_in_every_shell_and_goes_without_a_trace(offline: Sandbox, shell: str) -> None:
    """With uv; afterwards the home is as it was."""
    before = files_of(offline)
    install(offline, "--yes", "--method", "uv", shell=shell)
    assert version_of(offline) == f"cclaunch {__version__}"

    install(offline, "--uninstall", shell=shell)
    kept = {".local", ".local/bin", ".local/share", ".cache"}
    assert [
        path for path in files_of(offline) if path not in before and path not in kept and not path.startswith(".cache/uv")
    ] == []


def test_it_installs_with_venv_and_launches_with_the_words_behind_the_dashes(offline: Sandbox) -> None:
    """`--run` becomes claude; its stdout is claude's alone."""
    require("dash")
    done = offline.run(["dash", str(SCRIPT), "--yes", "--method", "venv", "--run", "--", "mcp", "list"], timeout=300)

    assert told(done.stdout)["argv"][1:] == ["mcp", "list"], done.stderr.decode()
    assert done.returncode == 7


def test_installing_twice_leaves_one_environment(offline: Sandbox) -> None:
    """The one that the command names."""
    install(offline, "--yes", "--method", "uv")
    install(offline, "--yes", "--method", "uv")
    (only,) = (offline.home / ".local/share/cclaunch-env").iterdir()

    assert str(only) in command_of(offline).read_text()
    assert version_of(offline) == f"cclaunch {__version__}"


def test_uninstalling_stops_the_collector_and_keeps_the_data(offline: Sandbox) -> None:
    """What was recorded is the person's."""
    install(offline, "--yes", "--method", "uv")
    offline.run([str(command_of(offline)), "stack", "up"])
    assert offline.database.exists()

    install(offline, "--uninstall")
    assert offline.database.exists()
    assert offline.survivors() == []


def test_a_failing_install_leaves_the_one_before(offline: Sandbox) -> None:
    """The command runs as before, and no half environment stays."""
    install(offline, "--yes", "--method", "uv")
    before = command_of(offline).read_bytes()
    done = offline.run(
        ["dash", str(SCRIPT), "--yes", "--method", "uv"], environ={"CCLAUNCH_SOURCE": str(REPOSITORY / "README.md")}, timeout=300
    )

    assert done.returncode == 1
    assert command_of(offline).read_bytes() == before
    assert len(list((offline.home / ".local/share/cclaunch-env").iterdir())) == 1
    assert version_of(offline) == f"cclaunch {__version__}"


def test_an_interpreter_with_spaces_in_its_path_works(offline: Sandbox, tmp_path: Path) -> None:
    """The first line of a script can hold none."""
    odd = tmp_path / "odd 'path'" / "python3"
    odd.parent.mkdir()
    odd.symlink_to(os.path.realpath(sys.executable))
    install(offline, "--yes", "--method", "venv", environ={"PYTHON": str(odd)})

    assert version_of(offline) == f"cclaunch {__version__}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dry_run_says_the_steps_and_does_nothing(offline: Sandbox, shell: str) -> None:
    """It names the environment and the command."""
    before = files_of(offline)
    said = install(offline, "--dry-run", "--yes", shell=shell)

    assert files_of(offline) == before
    assert "would run:" in said
    assert str(command_of(offline)) in said


def test_a_command_of_another_installer_is_not_replaced_unasked(offline: Sandbox) -> None:
    """Without a terminal the answer is no."""
    command_of(offline).parent.mkdir(parents=True)
    command_of(offline).write_text("#!/bin/sh\necho theirs\n")
    done = offline.run(["dash", str(SCRIPT), "--method", "uv"], timeout=300)

    assert done.returncode == 1
    assert b"another installer" in done.stderr
    assert "theirs" in command_of(offline).read_text()


@pytest.mark.parametrize(
    ("words", "environ", "says"),
    [
        (["--frob"], {}, "unknown option --frob"),
        (["--method"], {}, "--method needs a value"),
        (["--method", "conda"], {}, "not conda"),
        ([], {"PYTHON": "no-such-python"}, "there is no such program"),
        ([], {"CCLAUNCH_SOURCE": "/nowhere/at/all"}, "there is nothing"),
        ([], {"HOME": "/nowhere/at/all"}, "HOME is not a directory"),
    ],
)
def test_a_wrong_word_changes_nothing(offline: Sandbox, words: list[str], environ: dict[str, str], says: str) -> None:
    """Exit 1, a sentence that names it, and a home as before."""
    before = files_of(offline)
    done = offline.run(["dash", str(SCRIPT), "--yes", *words], environ=environ)

    assert done.returncode == 1
    assert says in done.stderr.decode()
    kept = {*before, ".local", ".local/share", ".local/share/cclaunch-env"}
    assert set(files_of(offline)) <= kept


@pytest.mark.parametrize("shell", SHELLS)
def test_cut_off_anywhere_it_does_nothing(sandbox: Sandbox, shell: str, tmp_path: Path) -> None:
    """A download that broke off must not run half: no command is called and nothing is written."""
    program = require(SHELLS[shell][0])
    trace = tmp_path / "called"
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in "mkdir rm mv python3 uv npm grep ls awk id uname date chmod dirname basename".split():
        (tools / name).write_text(f'#!/bin/sh\necho "$0" >>{trace}\n')
        (tools / name).chmod(0o755)
    whole = SCRIPT.read_bytes()
    last = whole.rindex(b"}")
    for end in sorted({*range(0, last, STEP), *range(last - EDGE, last + 1)}):
        part = tmp_path / "part.sh"
        part.write_bytes(whole[:end])
        done = sandbox.run([program, *SHELLS[shell][1:], str(part), "--yes"], environ={"PATH": str(tools)})
        assert (trace.exists(), done.stdout) == (False, b""), f"cut off after {end} bytes"
    assert files_of(sandbox) == []


def test_the_whole_script_calls_what_the_traces_would_show(sandbox: Sandbox, tmp_path: Path) -> None:
    """The test above could not fail, if the traps were never met."""
    tools = tmp_path / "tools"
    tools.mkdir()
    trace = tmp_path / "called"
    (tools / "ls").write_text(f'#!/bin/sh\necho "$0" >>{trace}\n')
    (tools / "ls").chmod(0o755)
    sandbox.run([str(shutil.which("dash")), str(SCRIPT), "--yes"], environ={"PATH": str(tools)})

    assert trace.exists()
