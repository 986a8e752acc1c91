"""``cclaunch events``: what happened, event by event, with ``-f`` as it happens, and ``show`` for one session as a story."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.events.line import Lines
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.filters import note_unsent, unicode_only, where_option
from cclaunch.commands.shared.parts import Parts
from cclaunch.commands.shared.session_ids import given
from cclaunch.reports.dates import iso
from cclaunch.reports.session_ids import SESSION, whole_id, whole_ids

if TYPE_CHECKING:
    from cclaunch.store.places import Places
    from cclaunch.store.reader import Event

Wanted = dict[str, list[str]]

POLL_S = 0.3


class _Events(Parts):
    """`events` itself, with one part, which is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the parts."""
        return ["show"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the part called *cmd_name*."""
        if cmd_name != "show":
            return None
        from cclaunch.commands.events.show import command as show

        return show


@click.group("events", cls=_Events, invoke_without_command=True, subcommand_metavar="[show SESSION]")
@click.option("-n", "count", type=click.IntRange(min=0), default=20, show_default=True, metavar="N", help="The last N events.")
@click.option("-f", "--follow", is_flag=True, help="Go on with every event that arrives, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with every attribute.")
@click.option("-v", "--verbose", is_flag=True, help="Also what every session does at its start.")
@click.option("--name", callback=unicode_only, metavar="NAME", help="Only events of this name, such as api_request.")
@click.option("--session", callback=given, metavar="ID", help="Only events of this session; the beginning of its id will do.")
@where_option
@click.pass_context
def command(
    ctx: click.Context,
    count: int,
    follow: bool,
    as_json: bool,
    verbose: bool,
    name: str | None,
    session: str | None,
    where: dict[str, list[str]],
) -> None:
    """What happened: the last events, the oldest first; `show SESSION` tells one session from start to end."""
    if ctx.invoked_subcommand is not None:
        if any(ctx.get_parameter_source(name) is not ParameterSource.DEFAULT for name in ctx.params):
            raise click.UsageError(f"options of `{ctx.invoked_subcommand}` stand behind it", ctx)
        return
    notice(paths_of(ctx), environ_of(ctx))
    places = places_of(paths_of(ctx))
    wanted = whole_ids(places, where)
    if name:
        _narrow(wanted, "event.name", name)
    if session:
        _narrow(wanted, SESSION, whole_id(places, session))
    shown, lines = 0, Lines(verbose=verbose, room=console.room(environ_of(ctx)))
    for event in _events(places, count, follow, wanted):
        if as_json:
            console.json_line(_document(event))
        else:
            _write(lines.of(event))
        shown += 1
        if follow:
            console.flush()
    _write(lines.rest())
    if not shown and count and not as_json:
        console.note("no such event was recorded" if wanted else "nothing was recorded yet")


def _write(lines: Iterable[str]) -> None:
    for text in lines:
        console.line(text)


def _narrow(wanted: Wanted, key: str, value: str) -> None:
    """Have *key* be *value*, which must also be one of the values that ``--where`` takes."""
    from cclaunch.store.filters import wanted_of

    (spelled,) = wanted_of(key, value)
    wanted[key] = [spelled] if key not in wanted or spelled in wanted_of(key, wanted[key]) else []


def _events(places: "Places", count: int, follow: bool, wanted: Wanted) -> "Iterator[Event]":
    """Yield the last *count* events, and if *follow*, each one that is stored later, for ever."""
    from cclaunch.store.following import Tail
    from cclaunch.store.stores import events

    if follow:
        tail = Tail(places, wanted)
        last, troubles = tail.start(count), tail.troubles
    else:
        last, troubles = events(places, limit=count, where=wanted)
    for text in troubles:
        console.note(text)
    note_unsent(places, wanted)
    yield from last
    while follow:
        time.sleep(POLL_S)
        yield from tail.fresh()


def _document(event: "Event") -> dict[str, Any]:
    return {
        "time": iso(event.time_ns),
        "name": event.name,
        "session_id": event.session_id,
        "model": event.model,
        "attributes": event.attributes,
    }
