"""
Where claude takes its status line from: which of its settings files counts in a directory, and what stops every line.

The problem it owns: claude shows one line, the nearest one (user, project, local, managed), so ours may be written and not
be seen. Only read here.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch.compiled.claims import LOCAL as LOCAL
from cclaunch.compiled.claims import MANAGED, STATE, settings_files
from cclaunch.compiled.claims import PROJECT as PROJECT
from cclaunch.compiled.claims import USER as USER
from cclaunch.errors import UsageError
from cclaunch.files.claude_json import decode_json, loads
from cclaunch.hot.claims import settings_limit
from cclaunch.hot.paths import home
from cclaunch.hot.reading import read_small
from cclaunch.otel import CONFIG_DIR
from cclaunch.persist.line_text import LINE
from cclaunch.persist.settings import settings_target
from cclaunch.place.repository import worktrees
from cclaunch.shells.rc_files import Target

NO_HOOKS = "disableAllHooks"
SCOPES = (USER, PROJECT, LOCAL)
FILES = {PROJECT: "settings.json", LOCAL: "settings.local.json"}


class Seen(NamedTuple):
    """What the settings file at *path*, of the *place* user, project, local or managed, says: the *line*, and *no_hooks*."""

    place: str
    path: str
    line: Any
    no_hooks: Any

    @property
    def command(self) -> str:
        """Return the command of its line; empty where it has none."""
        command = self.line.get("command") if isinstance(self.line, dict) else ""
        return command if isinstance(command, str) else ""


def line_target(scope: str, environ: Mapping[str, str], directory: str) -> Target:
    """
    Return the settings file of *scope*: the person's, or one of the repository that holds *directory* (else of that itself).

    Raises UsageError for a *directory* that is gone, by its empty name.
    """
    if scope == USER:
        return settings_target(environ, home(dict(environ)))
    if not directory:
        raise UsageError(f"the directory that we are in is gone, so there are no {scope} settings of it", hint="cd to another")
    here = os.path.lexists(f"{directory}/.git")
    root = directory if here else next(iter(worktrees(directory)), directory)
    return Target("claude", f"{root}/.claude/{FILES[scope]}")


def seen_in(directory: str, environ: Mapping[str, str], managed: str = "") -> list[Seen]:
    """
    Return what the settings files say that claude reads in *directory*, the weakest first; who says nothing of it is left out.

    *managed* is the administrator's directory; the system's own when empty.
    """
    files = settings_files(directory, environ.get(CONFIG_DIR, ""), home(dict(environ)), managed)
    found: dict[str, Seen] = {}
    for place, path in files:
        if place != STATE and (said := _said(place, path)) and os.path.realpath(path) not in found:
            found[os.path.realpath(path)] = said
    return list(found.values())


def _said(place: str, path: str) -> Seen | None:
    data = read_small(path, settings_limit(place)) or b""
    if LINE.encode() not in data and NO_HOOKS.encode() not in data and b"\\u" not in data and not data.startswith(b"\xff\xfe"):
        return None
    try:
        settings = loads(decode_json(data))
    except ValueError:
        return None
    if not isinstance(settings, dict) or not (LINE in settings or NO_HOOKS in settings):
        return None
    return Seen(place, path, settings.get(LINE), settings.get(NO_HOOKS))


def in_force(seen: list[Seen]) -> Seen | None:
    """Return the one whose line claude shows, or None."""
    return next((one for one in reversed(seen) if one.line is not None), None)


def nearer(seen: list[Seen], place: str) -> list[Seen]:
    """Return those that have a line and beat the one of *place*: claude shows the last of them instead."""
    order = (*SCOPES, MANAGED)
    return [one for one in seen if one.line is not None and order.index(one.place) > order.index(place)]


def stopped_by(seen: list[Seen]) -> str:
    """Return the file that has claude show no status line at all (``disableAllHooks``), or an empty string."""
    said = next((one for one in reversed(seen) if isinstance(one.no_hooks, bool)), None)
    return said.path if said is not None and said.no_hooks else ""


def scope_of(place: str) -> str:
    """Return what is to be typed behind ``--statusline`` for *place*; empty for the user's."""
    return f" {place}" if place in FILES else ""
