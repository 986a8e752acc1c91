"""A verb that is reserved and not built yet: it says so, because an unreserved word would be billed as a prompt."""

import click

from cclaunch.errors import UsageError


def reserved(name: str, summary: str, *, instead: str = "") -> click.Command:
    """Return the command of the verb *name*, which takes any words, says that it is not built yet and ends with 2."""

    @click.command(
        name,
        help=f"{summary}\n\nThis verb is reserved and not built yet.",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    @click.pass_context
    def refuse(ctx: click.Context) -> None:
        path = ctx.command_path.removeprefix("cclaunch ")
        raise UsageError(f"`{path}` is reserved and not built yet", hint=instead)

    return refuse
