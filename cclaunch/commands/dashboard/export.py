"""
``cclaunch dashboard export``: the screen for a range as a file, for people who have no ledger of ours.

The problem it owns: a file is given away, and cannot be taken back. So whose work is in it is said by the person, what it will
contain is shown before it is there, and nothing is written where that was not agreed to.
"""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cclaunch import console
from cclaunch.commands.dashboard.target import refuse_target
from cclaunch.commands.dashboard.whose import ask, known_ones
from cclaunch.commands.shared.confirm import on_terminal
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.filters import unicode_only
from cclaunch.dialog import confirm
from cclaunch.errors import StoreMissing, UsageError
from cclaunch.reports.dates import FORMS

if TYPE_CHECKING:
    from cclaunch.answers.answers import Answers
    from cclaunch.answers.asked import Words
    from cclaunch.answers.exported import Exported
    from cclaunch.hot.paths import Environ, Paths

SETTLE_S = 60.0
"""So long what is new of tools and errors is taken in."""

EPILOG = (
    f"A DATE is one of {FORMS}; without one, the last 30 days. The file opens in a browser without a network and asks nobody for"
    " anything. It has the overview by all keys, the newest 1,000 sessions, tools and latency; what both witnesses saw is in it"
    " with --all-profiles alone, because that is counted for all. Never in it: prompts, titles of sessions, answers, output of"
    " tools, paths, budgets and the windows of your plan."
)


@click.command("export", epilog=EPILOG)
@click.argument("file", metavar="FILE.html", callback=unicode_only)
@click.option("--since", default="", metavar="DATE", help="Only what happened from then on.")
@click.option("--until", default="", metavar="DATE", help="Only what happened before; a whole day, week or month is included.")
@click.option("--profile", "profiles", multiple=True, callback=unicode_only, metavar="NAME", help="Of this profile; repeatable.")
@click.option("--all-profiles", "everything", is_flag=True, help="Of all profiles, and of requests that have none.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object.")
@click.pass_context
def command(
    ctx: click.Context, file: str, since: str, until: str, profiles: Sequence[str], everything: bool, force: bool, as_json: bool
) -> None:
    """
    Write the page for a range into one file that can be sent to others.

    Without --profile or --all-profiles it asks whose work is meant, shows what the file will contain, and asks before it
    is written. An empty name, `--profile ""`, means requests without a profile.

    \b
      cclaunch dashboard export november.html --since 2026-11 --profile shop
      cclaunch dashboard export all.html --since 365d --all-profiles
    """
    from cclaunch.answers.answers import Answers
    from cclaunch.answers.exported import profiles_of, span
    from cclaunch.backends.sources import notice, places_of
    from cclaunch.commands.shared.history import read_history

    if profiles and everything:
        raise click.UsageError("--all-profiles and --profile exclude each other", ctx)
    asking = not (profiles or everything)
    if asking and (as_json or not on_terminal()):
        why = "--json is for programs, which nobody asks" if as_json else "there is no terminal to ask on"
        raise UsageError(f"whose work goes into the file is not said, and {why}", hint="add --profile NAME, or --all-profiles")
    refuse_target(file, force=force)
    paths, environ, now_ns = paths_of(ctx), environ_of(ctx), time.time_ns()
    notice(paths, environ)
    read_history(paths, places_of(paths), environ)
    answers = Answers(paths, lambda: now_ns)
    words = span(answers, since, until)
    _catch_up(paths, environ)
    found = profiles_of(answers, words)
    if not found:
        raise StoreMissing("nothing was recorded in that time", hint="cclaunch usage --by month --since 2020")
    chosen = None if everything else known_ones(profiles, found) if profiles else ask(found, environ)
    made = _gathered(answers, words, chosen, sum(one.figures.requests for one in found), environ)
    _write(file, made, environ, force=force, asking=asking, as_json=as_json)


def _catch_up(paths: "Paths", environ: "Environ") -> None:
    """Have the ledger take in all that is new. Raises StoreError where it cannot be read, or nothing was ever recorded."""
    import sqlite3

    from cclaunch.answers.asking import EMPTY
    from cclaunch.backends.sources import places_of
    from cclaunch.errors import CclaunchError
    from cclaunch.store.ledger.catch_up import take_doings
    from cclaunch.store.usage import answered

    places = places_of(paths)
    with console.progress("reading what is new", environ) as tell:
        extent, troubles = answered(places, lambda ledger: ledger.extent, tell, stand_in=False)
    for trouble in troubles:
        console.note(trouble)
    if extent is None:
        raise StoreMissing("nothing was recorded yet", hint=EMPTY)
    with console.progress("adding up tools and errors", environ):
        try:
            take_doings(places, SETTLE_S)
        except (CclaunchError, sqlite3.Error, OSError):
            return  # the answer about tools says so


def _gathered(
    answers: "Answers", words: "Words", profiles: Sequence[str] | None, requests: int, environ: "Environ"
) -> "Exported":
    from cclaunch.answers.exported import exported

    with console.progress("adding up", environ) as tell:
        return exported(answers, words, profiles, lambda done, steps: tell(requests * done // steps, requests))


def _write(file: str, made: "Exported", environ: "Environ", *, force: bool, asking: bool, as_json: bool) -> None:
    """Show what the file will contain, ask if need be, write it, and say so."""
    from cclaunch.answers.contained import told
    from cclaunch.files.atomic import write_atomic
    from cclaunch.web.exported import exported

    lines = told(made.document)
    missing = ["part of it could not be read when it was made: who made it was told what"] if made.troubles else []
    made.document["made"]["about"] = [*missing, *(f"{what}: {which}" for what, which in lines)]
    content = exported(made.document)
    for trouble in made.troubles:
        console.note(trouble)
    if not as_json:
        for what, which in lines:
            console.labelled(f"  {what:<14}", console.BOLD, which, environ)
        console.flush()
    if asking and not confirm(f"Write {file} ({_size(content)})?", default=False):
        console.note("nothing was written")
        raise click.exceptions.Exit(1)
    refuse_target(file, force=force)  # whoever was asked took their time
    write_atomic(file, content)
    if as_json:
        console.json_line({"file": os.path.abspath(file), "bytes": len(content), **_summary(made)}, indent=2)
        return
    console.line(f"{file}: written, {_size(content)}, for you alone to read (0600); it opens in any browser")


def _summary(made: "Exported") -> dict[str, object]:
    """Return what a file contains, for programs."""
    from cclaunch.answers.contained import NEVER, contained

    about, sessions = made.document["made"], made.document["sessions"]
    return {
        **{name: about[name] for name in ("range", "command", "profiles")},
        "sessions": sessions["sessions"],
        "sessions_in_file": len(sessions["rows"]),
        "requests": sessions["total"]["requests"],
        "cost_usd": sessions["total"]["cost_usd"],
        "names": contained(made.document),
        "never": NEVER,
        "troubles": made.troubles,
    }


def _size(content: bytes) -> str:
    return f"{len(content) / 1000:,.0f} kB"
