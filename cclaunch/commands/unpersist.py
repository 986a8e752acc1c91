"""``cclaunch unpersist``: our block out of the files that a shell reads."""

import click

from cclaunch.commands.persist.choice import Choice, options
from cclaunch.commands.persist.run import Wish, unpersist
from cclaunch.commands.shared.context import environ_of, paths_of


@click.command("unpersist")
@options
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
) -> None:
    """
    Undo persist: the file is again what it was, byte for byte.

    What was added to it since stays. --all takes the block out of every file that holds one, claude's settings included,
    and our status line out of every scope; the line that was there before is back.
    """
    choice = Choice(shells, every, file, settings, line or "")
    unpersist(environ_of(ctx), paths_of(ctx), choice, Wish(dry_run, force=force, in_place=in_place))
