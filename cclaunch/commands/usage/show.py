"""
The answer of `usage`, shown: a screen or a table for people, JSON, CSV or Markdown for programs.

The problem it owns: which of its parts each of them gets, and what is said beside it.
"""

from typing import TYPE_CHECKING

from cclaunch import console
from cclaunch.commands.usage.asked import DAYS, Asked
from cclaunch.commands.usage.found import Found
from cclaunch.hot.paths import Environ
from cclaunch.reports.keys import only_sessions

if TYPE_CHECKING:
    from cclaunch.commands.usage.sheet import Sheet
    from cclaunch.reports.overview import Overview


def show(found: Found, question: Asked, form: str | None, environ: Environ) -> None:
    """Show *found*; *form*: that of programs, or None for people."""
    if found.overview is not None:
        _show_screen(found, found.overview, environ)
    elif found.sheet is not None and form is not None:
        _write(found.sheet, question, form, found)
    elif found.sheet is not None:
        _show_table(found.sheet, question, environ)
    if found.capture is not None and form is None:
        from cclaunch.commands.shared.captured import line

        if told := line(found.capture, console.room(environ)):
            console.spans([(told, console.DIM)], environ)
    if found.sheet is not None and question.only_recent and form != "json":  # which says since when
        console.note(f"these are the last {DAYS} days; `--since 2026-01`, say, tells more")
    _tell_lost(found.lost_usd_micros)
    _tell_unpriced(found)


def show_nothing(question: Asked, form: str | None) -> None:
    """Say that nothing was recorded yet, and how that changes; to programs, in their form."""
    if form is not None:
        from cclaunch.commands.usage.sheet import empty, of_sessions

        _write(of_sessions([], None) if only_sessions(question.by) else empty(question.by), question, form)
    else:
        console.note("nothing was recorded yet: run `cclaunch` where you would run `claude`, and look again")


def _show_screen(found: Found, overview: "Overview", environ: Environ) -> None:
    from cclaunch.commands.usage.screen import Canvas, screen

    canvas, plan = Canvas(console.room(environ) or console.USUAL, console.unicode(environ)), []
    if found.windows is not None:
        from cclaunch.commands.usage import windows

        plan = windows.line(found.windows, canvas.columns)
    for line in screen(overview, canvas, found.budgets, plan):
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


def _write(sheet: "Sheet", question: Asked, form: str, found: Found | None = None) -> None:
    from cclaunch.reports.records import csv_text, document

    records = sheet.records
    if form == "json":
        answer = document(records, question.since, question.until, question.by)
        console.json_line({**answer, **({} if found is None else _beside(found))}, indent=2)
    elif form == "csv":
        console.code(csv_text(records.names, records.rows, console.printable if console.terminal() else str))
    else:
        from cclaunch.commands.usage.formats import markdown

        console.code(markdown(sheet))


def _beside(found: Found) -> dict[str, object]:
    """Return what programs are told beside the rows, where there is any of it."""
    document: dict[str, object] = {}
    if found.capture is not None:
        from cclaunch.reports.captured import document as captured

        document["capture"] = captured(found.capture)
    if found.budgets:
        from cclaunch.reports.budgets import documents

        document["budgets"] = documents(found.budgets)
    if found.windows is not None:
        from cclaunch.reports import windows

        document["plan_windows"] = windows.document(found.windows)
    return document


def _tell_lost(micros: int) -> None:
    if micros:
        from cclaunch.commands.shared.amounts import money

        console.note(f"claude's own metrics count {money(micros)} more than these events: that much was lost on the way")


def _tell_unpriced(found: Found) -> None:
    count = found.sheet.total["requests_unpriced"] if found.sheet else found.overview.recent.unpriced if found.overview else 0
    if count:
        requests = f"{count:,} request{' has' if count == 1 else 's have'} tokens and no price"
        console.note(f"{requests}: no table has the model, and what that cost is in no sum here; `--by model` tells which")
