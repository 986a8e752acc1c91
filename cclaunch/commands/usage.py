"""``cclaunch usage``: what did it cost, by day and by model or by anything else that the events carry."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import FORMS, iso, moment
from cclaunch.commands.shared.filters import note_unsent, unicode_only, where_option
from cclaunch.commands.shared.intruded import tell_intruder
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.parts import Parts
from cclaunch.files.lock import held
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.ports import adopted_ports

if TYPE_CHECKING:
    from cclaunch.store.spending import Usage

DEFAULT_BY = ("day", "model")
MOST_KEYS = 20
DAY_S = 86_400
MEASURES = {
    "cost_usd": "cost",
    "requests": "requests",
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache read",
    "cache_creation_tokens": "cache written",
}
"""Key of a row -> its heading."""

WELL_KNOWN = frozenset("day week month model profile team project repository branch session session.id".split())

BY_HELP = (
    "Group by day, model, profile, team, project, repository, branch, session or any other attribute. Repeatable, or several"
    " joined by commas. What lacks an attribute is a row with `-`, in JSON null."
)


class _Usage(Parts):
    """`usage` itself, with one part, which is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the parts."""
        return ["forget"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the part called *cmd_name*."""
        if cmd_name != "forget":
            return None
        from cclaunch.commands.usage_forget import command as forget

        return forget


@click.group(
    "usage",
    cls=_Usage,
    invoke_without_command=True,
    epilog=f"A DATE is one of {FORMS}. A day or month given to --until is included.",
)
@click.option("--by", multiple=True, callback=unicode_only, metavar="KEY", help=BY_HELP)
@where_option
@click.option("--since", callback=moment(), metavar="DATE", help="Only what happened from then on.")
@click.option("--until", callback=moment(end=True), metavar="DATE", help="Only what happened before.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    by: Sequence[str],
    where: dict[str, list[str]],
    since: int | None,
    until: int | None,
    as_json: bool,
) -> None:
    """What did it cost: dollars, requests and tokens, by day and by model unless told otherwise."""
    if ctx.invoked_subcommand is not None:
        if by or where or as_json or since is not None or until is not None:
            raise click.UsageError(f"options of `{ctx.invoked_subcommand}` stand behind it", ctx)
        return
    keys, paths = _keys(by), paths_of(ctx)
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is not before --until", ctx)
    environ = environ_of(ctx)
    _refuse_per_request([*(("--by", key) for key in keys), *(("--where", key) for key in where)])
    with console.progress("adding up", environ) as told:
        notice(paths, environ)
        found = _read(paths, since, until, keys, where, told)
    if as_json:
        console.json_line(_document(found, since, until, keys), indent=2)
    elif found is None or not found.rows:
        console.note(_nothing(since, until, where))
    else:
        _show(found, keys, environ)
    if found is not None and found.lost_usd_micros:
        lost = _money(found.lost_usd_micros / 1_000_000)
        console.note(f"claude's own metrics count {lost} more than these events: that much was lost on the way")
    for text in sentences(paths):
        console.note(text)
    if other := adopted_ports(paths):
        console.note(f"telemetry goes to {other.owner} on port {other.grpc}: what is stored there is not counted here")
    tell_intruder(paths)
    _look_after(paths)


def _look_after(paths: Paths) -> None:
    """Do once a day what the collector does for the ledger, where none lives; what is in the way is tried again."""
    with contextlib.suppress(OSError):
        if held(paths.collector_lock) or time.time() - os.stat(paths.ledger_copies).st_mtime < DAY_S:
            return
    from cclaunch.config.model import configuration
    from cclaunch.store.ledger.care import look_after

    look_after(places_of(paths), configuration(paths).history.keep_days, time.time_ns(), console.note)


def _keys(by: Sequence[str]) -> list[str]:
    """Return the keys to group by: repeated or joined by commas, each once."""
    words = [word.strip() for given in by for word in given.split(",")]
    keys = list(dict.fromkeys(word for word in words if word)) or list(DEFAULT_BY)
    if taken := sorted(set(keys) & set(MEASURES)):
        raise click.UsageError(f"--by {taken[0]}: that is what is counted, nothing to group by")
    if len(keys) > MOST_KEYS:
        raise click.UsageError(f"--by: {len(keys)} keys are too many, at most {MOST_KEYS} make a table")
    return keys


def _refuse_per_request(asked: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError for a (option, key) of each request alone, or of who it was: no total is kept of it."""
    asked = [(option, key) for option, key in asked if key not in WELL_KNOWN]
    if not asked:
        return
    from cclaunch.store.filters import canonical
    from cclaunch.store.ledger.attribute_sets import is_kept

    for option, key in asked:
        if not is_kept(canonical(key)):
            raise click.UsageError(
                f"{option} {key}: money is not kept by that, for it differs from request to request or says who it was;"
                f" `cclaunch events --where {key}=VALUE` looks at events"
            )


def _read(
    paths: Paths,
    since: int | None,
    until: int | None,
    keys: Sequence[str],
    wanted: dict[str, list[str]],
    tell: Callable[[int, int], None],
) -> "Usage | None":
    """Return what all stores say; tell what a part of them could not, and keys that nobody ever sent."""
    from cclaunch.store.usage import usage

    places = places_of(paths)
    found = usage(places, since, until, keys, wanted, tell)
    for text in found.troubles:
        console.note(text)
    note_unsent(places, dict.fromkeys([*keys, *wanted]), requests=True)
    return found.usage


def _nothing(since: int | None, until: int | None, where: dict[str, list[str]]) -> str:
    if since is until is None:
        return "nothing like that was recorded" if where else "nothing was recorded yet"
    return "nothing like that was recorded in that time" if where else "nothing was recorded in that time"


def _document(found: "Usage | None", since: int | None, until: int | None, keys: Sequence[str]) -> dict[str, Any]:
    return {
        "since": None if since is None else iso(since),
        "until": None if until is None else iso(until),
        "by": list(keys),
        "rows": [{key: row[key] for key in (*keys, *MEASURES)} for row in found.rows] if found else [],
        "total": {key: found.total[key] for key in MEASURES} if found else dict.fromkeys(MEASURES, 0),
    }


def _show(found: "Usage", keys: Sequence[str], environ: Environ) -> None:
    from cclaunch.store.filters import printed

    def label(value: object) -> str:
        """Return a value of a key for people; an empty text is told from a missing one."""
        return value if isinstance(value, str) and value else console.NOTHING if value is None else printed(value) or '""'

    rows = [[*[label(row[key]) for key in keys], *_figures(row)] for row in found.rows]
    total = [("total" if position == 0 else "") for position in range(len(keys))]
    numbers = range(len(keys), len(keys) + len(MEASURES))
    console.table([*keys, *MEASURES.values()], rows, environ, right=numbers, foot=[*total, *_figures(found.total)])


def _figures(row: dict[str, Any]) -> list[str]:
    return [_money(row[key]) if key == "cost_usd" else f"{row[key]:,}" for key in MEASURES]


def _money(dollars: float) -> str:
    return f"${dollars:,.4f}"
