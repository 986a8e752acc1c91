"""``cclaunch env``: the variables of a launch for this shell, so that a bare ``claude`` sends telemetry as well."""

from typing import Any

import click

from cclaunch import console
from cclaunch.commands.composed import FRESH, Composed, composed
from cclaunch.commands.context import Environ, environ_of, where_of
from cclaunch.environment import BLOCK, SHELL_ATTRIBUTES
from cclaunch.errors import UsageError

POSIX = ("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "yash")
"""Shells that read ``export NAME='value'`` and close a quotation as POSIX says."""

MASK = "(hidden)"


@click.command("env")
@click.option("--shell", default="bash", show_default=True, metavar="SHELL", help=f"One of {', '.join(POSIX)}.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to value; null is a variable to unset.")
@click.option("--explain", is_flag=True, help="A table: what claude gets here, from where, and in the place of what.")
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool, explain: bool) -> None:
    """
    Print the variables for this shell: eval "$(cclaunch env)".

    A bare `claude` then sends its telemetry as one launched by cclaunch does, with the attributes of the profile that
    is in force here and now. Only a launch can tell two processes of one session apart and name the repository, so
    those attributes are not part of it.

    With --explain nothing is meant for a shell: it tells each variable and resource attribute of a launch from this
    directory, where its value comes from, and what it displaced; with --json as one object.
    """
    environ = environ_of(ctx)
    if shell not in POSIX:
        raise UsageError(f"`{shell}` is not a shell that env can write for yet", hint=f"--shell one of {', '.join(POSIX)}")
    if explain:
        _explain(composed(environ, where_of(ctx), launch=True), environ, as_json)
        return
    found = composed(environ, where_of(ctx), launch=False)
    changes = _changes(found, environ)
    if as_json:
        console.json_line(changes, indent=2)
    else:
        for name, value in changes.items():
            console.line(f"unset {name}" if value is None else f"export {name}={quoted(value)}")
    _tell(found)


def _changes(found: Composed, environ: Environ) -> dict[str, str | None]:
    """Return name -> value, or None for one to unset; with the block that marks what did not come from the person."""
    names = [name for name, source in found.made.sources.items() if source != "shell"]
    changes = {name: found.made.environ.get(name) for name in [*names, BLOCK, SHELL_ATTRIBUTES]}
    return {name: value for name, value in changes.items() if value is not None or name in environ}


def _tell(found: Composed) -> None:
    """Say what a launch would say, and whether anybody would hear a bare claude."""
    for text in (*found.plan.warnings, *found.place.warnings, *found.made.dropped, *found.notes):
        console.note(text)
    selection = found.made.selection
    if selection.trouble:
        console.note(f"{selection.trouble} ({selection.source} asks for it): no profile is in force")
    if found.made.displaced:
        console.note(f"displaced: {', '.join(sorted(found.made.displaced))} (`cclaunch env --explain` tells why)")
    if not found.listening:
        console.note("no collector is running: `cclaunch stack up` starts it; a bare claude does not")


def _explain(found: Composed, environ: Environ, as_json: bool) -> None:
    variables = _variables(found)
    attributes = [
        {"attribute": key, "value": value, "source": found.made.origins[key]} for key, value in found.made.attributes.items()
    ]
    if as_json:
        console.json_line({"variables": variables, "attributes": attributes}, indent=2)
    else:
        rows = [[one["name"], _shown(one["value"]), one["source"], _shown(one["displaced"])] for one in variables]
        console.table(["variable", "value", "from", "in the place of"], rows, environ)
        console.line()
        console.table(["resource attribute", "value", "from"], [list(one.values()) for one in attributes], environ)
        if FRESH in found.made.attributes.values():
            console.note(f"`{FRESH}` stands for an id that every launch makes anew")
    _tell(found)


def _variables(found: Composed) -> list[dict[str, Any]]:
    """Return name, value, source and displaced value of each variable; secrets are masked, None is no value."""
    made = found.made
    displaced = {name: masked(name, value) for name, value in made.displaced.items()}
    for claim in found.overridden:
        displaced[claim.name] = f"{masked(claim.name, claim.value)} ({claim.path})"
    sources = {**dict.fromkeys(displaced, "removed (routing)"), **made.sources}
    return [
        {"name": name, "value": masked(name, made.environ.get(name)), "source": source, "displaced": displaced.get(name)}
        for name, source in sorted(sources.items())
    ]


def masked(name: str, value: str | None) -> str | None:
    """Return *value*, or what stands for it where the variable *name* may hold a credential."""
    secret = any(part in name for part in ("HEADERS", "KEY", "TOKEN", "PASSWORD", "SECRET"))
    return MASK if value and secret else value


def _shown(value: str | None) -> str:
    return console.NOTHING if value is None else value


def quoted(value: str) -> str:
    """Return *value* as one word for a POSIX shell, whatever it holds: inside single quotes everything is itself."""
    return "'" + value.replace("'", "'\\''") + "'"
