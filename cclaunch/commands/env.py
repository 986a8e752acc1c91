"""``cclaunch env``: the variables of a launch for this shell, so that a bare ``claude`` sends telemetry as well."""

from typing import Any

import click

from cclaunch import console, otel
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.intruded import tell_intruder
from cclaunch.hot.attributes import left_out
from cclaunch.hot.marks import BLOCK, LAST_BLOCK, SHELL_ATTRIBUTES, own_exports
from cclaunch.hot.paths import Environ
from cclaunch.launch.preview import FRESH, Composed, composed
from cclaunch.shells.detect import reader
from cclaunch.shells.table import NAMES, find_shell, script

OTHERWISE = "sh"
"""Whom we write for where nobody can be seen who reads it."""

MASK = "(hidden)"


@click.command("env")
@click.option("--shell", metavar="SHELL", help=f"Write for this one of {', '.join(NAMES)}. Without: the one that reads this.")
@click.option("--unset", "back", is_flag=True, help="Take back what env or a persisted block has set in this shell.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to value; null is a variable to unset.")
@click.option("--explain", is_flag=True, help="A table: what claude gets here, from where, and in the place of what.")
@click.pass_context
def command(ctx: click.Context, shell: str | None, back: bool, as_json: bool, explain: bool) -> None:
    """
    Print the variables for this shell: eval "$(cclaunch env)".

    A bare `claude` then sends its telemetry as one launched by cclaunch does, with the attributes of the profile that
    is in force here and now. Only a launch can tell two processes of one session apart and name the repository, so
    those attributes are not part of it.

    \b
      bash zsh ksh sh ...   eval "$(cclaunch env)"
      fish                  cclaunch env | source
      tcsh csh              eval `cclaunch env`
      elvish                eval (cclaunch env | slurp)
      xonsh                 execx($(cclaunch env))
      PowerShell            cclaunch env | Out-String | Invoke-Expression
      Nushell               cclaunch env | save -f env.nu; then: source env.nu

    It writes for the nearest shell among the processes above, because that is who reads it: in a script that is the
    script's own, whatever you type into. --shell wins; where no process can be seen it writes for a POSIX shell.

    With --explain nothing is meant for a shell: it tells each variable and resource attribute of a launch from this
    directory, where its value comes from, and what it displaced; with --json as one object.
    """
    environ = environ_of(ctx)
    if back and explain:
        raise click.UsageError("--explain tells of a launch, and --unset takes back: one at a time", ctx)
    if explain:
        _explain(composed(environ, paths_of(ctx), launch=True), environ, as_json)
        tell_intruder(paths_of(ctx))
        return
    # asked even for JSON: a shell that is not known is a mistake there as well
    name = find_shell(shell).name if shell else "" if as_json else reader(environ).name or OTHERWISE
    found = None if back else composed(environ, paths_of(ctx), launch=False)
    changes = taken_back(environ) if found is None else _changes(found, environ)
    if as_json:
        console.json_line(changes, indent=2)
    elif changes:
        console.code(script(name, changes).removesuffix("\n"))
    if found is not None:
        _tell(found, left_out(found.made.dropped))
        tell_intruder(paths_of(ctx))
    elif not changes:
        console.note("nothing in this shell came from cclaunch")


BELOW = "the attributes below"


def taken_back(environ: Environ) -> dict[str, str | None]:
    """
    Return name -> value, or None for one to unset, that take back what we exported.

    What a hand has changed since is left alone; the attributes that a hand had set before are set again.
    """
    changes: dict[str, str | None] = dict.fromkeys(sorted(own_exports(environ, otel.EXPORTED)))
    if otel.RESOURCE_ATTRIBUTES in changes:
        changes[otel.RESOURCE_ATTRIBUTES] = environ.get(SHELL_ATTRIBUTES) or None
    return changes | {name: None for name in (BLOCK, LAST_BLOCK, SHELL_ATTRIBUTES) if name in environ}


def _changes(found: Composed, environ: Environ) -> dict[str, str | None]:
    """Return name -> value, or None for one to unset; with the block that marks what did not come from the person."""
    names = [name for name, source in found.made.sources.items() if source != "shell"]
    changes = {name: found.made.environ.get(name) for name in [*names, BLOCK, SHELL_ATTRIBUTES]}
    return {name: value for name, value in changes.items() if value is not None or name in environ}


def _tell(found: Composed, dropped: list[str]) -> None:
    """Say what a launch would say (on attributes that are left out: *dropped*), and whether anybody would hear a bare claude."""
    for text in (*found.plan.warnings, *found.place.warnings, *dropped, *found.notes):
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
        _table(variables, environ)
        console.line()
        console.table(["resource attribute", "value", "from"], [list(one.values()) for one in attributes], environ)
        if FRESH in found.made.attributes.values():
            console.note(f"`{FRESH}` stands for an id that every launch makes anew")
    _tell(found, found.made.dropped)


def _table(variables: list[dict[str, Any]], environ: Environ) -> None:
    """Write *variables* for people: the attributes have a table of their own, and most took nobody's place."""
    titles, keys = ["variable", "value", "from"], ["name", "value", "source"]
    if any(one["displaced"] is not None for one in variables):
        titles, keys = [*titles, "in the place of"], [*keys, "displaced"]
    shown = [{**one, "value": BELOW} if one["name"] == otel.RESOURCE_ATTRIBUTES else one for one in variables]
    rows = [[_shown(one[key]) for key in keys] for one in shown]
    console.table(titles, rows, environ)


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
