"""
``cclaunch usage``: what did it cost.

Without words it is one screen; with words it is a table of whatever was asked for, and the same rows as JSON, CSV or Markdown.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import moment
from cclaunch.commands.shared.filters import unicode_only, where_option
from cclaunch.commands.shared.history import read_history
from cclaunch.commands.shared.intruded import tell_intruder
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.parts import Parts
from cclaunch.commands.shared.spending import budgets_by, keep
from cclaunch.commands.usage.asked import DAYS, Asked, keys_of, recent, refuse_per_request, refuse_unknown
from cclaunch.commands.usage.found import Found
from cclaunch.commands.usage.show import show, show_nothing
from cclaunch.config.model import configuration, read_configuration
from cclaunch.files.lock import held
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import adopted_ports
from cclaunch.reports.dates import FORMS
from cclaunch.reports.keys import only_sessions
from cclaunch.reports.session_ids import whole_ids

if TYPE_CHECKING:
    from cclaunch.commands.usage.sheet import Sheet
    from cclaunch.reports.capture import Capture
    from cclaunch.store.places import Places
    from cclaunch.store.usage import Ledger, Tell

DAY_S = 86_400

BY_HELP = (
    "Group by hour, day, week, month, weekday, session, model, profile, team, project, repository, branch, pr, agent, skill, mcp,"
    " query_source or any other attribute. Repeatable, or several joined by commas: the first has subtotals. What lacks an"
    " attribute is a row with `-`, in JSON null."
)
SORT_HELP = "What comes first: the most cost, requests or tokens, or with time the newest. ORDER is one of these four words."
TOP_HELP = "Only the first N values of the first key; of times and sessions the newest. What is left out is one row."
WATCH_HELP = (
    "What happens now, redrawn in place until q or Ctrl-C: today, dollars an hour, live sessions, the last requests, budgets."
    " Takes --where."
)
EPILOG = (
    f"A DATE is one of {FORMS}. What --until names is included, as a whole day, week or month. Rows of --by hour, day or session"
    f" are of the last {DAYS} days unless --since or --until is given. Dollars are claude's own list-price estimate, not a bill."
    " What is marked as an estimate has requests in it that only claude's transcripts tell of, priced by a table;"
    " `cclaunch check --capture` says how many."
)


class _Usage(Parts):
    """`usage` itself, with its parts, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the parts."""
        return ["forget", "import"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the part called *cmd_name*."""
        if cmd_name == "forget":
            from cclaunch.commands.usage.forget import command as forget

            return forget
        if cmd_name == "import":
            from cclaunch.commands.usage.bring import command as bring

            return bring
        return None


@click.group("usage", cls=_Usage, invoke_without_command=True, subcommand_metavar="[forget|import]", epilog=EPILOG)
@click.option("--by", multiple=True, callback=unicode_only, metavar="KEY", help=BY_HELP)
@where_option
@click.option("--since", callback=moment(), metavar="DATE", help="Only what happened from then on.")
@click.option("--until", callback=moment(end=True), metavar="DATE", help="Only what happened before.")
@click.option("--sort", type=click.Choice(["cost", "time", "requests", "tokens"]), metavar="ORDER", help=SORT_HELP)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help=TOP_HELP)
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option("--csv", "form", flag_value="csv", help="Print comma-separated values, without totals.")
@click.option("--markdown", "form", flag_value="markdown", help="Print a table for the text of a pull request.")
@click.option("--watch", is_flag=True, help=WATCH_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    by: Sequence[str],
    where: dict[str, list[str]],
    since: int | None,
    until: int | None,
    sort: str | None,
    top: int | None,
    form: str | None,
    watch: bool,
) -> None:
    """
    What did it cost: one screen without words, else dollars, requests and tokens of whatever is asked for.

    \b
      cclaunch usage
      cclaunch usage --by project,model --since "this month"
      cclaunch usage --by session --where team=core
      cclaunch usage --by team --since "last month" --markdown
      cclaunch usage --watch
    """
    others = bool(by or since is not None or until is not None or sort or top or form)
    given = others or bool(where)
    if ctx.invoked_subcommand is not None:
        if given or watch:
            raise click.UsageError(f"options of `{ctx.invoked_subcommand}` stand behind it", ctx)
        return
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is not before --until", ctx)
    environ, paths, keys = environ_of(ctx), paths_of(ctx), keys_of(ctx, by)
    if watch:
        from cclaunch.commands.usage.watch import refuse

        refuse(ctx, environ, where, others)
    refuse_per_request(ctx, [*(("--by", key) for key in keys), *(("--where", key) for key in where)])
    notice(paths, environ)
    places, now_ns = places_of(paths), time.time_ns()
    read_history(paths, places, environ)
    where = whole_ids(places, where)
    if watch:
        from cclaunch.commands.usage.watch import watch as redraw

        redraw(ctx, environ, paths, places, where)
        return
    bound = recent(keys, now_ns) if since is until is None and (by or not form) else None
    config, broken = read_configuration(paths)
    question = Asked(keys, where, bound or since, until, sort, top, config.usage.first_weekday, bound is not None)
    with console.progress("adding up", environ) as tell:
        found, troubles = _asked(ctx, places, question, now_ns, tell, paths, screen=not given)
        if found is not None and (form == "json" or not given):
            found = _with_now(found, paths, places if not troubles else places._replace(vlogs=""), now_ns)
    for text in [*([f"{broken.message}; weeks begin on Monday"] if broken else []), *troubles]:
        console.note(text)
    if found is None:
        refuse_unknown(ctx, [*keys, *where], tuple, paths)
        show_nothing(question, form)
    else:
        show(found, question, form, environ)
    _tell_stack(paths)
    _look_after(paths)


def _asked(
    ctx: click.Context, places: "Places", question: Asked, now_ns: int, tell: "Tell", paths: Paths, *, screen: bool
) -> tuple[Found | None, list[str]]:
    """Return (the answer, or None where nothing was recorded yet; sentences on what could not be read)."""
    from cclaunch.store.usage import answered

    def ask(ledger: "Ledger") -> Found | None:
        if ledger.extent is None:
            return None
        spending = ledger.spending(now_ns, question.week_start)
        if screen:
            from cclaunch.reports.overview import overview

            shown = overview(ledger.groups, ledger.extent[0], now_ns, question.week_start)
            return Found(shown, None, ledger.lost_usd_micros(None, None, {}), _captured(ledger, question), spending)
        refuse_unknown(ctx, [*question.by, *question.where], ledger.names, paths)
        lost = ledger.lost_usd_micros(question.since, question.until, question.where)
        return Found(None, _sheet(ledger, question), lost, _captured(ledger, question), spending)

    found, troubles = answered(places, ask, tell)
    if found is not None and not troubles:
        keep(paths, found.spending)
    return found, troubles


def _with_now(found: Found, paths: Paths, places: "Places", now_ns: int) -> Found:
    """Return *found* with what is told of the present: how budgets stand, and the windows of the plan."""
    from cclaunch.reports.windows import windows

    return found._replace(budgets=budgets_by(paths, found.spending), windows=windows(places, now_ns))


def _captured(ledger: "Ledger", question: Asked) -> "Capture | None":
    if question.where or not ledger.has_transcripts():
        return None
    from cclaunch.reports.captured import captured

    return captured(ledger, question.since, question.until)


def _look_after(paths: Paths) -> None:
    """Do once a day what the collector does for the ledger, where none lives; what is in the way is tried again."""
    with contextlib.suppress(OSError):
        if held(paths.collector_lock) or time.time() - os.stat(paths.ledger_copies).st_mtime < DAY_S:
            return
    from cclaunch.store.ledger.care import look_after

    look_after(places_of(paths), configuration(paths).history.keep_days, time.time_ns(), console.note)


def _sheet(ledger: "Ledger", question: Asked) -> "Sheet":
    from cclaunch.commands.usage.sheet import of_breakdown, of_sessions

    span = question.since, question.until
    if only_sessions(question.by):
        from cclaunch.reports.sessions import KEYS, sessions

        groups = ledger.groups(*span, KEYS, question.where, question.week_start)
        return of_sessions(sessions(groups, ledger.times(*span, question.where), question.sort), question.top)
    from cclaunch.reports.breakdown import breakdown
    from cclaunch.store.filters import canonical

    groups = ledger.groups(*span, question.by, question.where, question.week_start)
    keys = [canonical(key) for key in question.by]
    return of_breakdown(breakdown(groups, keys, question.sort, question.top, question.week_start), question.by)


def _tell_stack(paths: Paths) -> None:
    for text in sentences(paths):
        console.note(text)
    if other := adopted_ports(paths):
        console.note(f"telemetry goes to {other.owner} on port {other.grpc}: what is stored there is not counted here")
    tell_intruder(paths)
