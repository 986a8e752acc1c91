"""A verb that has parts: a mistyped one is answered with the one that was probably meant."""

import click


class Parts(click.Group):
    """A group that names what was probably meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return (name, command, rest). Raises a usage error with the nearest name for an unknown one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"`{args[0]}` is not a part of `{ctx.command_path}`{meant}", ctx)
        return super().resolve_command(ctx, args)
