"""``cclaunch events show``: one session told from start to end."""

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.events.told import Page, told
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.session_ids import given
from cclaunch.errors import StoreMissing
from cclaunch.reports.keys import shown
from cclaunch.reports.session_ids import SESSION, whole_id
from cclaunch.reports.story import story
from cclaunch.reports.story_document import document
from cclaunch.store.sessions import beginning_with
from cclaunch.store.stores import events

EPILOG = (
    "--json has session, start, end, profile, repository, branch, cost_usd, requests, total_tokens, cache_hit_rate,"
    " start_up_events; steps, each with time, kind, what, agent, duration_ms, cost_usd, cost_so_far_usd and what else its kind"
    " has; and rebuilds of the cache, each with time, pause_s, tokens, cost_estimated_usd. Dollars are claude's own list-price"
    " estimate; what a rebuild cost is worked out from the price of its request."
)


@click.command("show", epilog=EPILOG)
@click.argument("session", callback=given)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the same values, times in UTC.")
@click.option("-v", "--verbose", is_flag=True, help="Also what every session does at its start.")
@click.pass_context
def command(ctx: click.Context, session: str, as_json: bool, verbose: bool) -> None:
    """
    Tell one session from start to end: prompts if they were recorded, requests with the cost so far, tools, errors.

    SESSION is its id, or the beginning of it that no other session has. Events are kept for 90 days.
    """
    notice(paths_of(ctx), environ_of(ctx))
    places = places_of(paths_of(ctx))
    name = whole_id(places, session)
    found, troubles = events(places, limit=None, where={SESSION: name})
    for text in troubles:
        console.note(text)
    if not found:
        raise _missing(session, known=name in beginning_with(places, name, 1))
    made = story(name, found, whole=verbose)
    if as_json:
        console.json_line(document(made), indent=2)
    else:
        environ = environ_of(ctx)
        dots = "…" if console.unicode(environ) else "..."
        for line in told(made, Page(console.room(environ), console.width, dots)):
            console.spans(line, environ)


def _missing(session: str, *, known: bool) -> StoreMissing:
    hint = f"what it used: cclaunch usage --by model --where session={session}" if known else "cclaunch usage --by session"
    return StoreMissing(f"no event of a session `{shown(session)}` is kept", hint=hint)
