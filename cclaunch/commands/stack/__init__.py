"""``cclaunch stack``: start, stop, look at and choose the telemetry stack."""

import time

import click

from cclaunch import console
from cclaunch.backends.every import backend
from cclaunch.backends.failure import forget_failure
from cclaunch.backends.in_force import in_force
from cclaunch.backends.protocol import Backend
from cclaunch.backends.state import stack_state
from cclaunch.backends.turn import turn
from cclaunch.commands.shared.context import config_of, environ_of, paths_of
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.parts import Parts
from cclaunch.commands.stack.autostart import disable, enable, show_autostart, supervise
from cclaunch.commands.stack.state import revealed, show_services
from cclaunch.commands.stack.told import tell_started
from cclaunch.config.checks import BACKENDS, SERVICES
from cclaunch.config.model import Config
from cclaunch.hot.paths import Environ, Paths
from cclaunch.persist.refresh import refresh_files


@click.group("stack", cls=Parts, subcommand_metavar="up|down|restart|status|logs|pull|use|compose|enable|disable")
def command() -> None:
    """
    The telemetry stack: a collector of your own on this machine, or containers with dashboards.

    A launch starts it when it is needed. `stack use docker` moves to the containers, `stack use embedded` back.
    """


MOVING = frozenset(("up", "restart", "use"))
"""Parts after which the collector may listen somewhere else."""


@command.result_callback()
@click.pass_context
def tell_shells(ctx: click.Context, _: object) -> None:
    """Have shells that start from now on send to where the collector listens now."""
    if ctx.invoked_subcommand in MOVING:
        refresh_files(environ_of(ctx), paths_of(ctx))


def _backend(ctx: click.Context) -> tuple[Backend, Paths, Config, Environ]:
    """Return the backend in force and where it runs; a broken file must be known before anything is stopped."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    config = config_of(paths)
    return backend(in_force(paths, config, environ), paths, config, environ), paths, config, environ


@command.command("up")
@click.pass_context
def up(ctx: click.Context) -> None:
    """Start the stack and wait until it is healthy. Does nothing when it is."""
    _start(ctx)


@command.command("restart")
@click.pass_context
def restart(ctx: click.Context) -> None:
    """Stop the stack and start it again. What was acknowledged is kept; claude sends again what was not."""
    _start(ctx, again=True)


def _start(ctx: click.Context, *, again: bool = False) -> None:
    used, where, config, environ = _backend(ctx)
    used.prepare()
    if not again:
        used.autostart()
    until = time.monotonic() + max(used.patience, 0.1)
    with (
        console.progress(f"restarting {used.what}" if again else f"starting {used.what}", environ),
        turn(where, until, environ.get("HOME", "")),
    ):
        started = used.restart(until) if again else used.start(until, whole=True)
    forget_failure(where)
    tell_started(used, started, where, config)


@command.command("down")
@click.option("--volumes", is_flag=True, help="Delete the raw events and metrics, too. The ledger counts them before.")
@click.option("--ledger", is_flag=True, help="With --volumes: delete the ledger, too, every request that was ever counted.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.pass_context
def down(ctx: click.Context, volumes: bool, ledger: bool, yes: bool) -> None:
    """Stop the stack. What was recorded stays, unless --volumes deletes it; what it cost stays also then, without --ledger."""
    if yes and not volumes:
        raise click.UsageError("--yes answers the question of --volumes", ctx)
    if ledger and not volumes:
        raise click.UsageError("--ledger goes with --volumes: from the raw events it would be filled anew", ctx)
    from cclaunch.commands.stack.end import end

    end(paths_of(ctx), environ_of(ctx), volumes=volumes, ledger=ledger, yes=yes)


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say how every service of the stack is."""
    environ = environ_of(ctx)
    with console.progress("asking the stack", environ):
        state = stack_state(paths_of(ctx), environ)
        store = sentences(paths_of(ctx), waiting=False)
    if as_json:
        console.json_line({**state.document(), "store": store}, indent=2)
    else:
        show_services(revealed(state, paths_of(ctx)) if console.terminal() else state, environ)
        for text in store:
            console.note(text)
        show_autostart(environ)


@command.command("logs")
@click.argument("services", nargs=-1, type=click.Choice((*SERVICES, "guard")), metavar="[SERVICE]...")
@click.option("-f", "--follow", is_flag=True, help="Go on with every line that is written, until Ctrl-C.")
@click.option("-n", "count", type=click.IntRange(min=0), default=100, show_default=True, metavar="N", help="The last N lines.")
@click.pass_context
def logs(ctx: click.Context, services: tuple[str, ...], follow: bool, count: int) -> None:
    """Show what the stack has written: all of it, or one SERVICE (collector, prometheus, victorialogs, grafana, guard)."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    from cclaunch.config.model import configuration

    config = configuration(paths)
    used = backend(in_force(paths, config, environ), paths, config, environ)
    for text in used.logs(services, count, follow=follow):
        console.line(text)
        if follow:
            console.flush()


@command.command("pull")
@click.pass_context
def pull(ctx: click.Context) -> None:
    """Fetch the images of the Docker stack that are not here yet."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    from cclaunch.backends.docker.backend import DockerBackend

    fetched = DockerBackend(paths, config_of(paths), environ).fetch_missing()
    for image in fetched:
        console.line(f"fetched: {image}")
    if not fetched:
        console.line("every image is here")


@command.command("use")
@click.argument("name", type=click.Choice(BACKENDS), metavar="embedded|docker")
@click.pass_context
def use(ctx: click.Context, name: str) -> None:
    """
    Choose the backend and move to it: running sessions go on, new ones use it.

    embedded: one collector of ours, no Docker. docker: OpenTelemetry Collector, Prometheus, VictoriaLogs and Grafana.
    What either has recorded stays.
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    config = config_of(paths)
    used = backend(name, paths, config, environ)
    from cclaunch.backends.move import use as move

    with console.progress(f"moving to {name}", environ):
        started = move(name, paths, config, environ, used.patience)
    forget_failure(paths)
    tell_started(used, started, paths, config)


@command.command("compose")
@click.option("--show-password", "clear", is_flag=True, help="Print grafana.admin_password in clear.")
@click.pass_context
def compose(ctx: click.Context, clear: bool) -> None:
    """Print the Docker stack as a compose file: the same services, settings and volumes."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    from cclaunch.backends.docker import compose as composed
    from cclaunch.backends.docker import login
    from cclaunch.backends.docker.backend import DockerBackend

    config = config_of(paths)
    login.make(paths, config)
    text = composed.compose(DockerBackend(paths, config, environ).model(), clear=clear)
    console.data(text.encode())
    if clear and config.grafana.admin_password and not console.terminal():
        console.note("grafana.admin_password stands in it in clear")


@command.command("hand-back", hidden=True)
@click.pass_context
def hand_back(ctx: click.Context) -> None:
    """Wait until Docker runs again and give its ports back; started by the one that took them."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    from cclaunch.backends.hand_back import hand_back
    from cclaunch.config.model import configuration

    if hand_back(paths, configuration(paths), environ):
        forget_failure(paths)


for _part in (enable, disable, supervise):
    command.add_command(_part)
