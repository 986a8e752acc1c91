"""``stack enable`` and ``stack disable``: the collector starts with the session; and what the unit itself runs."""

import click

from cclaunch import console
from cclaunch.backends.chosen import chosen
from cclaunch.backends.embedded import autostart, collector, starting
from cclaunch.backends.embedded.foreground import foreground
from cclaunch.backends.every import backend
from cclaunch.collector.pids import any_alive
from cclaunch.commands.shared.context import config_of, environ_of, paths_of
from cclaunch.errors import StackError
from cclaunch.hot.paths import Environ
from cclaunch.hot.ports import collector_ports

FORCE = click.option("--force", is_flag=True, help="Also where a hand has changed the file, or it is not ours.")


@click.command("enable")
@FORCE
@click.pass_context
def enable(ctx: click.Context, force: bool) -> None:
    """
    Start the collector with the session, and keep it running.

    A launch by cclaunch starts the collector when it is needed; a bare `claude` with persisted variables starts nothing.
    This writes a systemd user unit (on macOS a launchd agent), so that something listens after a reboot too. The
    collector then never ends for idleness. One that runs already hands over to it, and loses nothing.
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    config = config_of(paths)  # a broken file must be known before anything is written
    if told := backend(chosen(paths, config), paths, config, environ).starts_by_itself:
        raise StackError(f"{told}: there is nothing to enable", hint="cclaunch stack up")
    with console.progress("handing over to the session", environ):
        found = autostart.enable(paths, environ, force=force)
    console.line(f"{found.kind}: {found.path} enabled; the collector runs and starts with the session")


@click.command("disable")
@FORCE
@click.pass_context
def disable(ctx: click.Context, force: bool) -> None:
    """Undo enable: stop that collector and delete what enable wrote. Sessions that run keep one."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    config = config_of(paths)
    ports, needed = collector_ports(paths), any_alive(paths.launched)
    with console.progress("stopping the collector", environ):
        was_there, trouble = autostart.disable(environ, paths, force=force)
        if was_there and needed and collector.running(paths) is None:
            starting.start(paths, config, deadline_s=config.stack.wait, environ=environ, keep=ports)
    if trouble:
        console.note(f"the manager did not stop it ({trouble}): `cclaunch stack down` does")
    console.line("autostart: disabled" if was_there else "autostart: was not enabled")


@click.command("supervise", hidden=True)
@click.pass_context
def supervise(ctx: click.Context) -> None:
    """Become the collector's supervisor, in the foreground: the unit's command, not a person's."""
    foreground(paths_of(ctx), environ_of(ctx))


def show_autostart(environ: Environ) -> None:
    """Say in one line what starts the collector with the session, if anything does."""
    found = autostart.unit_state(environ)
    if found.state != autostart.MISSING:
        how = "starts with the session" if found.enabled else "is not enabled: cclaunch stack enable"
        changed = "" if found.state == autostart.OURS else f" ({found.state})"
        console.line(f"{found.kind}: {found.path}{changed} {how}")
