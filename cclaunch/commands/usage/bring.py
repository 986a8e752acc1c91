"""``cclaunch usage import``: transcripts from a backup or another machine, into the ledger; each request once, however often."""

import os
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cclaunch import console
from cclaunch.backends.sources import places_of
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.history import KB
from cclaunch.commands.shared.spending import keep_now
from cclaunch.config.model import configuration
from cclaunch.errors import StoreBroken
from cclaunch.hot.paths import Environ, Paths
from cclaunch.transcripts.left import named, sentence

if TYPE_CHECKING:
    from cclaunch.history.bring import Brought

LONGEST_HOST = 253
LOCK_S = 30.0
"""So long another one who reads transcripts is waited for: what both read would be counted twice as left out."""


def _named(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of a machine. Raises BadParameter for what is none."""
    if value is None:
        return None
    if not value or len(value) > LONGEST_HOST or not value.isprintable() or value != value.strip():
        raise click.BadParameter(f"it must have 1 to {LONGEST_HOST} printable characters", ctx, param)
    return value


@click.command("import")
@click.argument("file", nargs=-1, required=True, type=click.Path(exists=True, readable=False), metavar="DIR|FILE...")
@click.option("--host", callback=_named, metavar="NAME", help="The machine that they are from: `--by cclaunch.host` tells it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, file: Sequence[str], host: str | None, as_json: bool) -> None:
    """
    Take claude's transcripts from a backup or another machine.

    Of a DIR all `*.jsonl` in it and below it. Each request is taken once, whatever file tells of it, so the same may be
    imported again. It also brings back what `usage forget --transcripts` took; what was forgotten by session, date or
    attribute stays away. Counts, ids, times, model, repository, branch and release are kept, nothing that was said.

    \b
      cclaunch usage import /mnt/backup/.claude/projects
      cclaunch usage import ~/from-the-laptop --host laptop
      cclaunch usage --by cclaunch.host
      cclaunch usage import ~/.claude/projects
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    found = _brought([os.path.abspath(one) for one in file], host, paths, environ)
    keep_now(paths)
    if as_json:
        console.json_line(_document(found, host), indent=2)
        return
    console.line(_sentence(found))
    for reason, count in sorted(found.left.items()):
        console.note(f"left out: {sentence(reason, count)}")


def _brought(source: Sequence[str], host: str | None, paths: Paths, environ: Environ) -> "Brought":
    from cclaunch.history.alone import alone
    from cclaunch.history.bring import bring

    branch = configuration(paths).telemetry.branch
    try:
        with console.progress("reading transcripts, in kB", environ) as tell, alone(paths, LOCK_S):
            return bring(places_of(paths), source, host, lambda done, whole: tell(done // KB, whole // KB), branch=branch)
    except (sqlite3.Error, OSError) as error:
        hint = f"ls -l {os.path.dirname(paths.ledger)}"
        raise StoreBroken(f"cannot write {paths.ledger}: {error}; what was taken before stays", hint=hint) from error


def _sentence(found: "Brought") -> str:
    files = f"{found.files:,} file{'' if found.files == 1 else 's'}"
    new, known, forgotten = found.taken
    parts = [f"{new:,} new request{'' if new == 1 else 's'}", f"{known:,} known already"]
    return f"{files}: {', '.join([*parts, *([f'{forgotten:,} forgotten before'] if forgotten else [])])}"


def _document(found: "Brought", host: str | None) -> dict[str, Any]:
    requests = {f"requests_{name}": count for name, count in found.taken._asdict().items()}
    return {"files": found.files, **requests, "left_out": named(found.left), "host": host}
