"""A sheet written as JSON, CSV or Markdown: for programs, spreadsheets and the text of a pull request."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

from cclaunch.commands.shared.dates import iso
from cclaunch.commands.usage.sheet import DOUBTS, MEASURES, Field, Record, Sheet, plain, shown
from cclaunch.console import printable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would run; the last four are the wide forms of the first."""

MARKDOWN = re.compile(r"([\\`*{}\[\]()#+!|~@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
"""What means something in Markdown; an underscore within a word does not."""

HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def document(sheet: Sheet, since: int | None, until: int | None, by: list[str]) -> Record:
    """Return *sheet* as one JSON object."""
    found: Record = {
        "since": None if since is None else iso(since),
        "until": None if until is None else iso(until),
        "by": by,
        "rows": [_record(sheet.all_fields, row) for row in sheet.rows],
        "total": _record((*MEASURES, *DOUBTS), sheet.total),
    }
    if heads := [part.head for part in sheet.parts if part.head is not None]:
        found["subtotals"] = heads
    if sheet.hidden:
        found["hidden"] = {"rows": sheet.hidden, **sheet.rest}
    return found


def _record(fields: tuple[Field, ...], row: Record) -> Record:
    return {field.name: plain(field, row) for field in fields}


def csv_text(sheet: Sheet, clean: Callable[[str], str] = str) -> str:
    """
    Return *sheet* as CSV with a heading, without totals; a text that a spreadsheet would run begins with an apostrophe.

    *clean* makes a text fit for where it goes: a terminal must not be driven by it.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([_cell(field.name, clean) for field in sheet.all_fields])
    for row in sheet.rows:
        writer.writerow([_cell(plain(field, row), clean) for field in sheet.all_fields])
    return written.getvalue().removesuffix("\n")


def _cell(value: Any, clean: Callable[[str], str]) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    text = value if isinstance(value, str) else _joined(value)
    return clean(f"'{text}" if text.startswith(FORMULA) else text)


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def markdown(sheet: Sheet) -> str:
    """Return *sheet* as a table in Markdown, with the total."""
    fields = sheet.fields
    lines = [_line([_escaped(field.name) for field in fields]), _line(["--:" if field.right else ":--" for field in fields])]
    lines += [_line([_escaped(shown(field, row)) for field in fields]) for row in sheet.rows]
    if sheet.hidden:
        lines.append(_line(_foot(sheet, f"{sheet.hidden} more", sheet.rest, "")))
    lines.append(_line(_foot(sheet, "total", sheet.total, "**")))
    return "\n".join(lines)


def _foot(sheet: Sheet, word: str, figures: Record, mark: str) -> list[str]:
    names = [f"{mark}{word}{mark}", *[""] * (len(sheet.keys) - 1)]
    return [*names, *(f"{mark}{_escaped(shown(field, figures))}{mark}" for field in MEASURES)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Return *text* so that Markdown shows it as it is: no markup, no column of its own, nothing that hides."""
    clean = "".join(HTML.get(character, character) for character in printable(" ".join(text.split())))
    return MARKDOWN.sub(r"\\\1", clean)
