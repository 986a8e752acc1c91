"""``cclaunch dashboard``: open Grafana, and put other dashboards beside ours."""

import os
import shutil
import sys

import click

from cclaunch import console
from cclaunch.backends.sources import grafana_url, notice
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.parts import Parts
from cclaunch.errors import StackError, UsageError
from cclaunch.grafana import added
from cclaunch.hot.paths import Environ, Paths

PIGSTY = "pigsty"
PIGSTY_URL = "https://raw.githubusercontent.com/pgsty/pigsty/HEAD/files/grafana/node/claude-code.json"
"""The public dashboard for Claude Code that many know; it fits the names and datasources of the stack as it is."""

HOME = "/d/cclaunch-cost"
OPENERS = ("xdg-open", "wslview", "open")


@click.group("dashboard", cls=Parts, invoke_without_command=True, subcommand_metavar="[list|add|remove]")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the address of Grafana's dashboards and open it in the browser, where there is a screen."""
    if ctx.invoked_subcommand is not None:
        return
    paths, environ = paths_of(ctx), environ_of(ctx)
    notice(paths, environ)
    base = grafana_url(paths)
    if not base:
        raise StackError(
            "no Grafana runs here",
            cause="it is part of the Docker stack, unless stack.services leaves it out; what was recorded is told by"
            " `cclaunch usage` and `cclaunch events -f`",
            hint="cclaunch stack use docker",
        )
    console.line(base + HOME)
    _tell_login(paths)
    console.flush()
    _open(base + HOME, environ)


def _tell_login(paths: Paths) -> None:
    """Say the password that was made for Grafana to a person; one of config.toml, and Grafana's own, are known."""
    from cclaunch.backends.docker import login
    from cclaunch.config.model import configuration

    config = configuration(paths)
    if config.grafana.admin_password == login.GENERATE and console.terminal():
        console.note(login.told(paths, config, clear=True))


def _open(url: str, environ: Environ) -> None:
    """Have a browser show *url*, where there is a screen; it is printed in any case."""
    program = _opener(environ)
    if program is None:
        return
    # Nobody waits for it: a browser that is started here may run for days.
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        os.posix_spawn(program, [program, url], environ, file_actions=silent, setsid=True)
    except OSError as error:
        console.note(f"cannot start {program}: {error.strerror}")


def _opener(environ: Environ) -> str | None:
    """Return the program that shows a page, or None where there is no screen."""
    if chosen := environ.get("BROWSER", "").split(os.pathsep)[0].strip():
        return shutil.which(chosen, path=environ.get("PATH"))
    if sys.platform == "darwin":
        return shutil.which("open", path=environ.get("PATH"))
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY") or environ.get("WSL_DISTRO_NAME")):
        return None
    return next((found for name in OPENERS[:2] if (found := shutil.which(name, path=environ.get("PATH")))), None)


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
