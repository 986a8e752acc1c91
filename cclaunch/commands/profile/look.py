"""``profile list``, ``show`` and ``current``: what there is, what one says, and which is in force."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from cclaunch import console
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.here import told_here
from cclaunch.config.state import State, load_state
from cclaunch.errors import ConfigError, ProfileMissing, UsageError
from cclaunch.hot.paths import Environ, Paths
from cclaunch.launch.preview import composed
from cclaunch.profiles.disk import load_profile, profile_names, resolve_profile
from cclaunch.profiles.model import Profile


class Row(NamedTuple):
    """One profile, merged with its parent; or as much of it as could be read, and the *trouble*."""

    profile: Profile
    active: bool
    trouble: str = ""

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "name": self.profile.name,
            "active": self.active,
            "description": self.profile.description or None,
            "extends": self.profile.extends or None,
            "attributes": dict(self.profile.attributes),
            "privacy": dict(self.profile.privacy),
            "claude_config_dir": self.profile.claude_config_dir or None,
            "budget": self.profile.budget,
            "trouble": self.trouble or None,
        }


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """
    List all profiles, and what is bound to them.

    Each with what its parent adds. `*` marks the one that `profile use` chose; the column `here` marks the one that a
    launch from this directory would use, and says who asks for it. A profile that is broken is listed with its trouble.

    \b
      cclaunch profile list
      cclaunch profile list --json | jq -r '.[] | select(.here).name'
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    state, trouble = _state(paths)
    here = selection(environ, paths)
    names = profile_names(paths)
    rows = [_row(paths, name, state) for name in names]
    if as_json:
        console.json_line([_listed(row, here, state) for row in rows], indent=2)
    elif rows:
        titles = ["", "profile", "here", "attributes", "discloses", "extends", "description"]
        console.table(titles, [_cells(row, here) for row in rows], environ, names=2)
        if state.bindings:
            console.line()
            console.table(["bound directory", "profile"], [list(pair) for pair in sorted(state.bindings.items())], environ)
    else:
        console.note("there are no profiles yet: cclaunch profile set NAME KEY=VALUE")
    for text in [trouble] if trouble else _dangling(state, names):
        console.note(text)


def _listed(row: Row, here: Mapping[str, Any], state: State) -> dict[str, Any]:
    """Return a row of the list for JSON: with what asks for it here, or None, and the directories that are bound to it."""
    name = row.profile.name
    by = {"source": here["source"], "detail": here["detail"]} if here["name"] == name else None
    return {**row.document(), "here": by, "bindings": sorted(path for path, bound in state.bindings.items() if bound == name)}


def _dangling(state: State, names: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for everything that asks for a profile that is none of *names*."""
    if state.active and state.active not in names:
        yield f"`{state.active}` is in use and does not exist: cclaunch profile use --none"
    for path, name in sorted(state.bindings.items()):
        if name not in names:
            yield f"{path} is bound to `{name}`, which does not exist: cclaunch profile unbind {shlex.quote(path)}"


def _state(paths: Paths) -> tuple[State, str]:
    try:
        return load_state(paths), ""
    except ConfigError as error:
        return State(), error.message


def _row(paths: Paths, name: str, state: State) -> Row:
    active = name == state.active
    try:
        return Row(resolve_profile(paths, name).profile, active)
    except (ConfigError, ProfileMissing) as error:
        trouble = error.message
    try:
        return Row(load_profile(paths, name), active, trouble)
    except (ConfigError, ProfileMissing):
        return Row(Profile(name), active, trouble)


def _cells(row: Row, here: Mapping[str, Any]) -> list[str]:
    profile = row.profile
    pairs = ", ".join(f"{key}={value}" for key, value in profile.attributes.items())
    open_to = ", ".join(key for key, is_on in profile.privacy.items() if is_on)
    shown = f"broken: {row.trouble}" if row.trouble else pairs or console.NOTHING
    return [
        "*" if row.active else "",
        profile.name,
        _source_here(here) if here["name"] == profile.name else "",
        shown,
        open_to or console.NOTHING,
        profile.extends or console.NOTHING,
        profile.description or console.NOTHING,
    ]


@click.command("show")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def show(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """
    Show what one profile says, and from where.

    Without NAME, the one that is in force here.

    \b
      cclaunch profile show data-eng
      cclaunch profile show --json
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    if name is None:
        name = selection(environ, paths)["name"]
        if not name:
            raise UsageError("no profile is in force here", hint="name one: cclaunch profile list")
    found = resolve_profile(paths, name)
    own = load_profile(paths, name)
    if as_json:
        active = _state(paths)[0].active == name
        console.json_line({**Row(found.profile, active).document(), "files": found.paths}, indent=2)
        return
    console.table(["", "", "value", "from"], _settings(found.profile, own), environ, names=2)
    for path in found.paths:
        console.note(path)


def _settings(merged: Profile, own: Profile) -> list[list[str]]:
    """Return (kind, key, value, profile that says so) for everything that is said."""
    parent = merged.extends
    rows = [["setting", "description", merged.description, own.name]] if merged.description else []
    if parent:
        rows.append(["setting", "extends", parent, own.name])
    if merged.claude_config_dir:
        rows.append(["setting", "claude-config-dir", merged.claude_config_dir, own.name if own.claude_config_dir else parent])
    if merged.budget is not None:
        rows.append(["setting", "budget", f"{_amount(merged.budget)} USD a month", parent if own.budget is None else own.name])
    rows += [
        ["attribute", key, value, _source(own.attributes, key, own.name, parent)] for key, value in merged.attributes.items()
    ]
    for key, is_on in merged.privacy.items():
        rows.append(["privacy", key.replace("_", "-"), "on" if is_on else "off", _source(own.privacy, key, own.name, parent)])
    return rows or [["setting", console.NOTHING, console.NOTHING, own.name]]


def _amount(dollars: float) -> str:
    """Return *dollars* with cents where there are any, and with as many digits as a fraction of a cent has."""
    return f"{dollars:.2f}".removesuffix(".00") if round(dollars, 2) == dollars else f"{dollars:g}"


def _source(said: Mapping[str, Any], key: str, name: str, parent: str) -> str:
    return name if key in said else parent


@click.command("current")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def current(ctx: click.Context, as_json: bool) -> None:
    """
    Say which profile is in force here, and why.

    It is the one that a launch from this directory would use.

    \b
      cclaunch profile current
      cclaunch profile current --json | jq -r .name
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    found = selection(environ, paths)
    if as_json:
        console.json_line(found, indent=2)
    else:
        console.line(f"{found['name']}  ({_why(found)})" if found["name"] else "none")
        if found["trouble"]:
            console.note(found["trouble"])
    for told in told_here(environ, paths):
        console.note(told.sentence())


def _why(found: Mapping[str, Any]) -> str:
    """Return for people why the profile that was *found* is in force."""
    why = REASONS.get(found["source"] or "", found["source"] or "")
    return f"{why}: {found['detail']}" if found["detail"] else why


def _source_here(found: Mapping[str, Any]) -> str:
    """Return who asks for the profile that is in force here, as short as a table likes it."""
    source, detail = str(found["source"]), str(found["detail"] or "")
    if source == "bind":
        return f"bound: {detail}"
    return detail or {"use": "profile use"}.get(source, source)


REASONS = {
    "+NAME": "named for this launch",
    "CCLAUNCH_PROFILE": "CCLAUNCH_PROFILE is set",
    "bind": "bound",
    ".cclaunch.toml": "named by the repository",
    "use": "chosen by `cclaunch profile use`",
}
"""Where the selection comes from -> the same for people."""


def selection(environ: Environ, paths: Paths) -> dict[str, Any]:
    """Return name, source, detail and trouble of the profile that a launch from here would use; None for what there is not."""
    made: Any = composed(environ, paths, launch=True).made
    found = made.selection
    return {key: getattr(found, key) or None for key in ("name", "source", "detail", "trouble")}
