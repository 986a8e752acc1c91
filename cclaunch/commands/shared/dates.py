"""Dates as options of the command line; how they are read and shown is `reports/dates`."""

from collections.abc import Callable
from datetime import UTC, datetime

import click

from cclaunch.reports.dates import moment_of


def moment(*, end: bool = False) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """Return the callback that turns the word of ``--since``, or with *end* of ``--until``, into nanoseconds since 1970."""

    def convert(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        try:
            return moment_of(value, datetime.now(UTC), end=end, week_start=_week_start(ctx) if "week" in value.lower() else 0)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return convert


def _week_start(ctx: click.Context) -> int:
    from cclaunch.commands.shared.context import paths_of
    from cclaunch.config.model import configuration

    return configuration(paths_of(ctx)).usage.first_weekday
