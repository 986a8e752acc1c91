"""
install.sh run in a sandbox that has wheels and no network.

The problem it owns: what the tests of install.sh share. The wheels are made once; a home is compared by what is in it,
byte for byte, because "as before" is a claim about all of it.
"""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import wheelhouse
from doubles import fake_claude
from guard import REPOSITORY
from required import require
from sandbox import Sandbox

SCRIPT = REPOSITORY / "install.sh"
SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--posix"],
    "ksh": ["ksh"],
    "zsh": ["zsh", "--emulate", "sh"],
    "ash": ["busybox", "ash"],
    "mksh": ["mksh"],
    "yash": ["yash"],
    "posh": ["posh"],
}
"""What may be called sh; zsh also under its own name, for that is how people try it."""

PATIENCE_S = 300


@cache
def wheels() -> Path:
    """Return a directory with every wheel that an install needs, ours included."""
    made = Path(tempfile.mkdtemp(prefix="cclaunch-wheels-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    made.chmod(0o755)  # also for a user without root
    wheelhouse.pack_dependencies(made)
    wheelhouse.build(made)
    return made


def whole() -> Path:
    """Return our wheel."""
    (found,) = wheels().glob("cclaunch-*.whl")
    return found


@cache
def light(version: str = "") -> Path:
    """Return an edition of our wheel that installs fast, of that *version*."""
    target = wheels() / f"light-{version}"
    target.mkdir()
    return wheelhouse.edition(whole(), target, version=version)


def interpreter() -> str:
    """Return the interpreter below the tests' own environment."""
    return os.path.realpath(sys.executable)


def offline(place: Sandbox, *, uv: bool = True, claude: bool = True) -> Sandbox:
    """Give *place* the light edition, an interpreter, if wanted uv and a claude, and no network. Return it."""
    tools = place.home.parent / "tools"
    tools.mkdir()
    if uv:
        (tools / "uv").symlink_to(Path(sys.executable).parent / "uv")
    if claude:
        fake_claude(tools)
    place.environ |= {
        "PATH": f"{tools}:{place.environ['PATH']}",
        "PYTHON": interpreter(),
        "CCLAUNCH_SOURCE": str(light()),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels()),
        "PIP_CACHE_DIR": str(place.home.parent / "pip"),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels()),
        "UV_CACHE_DIR": str(place.home.parent / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return place


def run(
    place: Sandbox, *words: str, shell: str = "dash", environ: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run install.sh with *words* in *shell*, without a terminal, behind the words *before*."""
    return subprocess.run(
        [*before, require(SHELLS[shell][0]), *SHELLS[shell][1:], str(SCRIPT), *words],
        env={**place.environ, **(environ or {})},
        cwd=place.work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        start_new_session=True,
    )


def install(place: Sandbox, *words: str, shell: str = "dash", environ: Mapping[str, str] | None = None) -> str:
    """Run install.sh as `run` does; return what it said. It must succeed, and say nothing on stdout."""
    done = run(place, *words, shell=shell, environ=environ)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b""
    return done.stderr.decode()


def refused(place: Sandbox, *words: str, environ: Mapping[str, str] | None = None) -> str:
    """Run install.sh as `run` does; return what it said. It must end with 1 and leave the home as it was."""
    before = tree(place.home)
    done = run(place, *words, environ=environ)
    assert done.returncode == 1, done.stderr.decode()
    assert tree(place.home) == before
    return done.stderr.decode()


def command_of(place: Sandbox) -> Path:
    """Return where the command is laid."""
    return place.home / ".local/bin/cclaunch"


def environments(place: Sandbox) -> list[Path]:
    """Return the environments that install.sh keeps."""
    return [path for path in (place.home / ".local/share/cclaunch-env").iterdir() if not path.name.startswith(".")]


def version_of(place: Sandbox) -> str:
    """Return the first line that the command prints of its version."""
    done = subprocess.run([command_of(place), "--version"], env=place.environ, capture_output=True, check=True, timeout=120)
    return done.stdout.decode().splitlines()[0]


def tree(top: Path) -> dict[str, str]:
    """Return path -> mode and content of everything below *top*; compiled files count by their name."""
    found = {}
    for path in sorted(top.rglob("*")):
        mode = oct(path.lstat().st_mode)
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file() and path.suffix != ".pyc":
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        found[str(path.relative_to(top))] = f"{mode} {content}"
    return found
