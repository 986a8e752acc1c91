"""``cclaunch events``: what happened, event by event, and with ``-f`` as it happens."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import iso, local
from cclaunch.commands.shared.filters import note_unsent, unicode_only, where_option

if TYPE_CHECKING:
    from cclaunch.store.places import Places
    from cclaunch.store.reader import Event

Wanted = dict[str, list[str]]

POLL_S = 0.3
LONGEST_VALUE = 100

TOLD = (
    "model",
    "cost_usd",
    "input_tokens",
    "output_tokens",
    "tool_name",
    "success",
    "decision",
    "error",
    "status_code",
    "attempt",
    "duration_ms",
    "prompt",
    "response",
)
"""The attributes that a line for people shows, in this order; ``--json`` has all of them."""

ALSO = {"prompt": "prompt_text"}
"""Attribute -> its other name in newer releases."""


@click.command("events")
@click.option("-n", "count", type=click.IntRange(min=0), default=20, show_default=True, metavar="N", help="The last N events.")
@click.option("-f", "--follow", is_flag=True, help="Go on with every event that arrives, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with every attribute.")
@click.option("--name", callback=unicode_only, metavar="NAME", help="Only events of this name, such as api_request.")
@click.option("--session", callback=unicode_only, metavar="ID", help="Only events of this session.")
@where_option
@click.pass_context
def command(
    ctx: click.Context,
    count: int,
    follow: bool,
    as_json: bool,
    name: str | None,
    session: str | None,
    where: dict[str, list[str]],
) -> None:
    """What happened: the last events, the oldest first."""
    wanted = dict(where)
    if name:
        _narrow(wanted, "event.name", name)
    if session:
        _narrow(wanted, "session.id", session)
    shown = 0
    notice(paths_of(ctx), environ_of(ctx))
    for event in _events(places_of(paths_of(ctx)), count, follow, wanted):
        if as_json:
            console.json_line(_document(event))
        else:
            console.line(_told(event))
        shown += 1
        if follow:
            console.flush()
    if not shown and count and not as_json:
        console.note("no such event was recorded" if wanted else "nothing was recorded yet")


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
    note_unsent(places, wanted, requests=False)
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


def _told(event: "Event") -> str:
    parts = [local(event.time_ns), (event.session_id or "")[:8].ljust(8), event.name]
    for key in TOLD:
        value = event.model if key == "model" else event.attributes.get(key, event.attributes.get(ALSO.get(key, "")))
        if value is not None and value != "":
            parts.append(f"{key}={_short(value)}")
    return "  ".join(parts[:2]) + "  " + " ".join(parts[2:])


def _short(value: object) -> str:
    """Return a value as one word or a quoted text that fits on a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = f"{value:.6g}"
    text = str(value).replace("\t", " ")
    if len(text) > LONGEST_VALUE:
        text = text[:LONGEST_VALUE] + "…"
    return f'"{text}"' if " " in text else text
