"""``cclaunch stack``: start, stop and look at the telemetry stack; here the embedded collector."""

import click

from cclaunch import console
from cclaunch.backends import autostart, embedded
from cclaunch.commands.asking import agree
from cclaunch.commands.autostart import disable, enable, show_autostart, supervise
from cclaunch.commands.context import config_of, environ_of, where_of
from cclaunch.commands.erase import describe, erase
from cclaunch.commands.follow import show_log
from cclaunch.commands.parts import Parts
from cclaunch.commands.reserved import reserved
from cclaunch.commands.services import show_services, stack_state
from cclaunch.plan import Directories
from cclaunch.wake import forget


@click.group("stack", cls=Parts, subcommand_metavar="up|down|restart|status|logs|enable|disable")
def command() -> None:
    """
    The telemetry stack: a collector of your own on this machine, one for all launches.

    A launch starts it when it is needed, and it ends by itself when nobody has needed it for a while.
    """


@command.command("up")
@click.pass_context
def up(ctx: click.Context) -> None:
    """Start the collector and wait until it is healthy. Does nothing when it is."""
    _start(ctx)


@command.command("restart")
@click.pass_context
def restart(ctx: click.Context) -> None:
    """Stop the collector and start it again. What was acknowledged is kept; claude sends again what was not."""
    _start(ctx, again=True)


def _start(ctx: click.Context, *, again: bool = False) -> None:
    environ, where = environ_of(ctx), where_of(ctx)
    config = config_of(where)  # a broken file must be known before anything is stopped
    if not again and embedded.running(where) is None:
        autostart.start(where, environ)
    start = embedded.restart if again else embedded.start
    with console.progress("restarting the collector" if again else "starting the collector", environ):
        started = start(where, config, deadline_s=config.stack.wait, environ=environ)
    forget(where)
    for text in started.notes:
        console.note(text)
    ports = started.ports
    if ports.owner:
        console.line(f"collector: {ports.owner}, grpc 127.0.0.1:{ports.grpc}")
    else:
        metrics = f"metrics http://127.0.0.1:{ports.metrics}/metrics"
        console.line(f"collector: healthy, grpc 127.0.0.1:{ports.grpc}, http 127.0.0.1:{ports.http}, {metrics}")


@command.command("down")
@click.option("--volumes", is_flag=True, help="Delete the database too: everything that was recorded.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.pass_context
def down(ctx: click.Context, volumes: bool, yes: bool) -> None:
    """Stop the collector. What was recorded stays, unless --volumes deletes it."""
    where = where_of(ctx)
    if yes and not volumes:
        raise click.UsageError("--yes answers the question of --volumes", ctx)
    doomed = _agreed(where, yes) if volumes else False
    with console.progress("stopping the collector", environ_of(ctx)):
        was_running = embedded.running(where) is not None
        autostart.stop(environ_of(ctx))
        was_running = embedded.shutdown(where) or was_running
    console.line("collector: stopped" if was_running else "collector: was not running")
    if doomed:
        erase(where)
        console.line("database: deleted")


def _agreed(where: Directories, yes: bool) -> bool:
    """Say what would be deleted and ask; return whether there is anything to delete. Raises Abort on a no."""
    text = describe(where)
    if not text:
        console.note("there is no database to delete")
        return False
    console.note(f"this deletes {text}")
    agree("Delete it?", yes=yes, otherwise="nothing was stopped or deleted")
    return True


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say how every service of the stack is."""
    environ = environ_of(ctx)
    with console.progress("asking the stack", environ):
        state = stack_state(where_of(ctx))
    if as_json:
        console.json_line(state.document(), indent=2)
    else:
        show_services(state, environ)
        show_autostart(environ)


@command.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with every line that is written, until Ctrl-C.")
@click.option("-n", "count", type=click.IntRange(min=0), default=100, show_default=True, metavar="N", help="The last N lines.")
@click.pass_context
def logs(ctx: click.Context, follow: bool, count: int) -> None:
    """Show the collector's log."""
    show_log(embedded.log_path(where_of(ctx)), count, follow=follow)


RESERVED = {
    "pull": "Fetch what the stack needs.",
    "use": "Choose another backend.",
    "compose": "Print the stack as a compose file.",
}

for _part in (enable, disable, supervise):
    command.add_command(_part)
for _name, _summary in RESERVED.items():
    command.add_command(reserved(_name, _summary))
