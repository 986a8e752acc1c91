"""``cclaunch env``: the variables of a launch for this shell, so that a bare ``claude`` sends telemetry as well."""

import click

from cclaunch import console, otel
from cclaunch.commands.composed import FRESH, Composed, composed
from cclaunch.commands.context import Environ, environ_of, where_of
from cclaunch.environment import BLOCK, hash8
from cclaunch.errors import UsageError

POSIX = ("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "yash")
"""Shells that read ``export NAME='value'`` and close a quotation as POSIX says."""


@click.command("env")
@click.option("--shell", default="bash", show_default=True, metavar="SHELL", help=f"One of {', '.join(POSIX)}.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to value; null is a variable to unset.")
@click.option("--explain", is_flag=True, help="A table: each variable that claude gets here, and where it comes from.")
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool, explain: bool) -> None:
    """
    Print the variables for this shell: eval "$(cclaunch env)".

    A bare `claude` then sends its telemetry as one launched by cclaunch does. Only a launch can tell two
    processes of one session apart and name the repository, so those attributes are not part of it.
    """
    environ = environ_of(ctx)
    if shell not in POSIX:
        raise UsageError(f"`{shell}` is not a shell that env can write for yet", hint=f"--shell one of {', '.join(POSIX)}")
    if explain:
        _explain(composed(environ, where_of(ctx), launch=True), environ)
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
    """Return name -> value, or None for one to unset; and the block that marks what did not come from the person."""
    changes: dict[str, str | None] = {}
    for name, source in found.made.sources.items():
        if source != "shell":
            changes[name] = found.made.environ.get(name)
    # Attributes of the shell stay the person's own: a mark on them would make the next launch drop them.
    marked = [name for name, value in changes.items() if value is not None and name != otel.RESOURCE_ATTRIBUTES]
    changes[BLOCK] = ",".join(f"{name}:{hash8(changes[name] or '')}" for name in marked)
    return {name: value for name, value in changes.items() if value is not None or name in environ}


def _tell(found: Composed) -> None:
    for text in (*found.plan.warnings, *found.made.dropped):
        console.note(text)
    if found.made.displaced:
        console.note(f"displaced: {', '.join(sorted(found.made.displaced))} (`cclaunch env --explain` tells why)")
    if not found.listening:
        console.note("no collector is running: `cclaunch stack up` starts it; a bare claude does not")


def _explain(found: Composed, environ: Environ) -> None:
    rows = []
    for name, source in found.made.sources.items():
        value = found.made.environ.get(name, console.NOTHING)
        before = found.made.displaced.get(name)
        if before is not None:
            source += f", in the place of the shell's {'(hidden)' if _secret(name) else f'`{before}`'}"
        rows.append([name, value, source])
    console.table(["variable", "value", "from"], rows, environ)
    if FRESH in found.made.attributes.values():
        console.note(f"`{FRESH}` stands for an id that every launch makes anew")
    _tell(found)


def _secret(name: str) -> bool:
    """Say whether a variable may hold a credential: those are never shown."""
    return any(part in name for part in ("HEADERS", "KEY", "TOKEN"))


def quoted(value: str) -> str:
    """Return *value* as one word for a POSIX shell, whatever it holds: inside single quotes everything is itself."""
    return "'" + value.replace("'", "'\\''") + "'"
