"""
What claude's own settings files say about telemetry, because they beat every environment.

Claude takes ``env`` from five places, and the later ones win: its state file, the person's settings, the project's, the
local ones, and the managed ones, which nothing of ours can override. Only what matters to a launch is taken out of
them (a *claim*), and kept in the cache, file by file.

Cold: a launch comes here only when one of these files has changed and speaks of one of our variables.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.compile import Records, keep, settled, source_records
from cclaunch.environment import Plan, belongs
from cclaunch.plan import FORMAT, SETTINGS_LIMIT, STATE_PLACE, Directories, claims_key, place_file, read_small, stamp
from cclaunch.repository import repository, worktrees

STATE, USER, PROJECT, LOCAL, FLAG, MANAGED = STATE_PLACE, "user", "project", "local", "flag", "managed"
"""The places, the weakest first. ``flag`` is the person's own ``--settings``."""

SOURCES = {USER: "user", PROJECT: "project", LOCAL: "local"}
"""Places that ``--setting-sources`` chooses from."""

PERSONAL = (STATE, USER)
"""Files of the person's own; the others come with a repository or from an administrator."""

Relevant = Callable[[str], bool]


class Claim(NamedTuple):
    """One variable that a settings file sets: in which *place*, in which file (*path*), to what."""

    place: str
    path: str
    name: str
    value: str


def settings_files(directory: str, config_dir: str, home: str, managed: str = "") -> list[tuple[str, str]]:
    """
    Return (place, path) of every file that claude takes ``env`` from, in the order in which the later one wins.

    Args:
        directory: Where claude runs. The project's file is looked for here only, not further up; newer releases take
            the local file of the repository's root, or of its main worktree, as well, and it is the stronger one.
        config_dir: The directory of ``CLAUDE_CONFIG_DIR``, or an empty string.
        home: The home directory.
        managed: The administrator's directory; the system's own when empty.
    """
    managed = managed or managed_directory()
    found = [
        (STATE, f"{config_dir or home}/.claude.json"),
        (STATE, f"{config_dir or home + '/.claude'}/.config.json"),  # the older name, which wins where it exists
        (USER, f"{config_dir or home + '/.claude'}/settings.json"),
        (PROJECT, f"{directory}/.claude/settings.json"),
    ]
    found += [(LOCAL, f"{folder}/.claude/settings.local.json") for folder in (directory, *worktrees(directory))]
    found.append((MANAGED, f"{managed}/managed-settings.json"))
    return list(dict.fromkeys(found + [(MANAGED, path) for path in _dropped_in(f"{managed}/managed-settings.d")]))


def managed_directory() -> str:
    """Return where an administrator's settings are on this system."""
    if sys.platform == "darwin":
        return "/Library/Application Support/ClaudeCode"
    if sys.platform == "win32":
        return "C:/Program Files/ClaudeCode"
    return "/etc/claude-code"


def _dropped_in(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if name.endswith(".json") and not name.startswith(".")]


def compile_claims(
    where: Directories, plan: Plan, directory: str, config_dir: str, home: str, *, write: bool = True, managed: str = ""
) -> list[Claim]:
    """Return what the settings files say in *directory*, and keep it in the cache when *write* says so."""
    managed = managed or managed_directory()
    key = claims_key(directory, config_dir)
    marks = marks_of(plan)
    records: Records = [[FORMAT, key], ["marks", *marks]]
    found: list[Claim] = []
    watched = source_records([managed, f"{managed}/managed-settings.d", *repository(directory)[1]])
    records += watched
    files = settings_files(directory, config_dir, home, managed)
    for place, path in files:
        mark = stamp(path)
        said = [Claim(place, path, name, value) for name, value in _env_of(path, marks) if relevant(plan)(name)]
        records.append(["settings", place, path, mark, "claims" if said else ""])
        watched.append(["source", path, mark])
        found += said
        for claim in said:
            if claim.name == otel.CONFIG_DIR and place in PERSONAL:  # claude goes on to read the settings there
                moved = (USER, os.path.join(directory, claim.value, "settings.json"))
                files += [moved] if moved not in files else []
    records += [["claim", *claim] for claim in found]
    if write and settled(watched):
        keep(place_file(where.cache, key), records)
    return found


def relevant(plan: Plan) -> Relevant:
    """Return the function that says whether a variable can redirect, stop, relabel or disclose."""
    others = {plan.settings["attributes_name"], otel.NO_GRPC_PROXY, otel.CONFIG_DIR, *(name for name, _ in plan.privacy)}
    return lambda name: name in others or belongs(plan, name)


def marks_of(plan: Plan) -> list[str]:
    """
    Return texts of which a file holds at least one if it says anything that matters.

    The names may be written with JSON's escapes, so the beginnings of those for letters are marks as well. (Not so in
    claude's state file: it is rewritten by claude, which uses none.)
    """
    names = [*plan.displaced_prefixes, *plan.displaced_names, otel.NO_GRPC_PROXY, otel.CONFIG_DIR]
    return [otel.MARK, *(name for name in names if otel.MARK not in name), "\\u004", "\\u005", "\\u006"]


def _env_of(path: str, marks: list[str]) -> Iterator[tuple[str, str]]:
    """Yield name and value of the ``env`` in the settings file at *path*."""
    data = read_small(path, SETTINGS_LIMIT)
    if data is None or not any(mark.encode("ascii") in data for mark in marks):
        return
    try:
        yield from env_of(json.loads(data.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return  # claude ignores a file that is not JSON as a whole


def env_of(settings: object) -> Iterator[tuple[str, str]]:
    """Yield name and value of the ``env`` of parsed *settings*, the values as the texts that claude makes of them."""
    found = settings.get("env") if isinstance(settings, dict) else None
    for name, value in found.items() if isinstance(found, dict) else ():
        yield name, text_of(value)


def text_of(value: Any) -> str:
    """Return the text that claude makes of a value that is none: JavaScript's ``String(value)``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return ",".join("" if item is None else text_of(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return str(value).removesuffix(".0")
