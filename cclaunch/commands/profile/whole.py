"""``profile delete`` and ``rename``: a whole profile, and everything that names it."""

import os

import click

from cclaunch import console
from cclaunch.commands.shared.confirm import agree
from cclaunch.commands.shared.context import paths_of
from cclaunch.config.state import State, change_state, load_state
from cclaunch.errors import CclaunchError, ConfigError, FileTrouble, UsageError
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import (
    children_of,
    forget_plan,
    load_profile,
    missing,
    profile_names,
    profile_path,
    profiles_locked,
    read_profile,
    remove_profile,
    write_profile,
)
from cclaunch.profiles.edit import edited
from cclaunch.profiles.family import name_trouble, refuse
from cclaunch.profiles.model import parse_profile


@click.command("delete")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.pass_context
def delete(ctx: click.Context, names: tuple[str, ...], yes: bool) -> None:
    """
    Delete profiles.

    Whatever uses one or is bound to it forgets it; one that others extend stays. What was recorded stays too.

    \b
      cclaunch profile delete web
      cclaunch profile delete web data-eng --yes
    """
    paths = paths_of(ctx)
    doomed = list(dict.fromkeys(names))
    _deletable(paths, doomed)
    for name in doomed:
        console.note(f"this deletes the profile {name}{_described(paths, name)}")
    agree("Delete it?" if len(doomed) == 1 else "Delete them?", yes=yes, otherwise="nothing was deleted")
    with profiles_locked(paths):
        _deletable(paths, doomed)
        for name in doomed:
            remove_profile(paths, name)
        before = load_state(paths)
        after = change_state(paths, lambda state: _without(state, doomed))
    forget_plan(paths)
    for name in doomed:
        console.line(f"profile {name}: deleted")
    _tell_state(before, after)


def _deletable(paths: Paths, doomed: list[str]) -> None:
    """Raise for every name that is missing or that another profile extends, and for a state that cannot be changed."""
    load_state(paths)
    troubles: list[CclaunchError] = []
    names = profile_names(paths)
    for name in doomed:
        if name not in names:
            troubles.append(missing(paths, name))
        elif left := [child for child in children_of(paths, name) if child not in doomed]:
            hint = f"cclaunch profile unset {left[0]} --extends"
            troubles.append(UsageError(f"`{name}` is still extended by {', '.join(left)}", hint=hint))
    refuse(troubles, "nothing was deleted")


def _described(paths: Paths, name: str) -> str:
    try:
        profile = load_profile(paths, name)
    except CclaunchError:
        return " (broken)"
    pairs = ", ".join(f"{key}={value}" for key, value in profile.attributes.items())
    return f": {pairs}" if pairs else ""


def _without(state: State, names: list[str]) -> State:
    return state._replace(
        active="" if state.active in names else state.active,
        previous="" if state.previous in names else state.previous,
        bindings={path: name for path, name in state.bindings.items() if name not in names},
    )


def _tell_state(before: State, after: State) -> None:
    if before.active != after.active:
        console.note(f"it was in use: now none is (`cclaunch profile use {after.previous or 'NAME'}`)")
    for path in before.bindings.keys() - after.bindings.keys():
        console.note(f"{path} is no longer bound")


@click.command("rename")
@click.argument("old")
@click.argument("new")
@click.pass_context
def rename(ctx: click.Context, old: str, new: str) -> None:
    """
    Rename a profile.

    What uses it, is bound to it or extends it follows. What was recorded keeps the old name, so a budget begins anew.
    A .cclaunch.toml that names it has to be changed by hand.

    \b
      cclaunch profile rename data-eng data
    """
    from cclaunch.budgets.limits import profile_limits

    paths = paths_of(ctx)
    with profiles_locked(paths):
        data = read_profile(paths, old)
        if old == new:
            raise UsageError("that is its name already", hint=f"cclaunch profile show {old}")
        if new in profile_names(paths):
            raise UsageError(f"there is a profile `{new}` already", hint=f"cclaunch profile delete {new}")
        if trouble := name_trouble(paths, new, besides=old):
            raise trouble
        children = children_of(paths, old)
        texts = {child: _extending(paths, child, new) for child in children}
        load_state(paths)
        _check(old, new, data)
        _move(paths, old, new, texts)
        before = load_state(paths)
        change_state(paths, lambda state: _renamed(state, old, new))
        if old.casefold() != new.casefold():
            remove_profile(paths, old)
    console.line(f"profile {old}: now {new}")
    if before.active == old:
        console.note(f"{new} is in use")
    for path, name in before.bindings.items():
        if name == old:
            console.note(f"{path} is bound to {new}")
    for child in children:
        console.note(f"{child} extends {new}")
    if any(limit.profile == new for limit in profile_limits(paths)):
        console.note(f"the budget of {new} begins anew: what was spent this month stays under the name {old}")


def _extending(paths: Paths, child: str, parent: str) -> str:
    text = read_profile(paths, child).decode()
    return edited(child, text, {("extends",): parent}, profile_path(paths, child))


def _check(old: str, new: str, data: bytes) -> None:
    """Raise ConfigError when the profile is whole under its old name and would not be under the new one."""
    try:
        parse_profile(old, data, old)
    except ConfigError:
        return  # broken already: the name does not matter
    parse_profile(new, data, new)


def _move(paths: Paths, old: str, new: str, children: dict[str, str]) -> None:
    """Make the new file, then point the children at it: at no moment does one of them name what is not there."""
    before, after = profile_path(paths, old), profile_path(paths, new)
    try:
        if old.casefold() == new.casefold():
            os.rename(before, after)
        elif os.path.islink(before):
            os.symlink(os.readlink(before), after)
        else:
            write_profile(paths, new, read_profile(paths, old))
    except OSError as error:
        raise FileTrouble(f"cannot write {after}: {error.strerror}", hint=f"ls -ld {os.path.dirname(after)}") from error
    for child, text in children.items():
        write_profile(paths, child, text.encode())
    forget_plan(paths)


def _renamed(state: State, old: str, new: str) -> State:
    def now(name: str) -> str:
        return new if name == old else name

    bindings = {path: now(name) for path, name in state.bindings.items()}
    return state._replace(active=now(state.active), previous=now(state.previous), bindings=bindings)
