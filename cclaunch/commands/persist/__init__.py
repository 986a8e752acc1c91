"""``cclaunch persist``: the variables into the files that a shell reads, so that a bare ``claude`` sends telemetry too."""

import click

from cclaunch.commands.persist.choice import Choice, options
from cclaunch.commands.persist.run import Wish, persist
from cclaunch.commands.persist.status import status
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.parts import Parts
from cclaunch.errors import UsageError


@click.group("persist", cls=Parts, invoke_without_command=True, subcommand_metavar="[PART]")
@options
@click.option("--scoped", is_flag=True, help="A function `claude` instead of exports: no other program sees the variables.")
@click.pass_context
def command(
    ctx: click.Context,
    shells: tuple[str, ...],
    every: bool,
    file: str,
    settings: bool,
    dry_run: bool,
    force: bool,
    in_place: bool,
    scoped: bool,
) -> None:
    """
    Have a bare `claude` send telemetry too.

    A block goes into the file that your shell reads when it starts: which collector, which profile (that of
    `profile use`), and that nothing is disclosed. It is plain text that starts nothing. What you export yourself wins.

    A file is replaced in one step, and a copy of what it was is kept. `cclaunch unpersist` gives back the same bytes.

    \b
      cclaunch persist                    the shell you are in
      cclaunch persist --shell fish       another one
      cclaunch persist --dry-run          only show what would change
      cclaunch persist status             which files hold a block, and whether it is current
    """
    if ctx.invoked_subcommand is not None:
        if shells or every or file or settings or dry_run or force or in_place or scoped:
            raise UsageError(f"options go behind the part: cclaunch persist {ctx.invoked_subcommand} …")
        return
    persist(environ_of(ctx), paths_of(ctx), Choice(shells, every, file, settings), Wish(dry_run, scoped, force, in_place))


command.add_command(status)
