"""``cclaunch dashboard``: the page in the browser. What is about Grafana is in `grafana`, the page as a file in `export`."""

import time

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.dashboard import export, grafana
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.history import read_history
from cclaunch.commands.shared.parts import Parts
from cclaunch.config.model import read_configuration
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Paths
from cclaunch.web import codes, opening, starting


@click.group("dashboard", cls=Parts, invoke_without_command=True, subcommand_metavar="[export|grafana|list|add|remove]")
@click.option("--no-open", is_flag=True, help="Only print the address: it lets one browser in, once, within a minute.")
@click.pass_context
def command(ctx: click.Context, no_open: bool) -> None:
    """
    Show the page: what today, this week and this month cost, and what for. No Docker.

    It opens in your browser; where there is no screen, the address is printed. It is shown to you alone, on this machine,
    by a process of its own that ends 15 minutes after the last look. From another machine: `ssh -L 4316:127.0.0.1:4316`,
    and --no-open.

    `export` writes it into a file that can be handed on. `grafana`, `list`, `add` and `remove` are about Grafana, which is
    part of the Docker stack.
    """
    if ctx.invoked_subcommand is not None:
        if no_open and ctx.invoked_subcommand != "grafana":
            raise click.UsageError(f"--no-open means nothing to `{ctx.invoked_subcommand}`", ctx)
        ctx.meta[grafana.NO_OPEN] = no_open
        return
    paths, environ = paths_of(ctx), environ_of(ctx)
    notice(paths, environ)
    config, broken = read_configuration(paths)
    if broken is not None:
        console.note(f"{broken.message}; the defaults are used")
    for path in (paths.data, paths.state):
        make_directory(path)
    running = starting.start(paths, config, environ)
    read_history(paths, places_of(paths), environ)
    _tell_burnt(paths)
    if running.port != running.wanted:
        console.note(f"port {running.wanted} was held by another program when the page began; {running.port} is used instead")
    code = codes.make(paths)
    program = None if no_open else opening.opener(environ)
    if program is None:
        console.line(opening.with_code(running.address, code))
        console.note("it lets one browser in, once, within a minute")
        return
    console.line(running.address)
    console.flush()
    if trouble := opening.show(program, opening.way_in(paths, program, running.address, code, environ), environ):
        console.note(f"{trouble}; `cclaunch dashboard --no-open` prints an address that lets a browser in")


def _tell_burnt(paths: Paths) -> None:
    """Say that somebody else has had what was to let the person's browser in."""
    if found := codes.burnt(paths):
        when = time.strftime("%H:%M on %Y-%m-%d", time.localtime(found.at))
        console.note(f"at {when} {found.who} brought a code that was made for your browser: {found.then}")


for _part in (export.command, grafana.command, grafana.list_, grafana.add, grafana.remove):
    command.add_command(_part)
