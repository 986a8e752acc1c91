"""
What claude's own settings files say about telemetry, because they beat every environment.

Claude takes ``env`` from five places, and the later ones win: its state file, the person's settings, the project's, the
local ones, and the managed ones, which nothing of ours can override. Only what matters to a launch is taken out of
them (a *claim*), and kept in the cache, file by file. A file that speaks of telemetry and cannot be read as JSON is one
claim as a whole (``UNREAD``): claude may well see more in it than we do.

Cold: a launch comes here only when one of these files has changed and speaks of one of our variables.
"""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cclaunch import otel
from cclaunch.compiled.keep import Records, keep, settled, source_records
from cclaunch.files.claude_json import decode_json, loads, text_of
from cclaunch.files.sweeping import sweep
from cclaunch.hot.claims import REPOSITORY_PLACES, STATE_PLACE, settings_limit
from cclaunch.hot.compose import belongs
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Plan
from cclaunch.hot.reading import read_small, stamp
from cclaunch.hot.records import FORMAT, claims_key, place_file
from cclaunch.place.repository import repository, worktrees

STATE, USER, FLAG, MANAGED = STATE_PLACE, "user", "flag", "managed"
PROJECT, LOCAL = REPOSITORY_PLACES
"""The places, the weakest first. ``flag`` is the person's own ``--settings``."""

SOURCES = {USER: "user", PROJECT: "project", LOCAL: "local"}
"""Places that ``--setting-sources`` chooses from."""

PERSONAL = (STATE, USER)
"""Files of the person's own; the others come with a repository or from an administrator."""

UNREAD = ""
"""The name in a claim that a whole file makes because it could not be read."""

MOST = 500
"""Variables of ours in one file that are taken one by one; one with more is a claim as a whole."""

SEARCHED = 1 << 20
"""Characters of such a file in which names are looked for."""

WORD = re.compile(r"[A-Za-z0-9_]{9,}")
HALF = re.compile("[\ud800-\udfff]")
"""Half a pair of surrogates, which no environment can hold: claude puts U+FFFD there."""

ESCAPE = re.compile(r"\\u00([0-7][0-9A-Fa-f])")

Relevant = Callable[[str], bool]


class Claim(NamedTuple):
    """
    One variable that a settings file sets: in which *place*, in which file (*path*), to what.

    With ``UNREAD`` as its name it is whatever the file may say; the value is why it was not read, and behind that the
    names it mentions, one a line.
    """

    place: str
    path: str
    name: str
    value: str

    @property
    def why(self) -> str:
        """Return why a file was not read."""
        return self.value.partition("\n")[0]

    @property
    def mentioned(self) -> list[str]:
        """Return the variables that a file which was not read mentions; none when not even its text is known."""
        return self.value.split("\n")[1:]


def unread(place: str, path: str, why: str, names: Sequence[str] = ()) -> Claim:
    """Return the claim of a file that could not be read, with no more than MOST of the *names*; those that claude knows first."""
    known = {*otel.KNOWN_ROUTING, *otel.PRIVACY.values(), otel.RESOURCE_ATTRIBUTES, otel.CONFIG_DIR, otel.NO_GRPC_PROXY}
    kept = sorted(names, key=lambda name: name not in known)[:MOST]
    return Claim(place, path, UNREAD, "\n".join([why, *kept]))


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
    paths: Paths, plan: Plan, directory: str, config_dir: str, home: str, *, write: bool = True, managed: str = ""
) -> list[Claim]:
    """Return what the settings files say in *directory*, and keep it in the cache when *write* says so."""
    managed = managed or managed_directory()
    key = claims_key(directory, config_dir)
    marks = marks_of(plan)
    records: Records = [[FORMAT, key], ["marks", *marks]]
    found: list[Claim] = []
    above = repository(directory)[1]
    watched = source_records([managed, f"{managed}/managed-settings.d", *above])  # stamped, and read again by `settings_files`
    records += watched
    files = settings_files(directory, config_dir, home, managed)
    for place, path in files:
        mark = stamp(path)
        said = _said(place, path, marks, plan)
        records.append(["settings", place, path, mark, "claims" if said else ""])
        watched.append(["source", path, mark])
        found += said
        for claim in said:
            if claim.name == otel.CONFIG_DIR and place in PERSONAL:  # claude goes on to read the settings there
                moved = (USER, os.path.join(directory, claim.value, "settings.json"))
                files += [moved] if moved not in files else []
    records += [["claim", *claim] for claim in found]
    if write and settled(watched) and repository(directory)[1] == above:
        keep(place_file(paths.cache, key), records)
        sweep(paths.cache)
    return found


def relevant(plan: Plan) -> Relevant:
    """Return the function that says whether a variable can redirect, stop, relabel or disclose."""
    others = {plan.settings["attributes_name"], otel.NO_GRPC_PROXY, otel.CONFIG_DIR, *(name for name, _ in plan.privacy)}
    return lambda name: name in others or belongs(plan, name)


def marks_of(plan: Plan) -> list[str]:
    """
    Return texts of which a file holds at least one if it says anything that matters.

    The names may be written with JSON's escapes, or in UTF-16, where every other byte of theirs is zero: both count as a mark.
    """
    names = [*plan.displaced_prefixes, *plan.displaced_names, otel.NO_GRPC_PROXY, otel.CONFIG_DIR]
    return [otel.MARK, *(name for name in names if otel.MARK not in name), "\\u00", "\0"]


def _said(place: str, path: str, marks: list[str], plan: Plan) -> list[Claim]:
    """Return what the settings file at *path* claims."""
    data = read_small(path, settings_limit(place))
    if data is None:
        why = _untouchable(path)
        return [unread(place, path, why)] if why else []
    if not any(mark.encode("ascii") in data for mark in marks):
        return []
    text = decode_json(data)
    try:
        wanted = relevant(plan)
        said = [Claim(place, path, name, value) for name, value in env_of(loads(text)) if wanted(name)]
        many = f"it sets more than {MOST} variables of telemetry"
        return said if len(said) <= MOST else [unread(place, path, many, [claim.name for claim in said])]
    except ValueError:
        names = names_in(text, plan)
        return [unread(place, path, "it is not JSON that could be read", names)] if names else []


def _untouchable(path: str) -> str:
    """Return why we could not read *path*, where claude may; an empty string where it cannot either, or finds nothing."""
    try:
        found = os.stat(path)
        nothing = stat.S_ISDIR(found.st_mode) or os.path.samefile(path, os.devnull) or not os.access(path, os.R_OK)
    except (OSError, ValueError):
        return ""
    if nothing:
        return ""
    return "it is too large" if stat.S_ISREG(found.st_mode) else "it is no regular file"


def names_in(text: str, plan: Plan) -> list[str]:
    """Return the variables that matter to a launch and stand anywhere in *text*, however they are spelt."""
    wanted = relevant(plan)
    plain = ESCAPE.sub(lambda found: chr(int(found[1], 16)), text[:SEARCHED].replace("\0", ""))
    return sorted(filter(wanted, set(WORD.findall(plain))))


def env_of(settings: object) -> Iterator[tuple[str, str]]:
    """Yield name and value of the ``env`` of parsed *settings*, the values as the texts that claude makes of them."""
    found = settings.get("env") if isinstance(settings, dict) else None
    for name, value in found.items() if isinstance(found, dict) else ():
        yield HALF.sub("\ufffd", name), HALF.sub("\ufffd", text_of(value))
