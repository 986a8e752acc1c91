"""``profile set``, ``unset`` and ``create``: a profile from the command line, checked before anything is written."""

import os
from collections.abc import Callable
from typing import Any

import click

from cclaunch import console, otel
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.config.state import load_state
from cclaunch.errors import AttributeRefused, CclaunchError, UsageError
from cclaunch.hot.paths import Environ, Paths, home
from cclaunch.profiles.attributes import check_attribute
from cclaunch.profiles.disk import profile_names, profile_path, profiles_locked, read_profile, write_profile
from cclaunch.profiles.edit import Value, changed, edited
from cclaunch.profiles.family import family_troubles, name_trouble, refuse
from cclaunch.profiles.model import CHECKS, Profile, parse_profile

SWITCHES = {
    "prompts": "your prompts",
    "responses": "claude's responses",
    "tool_details": "commands and file names",
    "raw_api_bodies": "whole requests and responses",
}
"""Privacy setting -> what it discloses."""

FIELDS = {
    "description": ("TEXT", "One line for people."),
    "extends": ("NAME", "Take what is not said here from this profile."),
    "claude_config_dir": ("DIR", "Another CLAUDE_CONFIG_DIR: another account of claude, other settings."),
    "budget": ("USD", "What launches may cost a month: a launch tells of it from 80 % on."),
}
"""Setting -> what its option takes, and its help."""

Keys = dict[tuple[str, ...], Value | None]
Command = Callable[..., Any]


def option_name(setting: str) -> str:
    """Return the option of a *setting*."""
    return f"--{setting.replace('_', '-')}"


def taking_settings(function: Command) -> Command:
    """Give a command the options that set something."""
    for key, (takes, text) in reversed(FIELDS.items()):
        kind = click.FLOAT if key == "budget" else click.STRING
        function = click.option(option_name(key), key, type=kind, metavar=takes, help=text)(function)
    for key, what in reversed(SWITCHES.items()):
        switch = click.Choice(["on", "off"])
        function = click.option(option_name(key), key, type=switch, help=f"Whether events may hold {what}.")(function)
    return function


def dropping_settings(function: Command) -> Command:
    """Give a command the flags that take a setting back."""
    for key in reversed([*SWITCHES, *FIELDS]):
        function = click.option(option_name(key), key, is_flag=True, help=f"Take {option_name(key)} back.")(function)
    return function


@click.command("set", options_metavar="[OPTIONS]")
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@taking_settings
@click.pass_context
def set_(ctx: click.Context, /, name: str, pairs: tuple[str, ...], **settings: Any) -> None:
    """
    Set attributes and settings of a profile.

    A profile that is missing is created. KEY=VALUE is always a resource attribute: it goes with every metric and
    event. Settings are options. Comments that you wrote into the file stay where they are.

    \b
      cclaunch profile set data-eng team=data-engineering project=log-ingestion
      cclaunch profile set data-eng "cost.center=R&D 4711" --description "Data"
      cclaunch profile set data-eng --prompts on --budget 250
      cclaunch profile set web --extends base team=web
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    changes, troubles = _wanted(name, pairs, settings, environ)
    if not changes and not troubles:
        raise click.UsageError("there is nothing to set: write KEY=VALUE, or an option", ctx)
    with profiles_locked(paths):
        _write(paths, name, changes, troubles, created=name not in profile_names(paths))


@click.command("create", options_metavar="[OPTIONS]")
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@taking_settings
@click.pass_context
def create(ctx: click.Context, /, name: str, pairs: tuple[str, ...], **settings: Any) -> None:
    """
    Create a profile.

    As `set` does, but it is an error when there is one of that name.

    \b
      cclaunch profile create base org=acme --description "What all of us share"
      cclaunch profile create data-eng team=data-engineering --extends base
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    changes, troubles = _wanted(name, pairs, settings, environ)
    with profiles_locked(paths):
        if name in profile_names(paths):
            raise UsageError(f"there is a profile `{name}` already", hint=f"cclaunch profile set {name} KEY=VALUE")
        _write(paths, name, changes, troubles, created=True)


def _wanted(name: str, pairs: tuple[str, ...], settings: dict[str, Any], environ: Environ) -> tuple[Keys, list[CclaunchError]]:
    """Return the changes of the profile *name* that the words ask for, and everything that is wrong with them."""
    changes: Keys = {}
    troubles: list[CclaunchError] = []
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            troubles.append(UsageError(f"`{pair}` is no KEY=VALUE", hint=f"write {pair}=VALUE"))
            continue
        if changes.setdefault(("attributes", key), value) != value:
            troubles.append(UsageError(f"`{key}` is given twice, with two values", hint="keep one of them"))
        try:
            check_attribute(key, value, name)
        except AttributeRefused as error:
            troubles.append(error)
        if key.replace("-", "_") in (*SWITCHES, *FIELDS):
            console.note(f"`{key}` is set as an attribute; the setting is an option: {option_name(key)}")
    for key, value in settings.items():
        if value is None:
            continue
        if key in SWITCHES:
            changes["privacy", key] = value == "on"
            continue
        if key == "claude_config_dir" and value:
            value = _absolute(value, environ)
        changes[key,] = value
        if trouble := "must not be empty" if value == "" else CHECKS[key](value):
            hint = f"to take it back: cclaunch profile unset {name} {option_name(key)}"
            troubles.append(UsageError(f"{option_name(key)} {trouble}", hint=hint))
    return changes, troubles


def _absolute(directory: str, environ: Environ) -> str:
    """Return the whole path: a profile is used in other directories than the one it was written in."""
    if directory == "~" or directory.startswith("~/"):
        directory = home(environ) + directory[1:]
    return os.path.abspath(directory)


def _write(paths: Paths, name: str, changes: Keys, troubles: list[CclaunchError], *, created: bool) -> None:
    """Check everything, write, and say what was done. Raises for all troubles at once, and then nothing is written."""
    path = profile_path(paths, name)
    if created and (trouble := name_trouble(paths, name)):
        refuse([trouble, *troubles])
    data = b"" if created else read_profile(paths, name)
    before = parse_profile(name, data, path)
    refuse([*troubles, *([] if troubles else family_troubles(paths, changed(before, changes)))])
    text = data.decode()
    after = edited(name, text, changes, path)
    if after == text and not created:
        console.line(f"profile {name}: unchanged")
        return
    write_profile(paths, name, after.encode())
    console.line(f"profile {name}: {'created' if created else 'changed'}")
    if created:
        _after_creation(paths, name)


def _after_creation(paths: Paths, name: str) -> None:
    """Say how the new profile is used, or that it may have been a typo."""
    import difflib

    others = [other for other in profile_names(paths) if other != name]
    if near := difflib.get_close_matches(name, others, n=1, cutoff=0.85):
        console.note(f"if you meant `{near[0]}`: cclaunch profile delete {name} --yes")
    elif load_state(paths).active != name:
        console.note(f"it is used by `cclaunch +{name}`, or always after `cclaunch profile use {name}`")


@click.command("unset", options_metavar="[OPTIONS]")
@click.argument("name")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@dropping_settings
@click.pass_context
def unset(ctx: click.Context, /, name: str, keys: tuple[str, ...], **settings: bool) -> None:
    """
    Take attributes and settings back.

    What it extends then speaks again, or the configuration. Comments stay.

    \b
      cclaunch profile unset data-eng project
      cclaunch profile unset data-eng --prompts --budget
    """
    paths = paths_of(ctx)
    wanted = [("attributes", key) for key in dict.fromkeys(keys)]
    chosen = [key for key, given in settings.items() if given]
    names = [*wanted, *(("privacy", key) if key in otel.PRIVACY else (key,) for key in chosen)]
    if not names:
        raise click.UsageError("there is nothing to take back: name a KEY, or an option", ctx)
    with profiles_locked(paths):
        path = profile_path(paths, name)
        data = read_profile(paths, name)
        before = parse_profile(name, data, path)
        refuse([trouble for one in names if (trouble := _not_set(before, one))])
        write_profile(paths, name, edited(name, data.decode(), dict.fromkeys(names), path).encode())
    console.line(f"profile {name}: changed")


def _not_set(profile: Profile, name: tuple[str, ...]) -> CclaunchError | None:
    """Return the error for what the profile does not say itself, or None."""
    import difflib

    key = name[-1]
    table = getattr(profile, name[0])
    if (key in table) if len(name) == 2 else table not in ("", None):
        return None
    if name[0] != "attributes":
        return UsageError(f"{option_name(key)} is not set in `{profile.name}`", hint=f"cclaunch profile show {profile.name}")
    near = difflib.get_close_matches(key, list(table), n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"cclaunch profile show {profile.name}"
    return UsageError(f"the attribute `{key}` is not set in `{profile.name}`", hint=hint)
