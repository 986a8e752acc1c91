"""``cclaunch persist``: a block into the files that a shell reads, so that a bare ``claude`` is a launch."""

import click

from cclaunch.commands.persist.choice import Choice, options
from cclaunch.commands.persist.run import Wish, persist
from cclaunch.commands.persist.status import status
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.parts import Parts
from cclaunch.errors import UsageError
from cclaunch.persist.template import EXPORTS, SCOPED, WHOLE


@click.group("persist", cls=Parts, invoke_without_command=True, subcommand_metavar="[PART]")
@options
@click.option("--exports", is_flag=True, help="The exports alone: `claude` stays what it is.")
@click.option("--scoped", is_flag=True, help="The function `claude` alone: no other program sees the variables.")
@click.option("--shim/--no-shim", default=None, help="Put a directory first on PATH in which `claude` is ours, or no more.")
@click.pass_context
def command(
    ctx: click.Context,
    shells: tuple[str, ...],
    every: bool,
    file: str,
    settings: bool,
    line: str | None,
    dry_run: bool,
    force: bool,
    in_place: bool,
    exports: bool,
    scoped: bool,
    shim: bool | None,
) -> None:
    """
    Have a bare `claude` be a launch.

    A block of a dozen lines goes into the file that your shell reads when it starts. `claude` becomes a function that runs
    cclaunch while that is installed, so that it is counted for the profile of the directory. Behind it stand exports, for
    what starts claude without a shell's function; which profile (that of `profile use`) and which collector stands in a
    file of ours, which the block reads. It starts nothing. What you export, or call `claude`, yourself wins.

    A file is replaced in one step, and a copy of what it was is kept. `cclaunch unpersist` gives back the same bytes.

    \b
      cclaunch persist                    the shell you are in
      cclaunch persist --shell fish       another one
      cclaunch persist --exports          no function
      cclaunch persist --scoped           no exports
      cclaunch persist --shim             for what looks along PATH too
      cclaunch persist --statusline       claude's line, around the one you have
      cclaunch persist --dry-run          only show what would change
      cclaunch persist status             which files hold a block; is it current
    """
    if ctx.invoked_subcommand is not None:
        if shells or every or file or settings or line or dry_run or force or in_place or exports or scoped or shim is not None:
            raise UsageError(f"options go behind the part: cclaunch persist {ctx.invoked_subcommand} …")
        return
    if exports and scoped:
        raise UsageError(
            "--exports is without the function, and --scoped is the function alone: one of them, or neither for both"
        )
    choice = Choice(shells, every, file, settings, line or "")
    if shim is not None and choice.only_settings:
        raise UsageError("the shim is a line of a block, and claude's settings hold none", hint="--shell NAME as well")
    kind = EXPORTS if exports else SCOPED if scoped else WHOLE
    persist(environ_of(ctx), paths_of(ctx), choice, Wish(dry_run, kind, force, in_place, shim))


command.add_command(status)
