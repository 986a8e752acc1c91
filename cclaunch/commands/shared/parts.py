"""
A verb that has parts: a mistyped one is answered with the one that was probably meant, and none with the help.

Without a part nothing was asked for, so the help goes to stdout and the code is 2, as for other words that make no sense.
"""

import click

from cclaunch import console

NOTHING_ASKED = 2
WHOLE = 1000
"""Characters that no sentence has."""


class Parts(click.Group):
    """A group that names what was probably meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*; without any, write the help and end with 2, unless the verb means something by itself."""
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            console.help(ctx.get_help())
            ctx.exit(NOTHING_ASKED)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the parts with their whole first sentence: one that ends with dots says nothing."""
        parts = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, part.get_short_help_str(WHOLE)) for name, part in parts if part is not None and not part.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return (name, command, rest). Raises a usage error with the nearest name for an unknown one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"`{args[0]}` is not a part of `{ctx.command_path}`{meant}", ctx)
        return super().resolve_command(ctx, args)
