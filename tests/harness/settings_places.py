"""
The places that claude takes ``env`` from, each as a home in which one of them says something.

The problem it owns: a row of the settings table needs a home, a directory and words of its own, while all rows share
one collector. HOME is the row's; our own directories stay the sandbox's, through the XDG variables.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from managed import managed

Env = Mapping[str, Any]


class Setting(NamedTuple):
    """
    One home, ready to be launched in.

    Attributes:
        environ: What differs from the sandbox's environment.
        work: Where to launch.
        words: Words for claude.
        wrap: What to put in front of the command line.
        file: The file that a message about it has to name; ``--settings`` for the person's own.
    """

    environ: dict[str, str]
    work: Path
    words: tuple[str, ...]
    wrap: Callable[[list[str]], list[str]]
    file: str


def place(name: str, base: Path, state: Path, env: Env) -> Setting:
    """Return a new home below *base*, with claude's *state* file, where the place *name* says *env*."""
    home, work = base / "home", base / "home" / "work"
    work.mkdir(parents=True)
    (home / ".claude.json").write_text(state.read_text())
    found = Setting({"HOME": str(home)}, work, (), list, "")
    return PLACES[name](found, env)


def _write(path: Path, settings: Mapping[str, Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
    return str(path)


def _home(setting: Setting) -> Path:
    return Path(setting.environ["HOME"])


def _in_state(path: str, config_dir: str = "") -> Callable[[Setting, Env], Setting]:
    def write(setting: Setting, env: Env) -> Setting:
        state = json.loads((_home(setting) / ".claude.json").read_text())
        file = _write(_home(setting) / path, {**state, "env": env})
        return _moved(setting._replace(file=file), config_dir)

    return write


def _in_home(path: str, config_dir: str = "") -> Callable[[Setting, Env], Setting]:
    def write(setting: Setting, env: Env) -> Setting:
        return _moved(setting._replace(file=_write(_home(setting) / path, {"env": env})), config_dir)

    return write


def _moved(setting: Setting, config_dir: str) -> Setting:
    """Return *setting* with CLAUDE_CONFIG_DIR; claude finds the key of the scripted API approved there as well."""
    if not config_dir:
        return setting
    moved = _home(setting) / config_dir
    moved.mkdir(exist_ok=True)
    state = json.loads((_home(setting) / ".claude.json").read_text())
    if not (moved / ".claude.json").exists():
        _write(moved / ".claude.json", state)
    return setting._replace(environ={**setting.environ, "CLAUDE_CONFIG_DIR": str(moved)})


def _in_work(path: str) -> Callable[[Setting, Env], Setting]:
    return lambda setting, env: setting._replace(file=_write(setting.work / path, {"env": env}))


def _escaped(setting: Setting, env: Env) -> Setting:
    file = _home(setting) / ".claude" / "settings.json"
    _write(file, {"env": env})
    file.write_text("\ufeff" + file.read_text().replace("OTEL_", "OTEL\\u005f"))
    return setting._replace(file=str(file))


def _chained(setting: Setting, env: Env) -> Setting:
    moved = _home(setting) / "moved"
    _write(_home(setting) / ".claude" / "settings.json", {"env": {"CLAUDE_CONFIG_DIR": str(moved)}})
    return setting._replace(file=_write(moved / "settings.json", {"env": env}))


def _local_of_the_root(setting: Setting, env: Env) -> Setting:
    subprocess.run(["git", "init", "-q", str(setting.work)], check=True)
    (setting.work / "deeper").mkdir()
    file = _write(setting.work / ".claude" / "settings.local.json", {"env": env})
    return setting._replace(file=file, work=setting.work / "deeper")


def _inline(setting: Setting, env: Env) -> Setting:
    return setting._replace(file="--settings", words=("--settings", json.dumps({"env": env})))


def _joined(setting: Setting, env: Env) -> Setting:
    return setting._replace(file="--settings", words=("--settings=" + json.dumps({"env": env}),))


def _from_file(setting: Setting, env: Env) -> Setting:
    _write(setting.work / "mine.json", {"env": env})
    return setting._replace(file="--settings", words=("--settings", "mine.json"))


def _managed(setting: Setting, env: Env) -> Setting:
    base = _home(setting).parent
    return setting._replace(
        file="/etc/claude-code/managed-settings.json", wrap=lambda command: managed(command, base, {"env": env})
    )


def _managed_drop_in(setting: Setting, env: Env) -> Setting:
    base = _home(setting).parent
    other = {"env": {"SOMETHING": "else"}}
    return setting._replace(
        file="/etc/claude-code/managed-settings.d/20-ours.json",
        wrap=lambda command: managed(command, base, other, **{"20-ours": {"env": env}}),
    )


PLACES: dict[str, Callable[[Setting, Env], Setting]] = {
    "~/.claude.json": _in_state(".claude.json"),
    "user": _in_home(".claude/settings.json"),
    "project": _in_work(".claude/settings.json"),
    "local": _in_work(".claude/settings.local.json"),
    "--settings inline": _inline,
    "--settings file": _from_file,
    "managed": _managed,
    # the same, less common
    "--settings joined": _joined,
    "managed drop-in": _managed_drop_in,
    "local of the repository's root": _local_of_the_root,
    "user, with escapes and a byte order mark": _escaped,
    "~/.claude/.config.json, the older name": _in_state(".claude/.config.json"),
    "user, CLAUDE_CONFIG_DIR": _in_home("moved/settings.json", "moved"),
    ".claude.json of CLAUDE_CONFIG_DIR": _in_state("moved/.claude.json", "moved"),
    "user, moved by a settings file": _chained,
}
MAIN = tuple(PLACES)[:7]
"""The places of the table; the others are tried with a few keys."""
