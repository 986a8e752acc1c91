"""
``cclaunch dashboard grafana``, ``list``, ``add`` and ``remove``: Grafana, and other people's dashboards beside ours in it.

The problem it owns: Grafana is there with the Docker stack alone, and a dashboard that was made elsewhere asks for what the
stack may not have. Both are said.
"""

import os

import click

from cclaunch import console
from cclaunch.backends.sources import grafana_url, notice
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.config.model import configuration
from cclaunch.errors import StackError, UsageError
from cclaunch.grafana import added
from cclaunch.hot.paths import Environ, Paths
from cclaunch.web import opening

PIGSTY = "pigsty"
PIGSTY_URL = "https://raw.githubusercontent.com/pgsty/pigsty/HEAD/files/grafana/node/claude-code.json"
"""The public dashboard for Claude Code that many know; it fits the names and datasources of the stack as it is."""

HOME = "/d/cclaunch-cost"
NO_OPEN = "cclaunch.dashboard.no_open"
"""Under this name the verb leaves its --no-open to `grafana`."""


@click.command("grafana")
@click.option("--no-open", is_flag=True, help="Only print the address.")
@click.pass_context
def command(ctx: click.Context, no_open: bool) -> None:
    """
    Open Grafana's dashboards, where the Docker stack runs.

    The address is printed, and opened where there is a screen; a password that was made for Grafana is told on a terminal.
    """
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


@click.command("list")
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


@click.command("add", epilog="A FILE that is called pigsty is ./pigsty.")
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


@click.command("remove")
@click.argument("uid", metavar="NAME")
@click.pass_context
def remove(ctx: click.Context, uid: str) -> None:
    """Take an added dashboard out again."""
    added.discard(paths_of(ctx), uid)
    console.line(f"dashboard {uid}: removed")
