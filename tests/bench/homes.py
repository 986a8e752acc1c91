"""
The homes that launches are measured in: a checkout, installed; a profile in use; a `claude` that does nothing.

The problem it owns: what people have in place when they launch, made from nothing below one throw-away directory, and all of it
stopped again. One installation serves several homes, each with its own collector.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from guard import REPOSITORY
from installing import wheels, whole
from sandbox import Sandbox

MANY = 500
FILES = 100_000
FILES_PER_DIRECTORY = 500


@contextmanager
def home(base: Path, name: str) -> Iterator[Sandbox]:
    """Give a furnished home called *name* below *base*, with ports of its own; whatever runs in it at the end is stopped."""
    (base / name).mkdir()
    place = Sandbox(base / name)
    try:
        furnish(place)
        yield place
    finally:
        for left in place.close():
            print(f"still running: {left}", file=sys.stderr)


def furnish(place: Sandbox) -> None:
    """Make a repository with a settings file, claude's state file, and a claude that does nothing; nothing is installed."""
    place.configure()
    tools = place.home / "tools"
    tools.mkdir()
    (tools / "claude").symlink_to("/bin/true")
    place.environ["PATH"] = f"{tools}:{place.environ['PATH']}"
    place.environ["PYTHON"] = interpreter()
    place.environ["PIP_CACHE_DIR"] = str(Path.home() / ".cache" / "pip")
    repository(place, place.work)
    for settings in (place.work / ".claude" / "settings.json", place.home / ".claude" / "settings.json"):
        settings.parent.mkdir()
        settings.write_text('{"model": "opus", "permissions": {"allow": ["Bash(ls:*)"]}}\n')
    rewrite_state(place)


def interpreter() -> str:
    """Return the interpreter below the environment that runs this."""
    return os.path.realpath(sys.executable)


def do(place: Sandbox, *words: str) -> None:
    """Run *words* in *place*, as a person would. Raises SystemExit with what was said when it fails."""
    done = subprocess.run(words, env=place.environ, cwd=place.work, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")


def repository(place: Sandbox, directory: Path) -> None:
    """Make *directory* a repository with a remote."""
    do(place, "git", "init", "-q", str(directory))
    do(place, "git", "-C", str(directory), "remote", "add", "origin", "https://example.invalid/team/project.git")


def install(place: Sandbox, checkout: Path = REPOSITORY) -> tuple[Path, Path]:
    """Install *checkout* with install.sh, and use a profile; return (launcher, script of the wheel as pip lays it)."""
    do(place, "sh", str(checkout / "install.sh"), "--yes", "--method", "venv")
    (script,) = (place.home / ".local/share/cclaunch-env").glob("*/bin/cclaunch")
    use_profile(place, script)
    return place.home / ".local/bin/cclaunch", script


def install_by_pipx(place: Sandbox) -> Path:
    """Install the checkout with the newest pipx, which is fetched; return the command, a link of pipx's."""
    own = place.home.parent / "pipx"
    do(place, interpreter(), "-m", "venv", str(own))
    do(place, str(own / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "pipx")
    do(place, str(own / "bin/pipx"), "install", "--quiet", "--python", interpreter(), str(REPOSITORY))
    return linked(place)


def install_by_uv(place: Sandbox) -> Path:
    """Install the checkout's wheel with the uv of the environment that runs this, offline; return the command, a link of uv's."""
    uv = Path(sys.executable).parent / "uv"
    words = ["--quiet", "--offline", "--no-index", "--find-links", str(wheels()), "--python", interpreter()]
    do(place, str(uv), "tool", "install", *words, str(whole()))
    return linked(place)


def linked(place: Sandbox) -> Path:
    """Use a profile by the command that an installer has laid; return that."""
    command = place.home / ".local/bin/cclaunch"
    use_profile(place, command)
    return command


def use_profile(place: Sandbox, command: Path) -> None:
    """Make a profile and use it."""
    do(place, str(command), "profile", "set", "data-eng", "team=data-engineering", "project=log-ingestion")
    do(place, str(command), "profile", "use", "data-eng")


def add_profiles(place: Sandbox) -> None:
    """Have MANY profiles, copies of the one in use."""
    (first,) = (place.config_file.parent / "profiles").glob("*.toml")
    for number in range(MANY - 1):
        (first.parent / f"profile-{number}.toml").write_text(first.read_text())


def add_bindings(place: Sandbox, command: Path) -> None:
    """Bind the directory of work by the verb, and MANY - 1 others the way the verb writes it."""
    do(place, str(command), "profile", "bind", "data-eng")
    state = Path(place.environ["XDG_STATE_HOME"]) / "cclaunch" / "state.toml"
    before, heading, behind = state.read_text().partition("[bindings]\n")
    assert heading, f"`profile bind` has written no table of bindings into {state}"
    others = "".join(f'"/srv/repositories/project-{number}" = "data-eng"\n' for number in range(MANY - 1))
    state.write_text(f"{before}{heading}{others}{behind}")


def add_files(place: Sandbox) -> Path:
    """Return a repository of FILES empty files, all in its index."""
    top = place.home.parent / "large"
    for number in range(FILES // FILES_PER_DIRECTORY):
        directory = top / f"directory-{number}"
        directory.mkdir(parents=True)
        for name in range(FILES_PER_DIRECTORY):
            os.close(os.open(directory / f"file-{name}", os.O_CREAT | os.O_WRONLY))
    repository(place, top)
    do(place, "git", "-C", str(top), "add", "--all")
    return top


def rewrite_state(place: Sandbox) -> None:
    """Write claude's state file anew: a megabyte of history, and the environment of some MCP servers."""
    projects = {f"/home/somebody/project-{number}": {"history": ["what is this? " * 20] * 40} for number in range(90)}
    servers = {f"server-{number}": {"command": "x", "env": {"A": "1"}} for number in range(10)}
    state = {"numStartups": time.time_ns(), "mcpServers": servers, "projects": projects}
    (place.home / ".claude.json").write_text(json.dumps(state, indent=2))


def services(place: Sandbox) -> list[psutil.Process]:
    """Return supervisor and collector of *place*; those of other homes may run from its files, and are not among them."""
    found = []
    for process in place.processes():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if str(place.data) in words and any("cclaunch.collector" in word for word in words):
            found.append(process)
    return found
