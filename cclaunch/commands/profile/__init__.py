"""``cclaunch profile``: say who the work is for. One file for each theme."""

import click

from cclaunch import console
from cclaunch.commands.profile import choose, edit, look, share, whole, write
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.here import EXPORTS, told_here
from cclaunch.commands.shared.parts import Parts
from cclaunch.persist.refresh import refresh

PARTS = (
    look.list_,
    look.show,
    look.current,
    choose.use,
    write.set_,
    write.unset,
    write.create,
    whole.delete,
    whole.rename,
    edit.edit,
    choose.bind,
    choose.unbind,
    share.export,
    share.import_,
)


class InOrder(Parts):
    """Lists its parts as they are written, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the parts."""
        return list(self.commands)


@click.group("profile", cls=InOrder, subcommand_metavar="PART")
def command() -> None:
    """
    Say who the work is for.

    A profile is a name for a set of resource attributes, which every metric and every event of a launch then
    carries; it may also say what claude discloses and which account it uses. A running session keeps its own.

    \b
      cclaunch profile set data-eng team=data-engineering project=log-ingestion
      cclaunch profile use data-eng            for all launches from now on
      cclaunch +web                            another one, for this launch only
      cclaunch profile bind web ~/src/shop     in this directory and below
      cclaunch usage --by team                 what did it cost, by team

    Which one is in force: +NAME, else CCLAUNCH_PROFILE, else `profile bind`, else the .cclaunch.toml of the
    repository, else `profile use`, else none. `cclaunch profile current` tells which and why.
    """


WRITING = frozenset(("use", "set", "unset", "edit", "rename", "delete", "import"))
"""Parts that may change what a block of `cclaunch persist` holds."""

BINDING = ("bind", "unbind")
"""Parts that change which profile is in force in a directory alone."""


@command.result_callback()
@click.pass_context
def bring_blocks_up_to_date(ctx: click.Context, _: object) -> None:
    """Refresh our blocks after a change, and say what this shell exports otherwise: it matters to a bare claude alone."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    if ctx.invoked_subcommand in WRITING:
        for text in refresh(environ, paths):
            console.note(text)
    if ctx.invoked_subcommand in (*WRITING, *BINDING):
        for told in told_here(environ, paths):
            if told.about == EXPORTS:
                console.note(told.sentence())


for _part in PARTS:
    command.add_command(_part)
