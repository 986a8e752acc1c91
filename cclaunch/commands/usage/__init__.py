"""
``cclaunch usage``: what did it cost.

Without words it is one screen; with words it is a table of whatever was asked for, and the same rows as JSON, CSV or Markdown.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import FORMS, moment
from cclaunch.commands.shared.filters import unicode_only, where_option
from cclaunch.commands.shared.history import read_history
from cclaunch.commands.shared.intruded import tell_intruder
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.parts import Parts
from cclaunch.commands.shared.session_ids import whole_ids
from cclaunch.commands.usage.asked import DAYS, Asked, keys_of, only_sessions, recent, refuse_per_request, refuse_unknown
from cclaunch.config.model import configuration, read_configuration
from cclaunch.files.lock import held
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.ports import adopted_ports

if TYPE_CHECKING:
    from cclaunch.commands.usage.sheet import Sheet
    from cclaunch.reports.capture import Capture
    from cclaunch.reports.overview import Overview
    from cclaunch.store.places import Places
    from cclaunch.store.usage import Ledger, Tell

DAY_S = 86_400

BY_HELP = (
    "Group by hour, day, week, month, weekday, session, model, profile, team, project, repository, branch, agent, skill, mcp,"
    " query_source or any other attribute. Repeatable, or several joined by commas: the first has subtotals. What lacks an"
    " attribute is a row with `-`, in JSON null."
)
SORT_HELP = "What comes first: the most cost, requests or tokens, or with time the newest. ORDER is one of these four words."
TOP_HELP = "Only the first N values of the first key; of times and sessions the newest. What is left out is one row."
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
) -> None:
    """
    What did it cost: one screen without words, else dollars, requests and tokens of whatever is asked for.

    \b
      cclaunch usage
      cclaunch usage --by project,model --since "this month"
      cclaunch usage --by session --where team=core
      cclaunch usage --by team --since "last month" --markdown
    """
    given = bool(by or where or since is not None or until is not None or sort or top or form)
    if ctx.invoked_subcommand is not None:
        if given:
            raise click.UsageError(f"options of `{ctx.invoked_subcommand}` stand behind it", ctx)
        return
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is not before --until", ctx)
    environ, paths, keys = environ_of(ctx), paths_of(ctx), keys_of(ctx, by)
    refuse_per_request([*(("--by", key) for key in keys), *(("--where", key) for key in where)])
    notice(paths, environ)
    places, now_ns = places_of(paths), time.time_ns()
    read_history(paths, places, environ)
    where = whole_ids(places, where)
    bound = recent(keys, now_ns) if since is until is None and (by or not form) else None
    config, broken = read_configuration(paths)
    question = Asked(keys, where, bound or since, until, sort, top, config.usage.first_weekday, bound is not None)
    with console.progress("adding up", environ) as tell:
        found, troubles = _asked(ctx, places, question, now_ns, tell, paths, screen=not given)
    for text in [*([f"{broken.message}; weeks begin on Monday"] if broken else []), *troubles]:
        console.note(text)
    if found is None:
        refuse_unknown(ctx, [*keys, *where], tuple, paths)
        _tell_nothing(question, form)
    else:
        _show(found, question, form, environ)
        _tell_lost(found.lost_usd_micros)
        _tell_unpriced(found)
    _tell_stack(paths)
    _look_after(paths)


class _Found(NamedTuple):
    """
    The answer: the first screen, or a sheet; what was lost on the way; how much of all requests in that time both witnesses saw.

    *capture* is None where no transcript was ever read, and where only a part of the requests is asked for.
    """

    overview: "Overview | None"
    sheet: "Sheet | None"
    lost_usd_micros: int
    capture: "Capture | None" = None


def _asked(
    ctx: click.Context, places: "Places", question: Asked, now_ns: int, tell: "Tell", paths: Paths, *, screen: bool
) -> tuple[_Found | None, list[str]]:
    """Return (the answer, or None where nothing was recorded yet; sentences on what could not be read)."""
    from cclaunch.store.usage import answered

    def ask(ledger: "Ledger") -> _Found | None:
        if ledger.extent is None:
            return None
        if screen:
            from cclaunch.reports.overview import overview

            shown = overview(ledger.groups, ledger.extent[0], now_ns, question.week_start)
            return _Found(shown, None, ledger.lost_usd_micros(None, None, {}), _captured(ledger, question))
        refuse_unknown(ctx, [*question.by, *question.where], ledger.names, paths)
        lost = ledger.lost_usd_micros(question.since, question.until, question.where)
        return _Found(None, _sheet(ledger, question), lost, _captured(ledger, question))

    return answered(places, ask, tell)


def _captured(ledger: "Ledger", question: Asked) -> "Capture | None":
    if question.where or not ledger.has_transcripts():
        return None
    from cclaunch.commands.shared.captured import captured

    return captured(ledger, question.since, question.until)


def _show(found: _Found, question: Asked, form: str | None, environ: Environ) -> None:
    if found.overview is not None:
        _show_screen(found.overview, environ)
    elif found.sheet is not None and form is not None:
        _write(found.sheet, question, form, found.capture)
    elif found.sheet is not None:
        _show_table(found.sheet, question, environ)
    if found.capture is not None and form is None:
        from cclaunch.commands.shared.captured import line

        if told := line(found.capture, console.room(environ)):
            console.spans([(told, console.DIM)], environ)
    if found.sheet is not None and question.only_recent and form != "json":  # which says since when
        console.note(f"these are the last {DAYS} days; `--since 2026-01`, say, tells more")


def _look_after(paths: Paths) -> None:
    """Do once a day what the collector does for the ledger, where none lives; what is in the way is tried again."""
    with contextlib.suppress(OSError):
        if held(paths.collector_lock) or time.time() - os.stat(paths.ledger_copies).st_mtime < DAY_S:
            return
    from cclaunch.store.ledger.care import look_after

    look_after(places_of(paths), configuration(paths).history.keep_days, time.time_ns(), console.note)


def _show_screen(found: "Overview", environ: Environ) -> None:
    from cclaunch.commands.usage.screen import Canvas, screen

    canvas = Canvas(console.room(environ) or console.USUAL, console.unicode(environ))
    for line in screen(found, canvas):
        console.spans(line, environ)


def _show_table(sheet: "Sheet", question: Asked, environ: Environ) -> None:
    from cclaunch.commands.usage.table import drawn

    if not sheet.rows:
        console.note("nothing like that was recorded" if question.where else "nothing was recorded in that time")
    else:
        for line in drawn(sheet, console.room(environ), console.width):
            console.spans(line, environ)
        if only_sessions(question.by):
            console.note("`cclaunch events show SESSION` tells one of them")


def _sheet(ledger: "Ledger", question: Asked) -> "Sheet":
    from cclaunch.commands.usage.sheet import of_breakdown, of_sessions

    span = question.since, question.until
    if only_sessions(question.by):
        from cclaunch.reports.sessions import KEYS, sessions

        groups = ledger.groups(*span, KEYS, question.where, question.week_start)
        return of_sessions(sessions(groups, ledger.times(*span), question.sort), question.top)
    from cclaunch.reports.breakdown import breakdown
    from cclaunch.store.filters import canonical

    groups = ledger.groups(*span, question.by, question.where, question.week_start)
    keys = [canonical(key) for key in question.by]
    return of_breakdown(breakdown(groups, keys, question.sort, question.top, question.week_start), question.by)


def _write(sheet: "Sheet", question: Asked, form: str, capture: "Capture | None" = None) -> None:
    from cclaunch.commands.usage import formats

    if form == "json":
        document = formats.document(sheet, question.since, question.until, question.by)
        if capture is not None:
            from cclaunch.commands.shared.captured import document as captured

            document["capture"] = captured(capture)
        console.json_line(document, indent=2)
    elif form == "csv":
        console.code(formats.csv_text(sheet, console.printable if console.terminal() else str))
    else:
        console.code(formats.markdown(sheet))


def _tell_nothing(question: Asked, form: str | None) -> None:
    """Say that nothing was recorded yet, and how that changes; to programs, in their form."""
    if form is not None:
        from cclaunch.commands.usage.sheet import empty, of_sessions

        _write(of_sessions([], None) if only_sessions(question.by) else empty(question.by), question, form)
    else:
        console.note("nothing was recorded yet: run `cclaunch` where you would run `claude`, and look again")


def _tell_lost(micros: int) -> None:
    if micros:
        from cclaunch.commands.shared.amounts import money

        console.note(f"claude's own metrics count {money(micros)} more than these events: that much was lost on the way")


def _tell_unpriced(found: _Found) -> None:
    count = found.sheet.total["requests_unpriced"] if found.sheet else found.overview.recent.unpriced if found.overview else 0
    if count:
        requests = f"{count:,} request{' has' if count == 1 else 's have'} tokens and no price"
        console.note(f"{requests}: no table has the model, and what that cost is in no sum here; `--by model` tells which")


def _tell_stack(paths: Paths) -> None:
    for text in sentences(paths):
        console.note(text)
    if other := adopted_ports(paths):
        console.note(f"telemetry goes to {other.owner} on port {other.grpc}: what is stored there is not counted here")
    tell_intruder(paths)
