"""``cclaunch usage forget``: a session, a time or a project goes from the ledger and from what was recorded, for good."""

import time
from typing import Any

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.bars import Steps
from cclaunch.commands.shared.amounts import estimated, money
from cclaunch.commands.shared.confirm import agree
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import moment
from cclaunch.commands.shared.filters import where_option
from cclaunch.commands.shared.session_ids import given
from cclaunch.commands.shared.spending import keep_now
from cclaunch.config.model import load_config
from cclaunch.reports.dates import FORMS, iso, local
from cclaunch.reports.keys import advice
from cclaunch.reports.session_ids import whole_id, whole_ids

KEPT = "nothing was forgotten"
NOT_AGAIN = (
    "what they told until now comes back only by `cclaunch usage import ~/.claude/projects`, say; what is yet to come is read,"
    " unless config.toml says `[history] transcripts = false`"
)


@click.command("forget", epilog=f"A DATE is one of {FORMS}. What is named by several options must meet all of them.")
@click.option("--session", callback=given, metavar="ID", help="All of this session, for ever; the beginning of its id will do.")
@click.option("--before", callback=moment(), metavar="DATE", help="All that happened before.")
@where_option
@click.option("--transcripts", is_flag=True, help="All that claude's transcripts alone told, and what was kept of them.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    session: str | None,
    before: int | None,
    where: dict[str, list[str]],
    transcripts: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Forget requests and raw events for good; whatever way they come again, they stay away.

    With --transcripts, all that claude's transcripts alone told until now; the files themselves are claude's. Only
    `usage import` brings that back. What is yet to come is read, unless config.toml says `transcripts = false`
    below `[history]`.

    \b
      cclaunch usage forget --session 3f2a
      cclaunch usage forget --before 2026-01-01 --where project=x
      cclaunch usage forget --transcripts
      cclaunch usage import ~/.claude/projects
    """
    from cclaunch.store import forgetting
    from cclaunch.store.ledger.wanted import Wanted

    now = time.time_ns()
    if transcripts:
        if session or before is not None or where:
            raise click.UsageError("--transcripts means all of them: it goes with no other condition", ctx)
        _forget_transcripts(ctx, now, yes=yes, as_json=as_json)
        return
    if not session and before is None and not where:
        raise click.UsageError("say what: --session ID, --before DATE, --where KEY=VALUE or --transcripts", ctx)
    if "" in where.get("pr", ()):
        raise click.UsageError("--where pr=: what was done for no pull request is named by what it has instead", ctx)
    if before is not None and before > now:
        raise click.UsageError("--before lies ahead: what is yet to come cannot be forgotten", ctx)
    environ, paths = environ_of(ctx), paths_of(ctx)
    with console.progress("looking", environ):
        notice(paths, environ)
        places = places_of(paths)
        named = session and whole_id(places, session)
        weekday = load_config(paths.config_file).usage.first_weekday if "week" in where else 0  # never another week
        found = forgetting.look(places, Wanted(named, before, whole_ids(places, where), weekday), now)
    if named != session:
        console.note(f"`{session}` is the session {named}")
    for text in found.troubles:
        console.note(text)
    if where and found.gone:
        _refuse_unknown(ctx, forgetting.unknown(places, where))
    notes = forgetting.elsewhere(places)
    if not found.gone:
        _tell(_document(found.gone, [], forgotten=False), "nothing like that was recorded: there is nothing to forget", as_json)
        return
    if not as_json:
        console.line(_sentence(found.gone))
    agree("Forget this for good?", yes=yes, otherwise=KEPT)
    with Steps(environ) as tell:
        gone = forgetting.forget(places, found.rules, tell)._replace(events=found.gone.events)
    keep_now(paths)
    _tell(_document(gone, notes, forgotten=True), "forgotten", as_json)
    for text in notes:
        console.note(text)


def _forget_transcripts(ctx: click.Context, now: int, *, yes: bool, as_json: bool) -> None:
    from cclaunch.store import forgetting

    environ, paths = environ_of(ctx), paths_of(ctx)
    places = places_of(paths)
    gone = forgetting.look_transcripts(places)
    if not as_json:
        worth = f" ({estimated(money(gone.micros), doubtful=True)})" if gone.micros else ""  # what has no price is never $0
        many = f"{gone.requests:,} request{'' if gone.requests == 1 else 's'}{worth}"
        console.line(
            f"{many} that transcripts alone told of, and what was kept of all transcripts; claude's files stay as they are"
        )
    agree("Forget this for good?", yes=yes, otherwise=KEPT)
    with Steps(environ) as tell:
        gone = forgetting.forget_all_transcripts(places, now, tell)
    keep_now(paths)
    notes = [NOT_AGAIN, *forgetting.elsewhere(places, of_events=False)]
    _tell(_document(gone, notes, forgotten=True), "forgotten", as_json)
    for text in notes:
        console.note(text)


def _refuse_unknown(ctx: click.Context, unknown: Any) -> None:
    """Refuse a key that nothing has: `KEY=` would mean everything, and another value is misspelt."""
    for key, near in unknown.items():
        raise click.UsageError(f"--where {key}: no request is known by `{key}`{advice(near)}", ctx)


def _sentence(gone: Any) -> str:
    parts = [
        f"{gone.requests:,} request{'' if gone.requests == 1 else 's'} (${gone.micros / 1_000_000:,.4f})"
        f" of {gone.sessions:,} session{'' if gone.sessions == 1 else 's'}"
    ]
    if gone.first_ns is not None:
        parts[0] += f", from {local(gone.first_ns)} to {local(gone.last_ns)}"
    parts.append(f"{gone.events:,} raw event{'' if gone.events == 1 else 's'}, and what the metrics counted with them")
    return "; ".join(parts)


def _document(gone: Any, notes: list[str], *, forgotten: bool) -> dict[str, Any]:
    return {
        "forgotten": forgotten,
        "requests": gone.requests,
        "cost_usd": gone.micros / 1_000_000,
        "sessions": gone.sessions,
        "first": None if gone.first_ns is None else iso(gone.first_ns),
        "last": None if gone.last_ns is None else iso(gone.last_ns),
        "raw_events": gone.events,
        "notes": notes,
    }


def _tell(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        console.json_line(document, indent=2)
    else:
        console.note(sentence)
