"""A sheet written as Markdown, for the text of a pull request; as JSON and CSV its records write themselves."""

import re

from cclaunch.commands.usage.sheet import MEASURES, Sheet, shown
from cclaunch.console import printable
from cclaunch.reports.records import Record

MARKDOWN = re.compile(r"([\\`*{}\[\]()#+!|~@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
"""What means something in Markdown; an underscore within a word does not."""

HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


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
