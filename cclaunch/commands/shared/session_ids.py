"""A session id as a word of the command line; what it stands for is `reports/session_ids`."""

from typing import Any

import click

from cclaunch.commands.shared.filters import unicode_only


def given(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Return the session that was typed; refuse an empty one: it would mean what has no session."""
    if isinstance(value, str) and not value.strip():
        raise click.BadParameter("it is empty; say what session: its id, or the beginning of it", ctx, param)
    return unicode_only(ctx, param, value)
