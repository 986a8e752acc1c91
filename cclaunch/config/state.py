"""
``state.toml``: what was chosen by a verb, and not written by a hand.

The active profile, the one before it, which directory is bound to which profile, and the backend. Later releases keep
more there: tables that this one does not know are carried along, and a file of a newer format is refused,
because to rewrite it would lose what it says.
"""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cclaunch.config.checks import BACKENDS
from cclaunch.errors import ConfigError
from cclaunch.files.atomic import write_atomic
from cclaunch.files.lock import locked
from cclaunch.files.toml import read_toml, wrong
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small
from cclaunch.profiles.model import is_name

FORMAT = 1
PATIENCE_S = 5.0
WRITTEN = ("rc_files", "claude_settings", "status_lines")
"""Tables about files of the person's that we wrote into."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


class State(NamedTuple):
    """
    What was chosen, and what was written where.

    Attributes:
        active, previous: The profile in force, and the one before it; empty for none.
        bindings: Real path -> profile.
        rc_files: Path of a file that holds our block -> ``shell`` (its name), ``dialect``, and ``own`` and ``scoped``.
        claude_settings: Path of a settings file of claude's that we wrote into -> what is needed to undo it.
        status_lines: The same for those that hold our status line.
        backend: What `stack use` chose, or empty: then config.toml says it.
    """

    active: str = ""
    previous: str = ""
    bindings: Mapping[str, str] = NOTHING
    rc_files: Mapping[str, Mapping[str, Any]] = NOTHING
    claude_settings: Mapping[str, Mapping[str, Any]] = NOTHING
    status_lines: Mapping[str, Mapping[str, Any]] = NOTHING
    backend: str = ""


def load_state(paths: Paths) -> State:
    """
    Return the state; an empty one when there is no file.

    Raises:
        ConfigError: The file is broken or of a newer release; file, line and key are named.
    """
    return _read(paths)[0]


def change_state(paths: Paths, change: Callable[[State], State]) -> State:
    """
    Write what *change* makes of the state, and return it; nothing is written when nothing changes.

    Raises:
        ConfigError: The file is broken or of a newer release; it stays as it is.
        FileTrouble: It cannot be written, or another one of us holds it.
    """
    with locked(paths.state_lock, PATIENCE_S):
        before, tables = _read(paths)
        after = change(before)
        if after != before:
            write_atomic(paths.state_file, _written(after, tables))
    return after


def _read(paths: Paths) -> tuple[State, dict[str, Any]]:
    path = paths.state_file
    if not os.path.lexists(path):
        return State(), {}
    data = read_small(path)
    if data is None:
        raise ConfigError(f"cannot read {path}: it must be a regular file of yours", hint=f"ls -l {path}")
    text, tables = read_toml(data, path)
    found = tables.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise wrong(path, text, ("format",), f"is {found}: a newer cclaunch wrote it", hint="use that one, or upgrade this one")
    if found != FORMAT:
        raise wrong(path, text, ("format",), f"must be {FORMAT}")
    profile = _table(tables, "profile", text, path)
    for key in ("active", "previous"):
        if key in profile and not (isinstance(profile[key], str) and is_name(profile[key])):
            raise wrong(path, text, ("profile", key), "must be the name of a profile")
    bindings = _table(tables, "bindings", text, path)
    for directory, name in bindings.items():
        if not (os.path.isabs(directory) and isinstance(name, str) and is_name(name)):
            raise wrong(path, text, ("bindings", directory), "must bind an absolute path to the name of a profile")
    tables_of = {name: _table(tables, name, text, path) for name in WRITTEN}
    for name, found_there in tables_of.items():
        for file, about in found_there.items():
            if not isinstance(about, dict):
                raise wrong(path, text, (name, file), "must be a table")
    stack = _table(tables, "stack", text, path)
    if "backend" in stack and stack["backend"] not in BACKENDS:
        raise wrong(path, text, ("stack", "backend"), f"must be one of {', '.join(BACKENDS)}")
    backend = stack.get("backend", "")
    return State(profile.get("active", ""), profile.get("previous", ""), bindings, **tables_of, backend=backend), tables


def _table(tables: Mapping[str, Any], name: str, text: str, path: str) -> dict[str, Any]:
    found = tables.get(name, {})
    if not isinstance(found, dict):
        raise wrong(path, text, (name,), f"must be a table: [{name}]")
    return found


def _written(state: State, tables: Mapping[str, Any]) -> bytes:
    """Return the file that says *state*, and whatever else *tables* said before."""
    import tomli_w

    profile = {**tables.get("profile", {}), "active": state.active, "previous": state.previous}
    made = {**tables, "profile": _said(profile), "bindings": dict(state.bindings)}
    made["stack"] = _said({**tables.get("stack", {}), "backend": state.backend})
    made |= {name: {file: dict(about) for file, about in getattr(state, name).items()} for name in WRITTEN}
    rest = {name: value for name, value in made.items() if name != "format" and value != {}}
    return tomli_w.dumps({"format": FORMAT, **rest}).encode()


def _said(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return *table* without what was not chosen."""
    return {key: value for key, value in table.items() if value != ""}


def key_of(path: str) -> str:
    """Return how *path* is written into the state: a name that is not UTF-8 as its bytes."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return f"bytes:{os.fsencode(path).hex()}"
    return path


def path_of(key: str) -> str:
    """Return the path that ``key_of`` wrote as *key*."""
    return os.fsdecode(bytes.fromhex(key.removeprefix("bytes:"))) if key.startswith("bytes:") else key
