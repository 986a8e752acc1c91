"""``profile use``, ``bind`` and ``unbind``: which profile is in force."""

import os

import click

from cclaunch import console
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.config.state import State, change_state, load_state
from cclaunch.errors import UsageError
from cclaunch.launch.preview import composed
from cclaunch.profiles.disk import forget_plan, resolve_profile

BEFORE = "-"


@click.command("use")
@click.argument("name", required=False, metavar="NAME|-")
@click.option("--none", "nothing", is_flag=True, help="Use no profile.")
@click.pass_context
def use(ctx: click.Context, name: str | None, nothing: bool) -> None:
    """
    Use a profile for all launches from now on.

    Running sessions keep theirs. +NAME, CCLAUNCH_PROFILE, a binding and a .cclaunch.toml win over it.

    \b
      cclaunch profile use data-eng
      cclaunch profile use -            the one before
      cclaunch profile use --none       no profile
    """
    if bool(name) == nothing:
        raise click.UsageError("write a NAME, `-` for the one before, or --none", ctx)
    paths = paths_of(ctx)
    if name == BEFORE:
        name = load_state(paths).previous
        if not name:
            raise UsageError("no other profile was in use before", hint="cclaunch profile list")
    if name:
        resolve_profile(paths, name)

    def chosen(state: State) -> State:
        return state if state.active == (name or "") else state._replace(active=name or "", previous=state.active)

    change_state(paths, chosen)
    forget_plan(paths)
    console.line(f"profile: {name or 'none'}")
    found = composed(environ_of(ctx), paths, launch=False).made.selection
    if found.source not in ("use", "") and found.asked != name:
        by = f"{found.source} {found.detail}".strip()
        console.note(f"here `{found.asked}` is asked for by {by}, which wins over it")


@click.command("bind")
@click.argument("name")
@click.argument("directory", required=False, metavar="[DIR]")
@click.pass_context
def bind(ctx: click.Context, name: str, directory: str | None) -> None:
    """
    Use a profile in a directory and below it.

    Without DIR, in this one. The deepest bound directory wins. A link is followed first: the real path counts.

    \b
      cclaunch profile bind web ~/src/shop
      cclaunch profile bind data-eng
    """
    paths = paths_of(ctx)
    resolve_profile(paths, name)
    path = _real(directory)
    if not os.path.isdir(path):
        raise UsageError(f"{path} is not a directory", hint=f"mkdir {path}" if not os.path.lexists(path) else "")
    before = ""

    def bound(state: State) -> State:
        nonlocal before
        before = state.bindings.get(path, "")
        return state._replace(bindings={**state.bindings, path: name})

    change_state(paths, bound)
    forget_plan(paths)
    instead = f", no longer to {before}" if before not in ("", name) else ""
    console.line(f"{path}: bound to {name}{instead}")


@click.command("unbind")
@click.argument("directory", required=False, metavar="[DIR]")
@click.pass_context
def unbind(ctx: click.Context, directory: str | None) -> None:
    """
    Undo bind for a directory.

    Without DIR, for this one. The directory may be gone already.

    \b
      cclaunch profile unbind ~/src/shop
    """
    paths = paths_of(ctx)
    path = _real(directory)

    def freed(state: State) -> State:
        if path not in state.bindings:
            raise UsageError(f"{path} is not bound itself", hint=_unbind_hint(path, state))
        return state._replace(bindings={key: value for key, value in state.bindings.items() if key != path})

    change_state(paths, freed)
    forget_plan(paths)
    console.line(f"{path}: no longer bound")


def _real(directory: str | None) -> str:
    """Return the real path of *directory*, or of where we are. Raises UsageError when the state cannot hold it."""
    try:
        path = os.path.realpath(directory or os.getcwd())
        path.encode()
    except OSError as error:
        raise UsageError(f"this directory cannot be named: {error.strerror}", hint="name one that exists") from error
    except UnicodeEncodeError as error:
        raise UsageError("the directory's name is no UTF-8, and state.toml cannot hold it", hint="bind one above it") from error
    return path


def _unbind_hint(path: str, state: State) -> str:
    """Return the command for the binding that reaches down to *path*, or where bindings are listed."""
    above = [key for key in state.bindings if path.startswith(key.rstrip("/") + "/")]
    if above:
        return f"cclaunch profile unbind {max(above, key=len)}"
    return f"bound are: {', '.join(sorted(state.bindings))}" if state.bindings else "no directory is bound"
