"""``cclaunch dashboard``: the page in the browser; Grafana, and other dashboards beside ours in it."""

import os
import time

import click

from cclaunch import console
from cclaunch.backends.sources import grafana_url, notice, places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.history import read_history
from cclaunch.commands.shared.parts import Parts
from cclaunch.config.model import configuration, read_configuration
from cclaunch.errors import StackError, UsageError
from cclaunch.files.atomic import make_directory
from cclaunch.grafana import added
from cclaunch.hot.paths import Environ, Paths
from cclaunch.web import codes, opening, starting

PIGSTY = "pigsty"
PIGSTY_URL = "https://raw.githubusercontent.com/pgsty/pigsty/HEAD/files/grafana/node/claude-code.json"
"""The public dashboard for Claude Code that many know; it fits the names and datasources of the stack as it is."""

HOME = "/d/cclaunch-cost"
NO_OPEN = "cclaunch.dashboard.no_open"


@click.group("dashboard", cls=Parts, invoke_without_command=True, subcommand_metavar="[grafana|list|add|remove]")
@click.option("--no-open", is_flag=True, help="Only print the address: it lets one browser in, once, within a minute.")
@click.pass_context
def command(ctx: click.Context, no_open: bool) -> None:
    """
    Show the page: what today, this week and this month cost, and what for. No Docker.

    It is shown by a process of its own, to you alone on this machine, and ends 15 minutes after the last look. With a
    part: Grafana, and the dashboards in it.
    """
    if ctx.invoked_subcommand is not None:
        if no_open and ctx.invoked_subcommand != "grafana":
            raise click.UsageError(f"--no-open means nothing to `{ctx.invoked_subcommand}`", ctx)
        ctx.meta[NO_OPEN] = no_open
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
        who, at = found
        console.note(
            f"at {time.strftime('%H:%M on %Y-%m-%d', time.localtime(at))} {who} brought a code that was made for your browser:"
            " it was void from then on, and whoever had been let in by it was put out"
        )


@command.command("grafana")
@click.option("--no-open", is_flag=True, help="Only print the address.")
@click.pass_context
def grafana(ctx: click.Context, no_open: bool) -> None:
    """Print the address of Grafana's dashboards and open it in the browser, where there is a screen."""
    paths, environ = paths_of(ctx), environ_of(ctx)
    notice(paths, environ)
    base = grafana_url(paths)
    if not base:
        raise StackError(
            "no Grafana runs here",
            cause="it is part of the Docker stack, unless stack.services leaves it out; `cclaunch dashboard` needs none",
            hint="cclaunch stack use docker",
        )
    console.line(base + HOME)
    _tell_login(paths)
    console.flush()
    program = None if no_open or ctx.meta.get(NO_OPEN) else opening.opener(environ)
    if program is not None and (trouble := opening.show(program, base + HOME, environ)):
        console.note(trouble)


def _tell_login(paths: Paths) -> None:
    """Say the password that was made for Grafana to a person; one of config.toml, and Grafana's own, are known."""
    from cclaunch.backends.docker import login

    config = configuration(paths)
    if config.grafana.admin_password == login.GENERATE and console.terminal():
        console.note(login.told(paths, config, clear=True))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Name all dashboards: ours, and those that were added."""
    found = added.listed(paths_of(ctx))
    if as_json:
        for one in found:
            console.json_line(one._asdict())
        return
    rows = [[one.name, one.title, str(one.panels), "ours" if one.ours else "added"] for one in found]
    console.table(["name", "title", "panels", "from"], rows, environ_of(ctx), right=[2])


@command.command("add", epilog="A FILE that is called pigsty is ./pigsty.")
@click.argument("file", metavar="pigsty|FILE|URL")
@click.pass_context
def add(ctx: click.Context, file: str) -> None:
    """
    Put another dashboard into Grafana.

    `pigsty` downloads the public one of the Pigsty project. A URL must be https. Its datasources become those of the
    stack. What was added under the same name before is replaced.
    """
    paths, environ = paths_of(ctx), environ_of(ctx)
    content, source = _content(file, environ)
    one, known = added.add(paths, content, source)
    console.line(f"dashboard {one.name}: {'replaced' if known else 'added'}, {one.title}, {one.panels} panels")
    _note_rest(paths, one.name)


def _content(source: str, environ: Environ) -> tuple[bytes, str]:
    """Return (content, where it comes from)."""
    from cclaunch.grafana.foreign import SIZE_LIMIT

    url = PIGSTY_URL if source == PIGSTY else source
    if "://" not in url:
        return _file(source, SIZE_LIMIT), source
    from cclaunch.grafana.download import download

    with console.progress(f"downloading {url}", environ):
        return download(url, SIZE_LIMIT, environ), url


def _file(path: str, limit: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not hang us
        with os.fdopen(handle, "rb") as file:
            return file.read(limit + 1) or b""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {path}: {reason}", hint="give pigsty, a file or an https URL") from error


def _note_rest(paths: Paths, name: str) -> None:
    """Say what the dashboard asks that the stack does not have, and how it comes to be seen."""
    import json

    from cclaunch.grafana.foreign import datasources

    absent = sorted(datasources(json.loads(added.added(paths)[f"{name}.json"])))
    if absent:
        console.note(f"some of its panels ask for {', '.join(absent)}, which the stack does not have")
    console.note("it is in Grafana after `cclaunch stack up`" if grafana_url(paths) else "Grafana gets it with the Docker stack")


@command.command("remove")
@click.argument("uid", metavar="NAME")
@click.pass_context
def remove(ctx: click.Context, uid: str) -> None:
    """Take an added dashboard out again."""
    added.discard(paths_of(ctx), uid)
    console.line(f"dashboard {uid}: removed")
