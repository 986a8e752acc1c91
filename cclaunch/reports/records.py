"""
An answer as records: the same rows under the same names, whatever they are written as.

The problem it owns: what a table shows, what a program reads, what a page shows and what goes into a spreadsheet are one answer.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cclaunch.reports.breakdown import Breakdown, subtotal
from cclaunch.reports.dates import NS, iso
from cclaunch.reports.figures import Figures, named, together
from cclaunch.reports.sessions import Session

Record = dict[str, Any]

MEASURES = (
    "cost_usd",
    "requests",
    "total_tokens",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_creation_tokens",
)
DOUBTS = ("cost_estimated_usd", "requests_unpriced")
"""What tells programs how sure the cost is: how much a table of prices says, and how many requests nothing has a price for."""

SESSION = ("start", "seconds", "session", "repository", "branch", "profile", "models")
"""What is said of a session."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would run; the last four are the wide forms of the first."""


class Part(NamedTuple):
    """Rows that belong together: *head* is what they have in common with its figures, or None."""

    head: Record | None
    rows: list[Record]


class Records(NamedTuple):
    """
    An answer.

    Attributes:
        keys: The columns of what was asked for; MEASURES follow, and DOUBTS.
        parts: The rows, in order.
        total: All of them, and what is hidden.
        hidden: How many rows are not shown, and *rest*, what they come to.
    """

    keys: tuple[str, ...]
    parts: list[Part]
    total: Record
    hidden: int
    rest: Record

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        return *self.keys, *MEASURES, *DOUBTS

    @property
    def rows(self) -> list[Record]:
        """Return all rows."""
        return [row for part in self.parts for row in part.rows]


def of_breakdown(found: Breakdown, keys: Sequence[str]) -> Records:
    """Return the records of *found*; *keys*: what was asked for, as it was written."""
    parts: list[Part] = []
    first: list[str] = []
    for row in found.rows:
        record = {**dict(zip(keys, row.values, strict=True)), **named(row.figures)}
        if len(keys) < 2:
            parts = parts or [Part(None, [])]
        elif first != [repr(row.values[0])]:
            first = [repr(row.values[0])]
            parts.append(Part({keys[0]: row.values[0], **named(subtotal(found, row.values[0]))}, []))
        parts[-1].rows.append(record)
    return Records(tuple(keys), parts, named(found.total), found.hidden, named(found.rest))


def of_sessions(found: Sequence[Session], top: int | None) -> Records:
    """Return the records of the newest *top* sessions (None: of all)."""
    shown = found if top is None else found[:top]
    rest = together(one.figures for one in found[len(shown) :])
    total = together(one.figures for one in found)
    return Records(SESSION, [Part(None, list(map(of_session, shown)))], named(total), len(found) - len(shown), named(rest))


def of_session(one: Session) -> Record:
    """Return the record of a session; its start in nanoseconds since the epoch."""
    return {
        "start": one.first_ns,
        "seconds": (one.last_ns - one.first_ns) // NS,
        "session": one.name,
        "repository": one.repository,
        "branch": one.branch,
        "profile": one.profile,
        "models": one.models,
        **named(one.figures),
    }


def empty(keys: Sequence[str]) -> Records:
    """Return the records of an answer without rows."""
    return Records(tuple(keys), [], named(Figures()), 0, named(Figures()))


def plain(name: str, record: Record) -> Any:
    """Return the value of a record that is called *name*, for programs."""
    value = record.get(name)
    return iso(value) if name == "start" and type(value) is int else value


def plainly(names: Iterable[str], record: Record) -> Record:
    """Return the values of a record under these *names*, for programs."""
    return {name: plain(name, record) for name in names}


def document(found: Records, since: int | None, until: int | None, by: Sequence[str]) -> Record:
    """Return *found*, asked for between *since* and *until* (ns), as one JSON object."""
    made: Record = {
        "since": None if since is None else iso(since),
        "until": None if until is None else iso(until),
        "by": list(by),
        "rows": [plainly(found.names, row) for row in found.rows],
        "total": plainly((*MEASURES, *DOUBTS), found.total),
    }
    if heads := [part.head for part in found.parts if part.head is not None]:
        made["subtotals"] = heads
    if found.hidden:
        made["hidden"] = {"rows": found.hidden, **found.rest}
    return made


def csv_text(names: Sequence[str], rows: Iterable[Record], clean: Callable[[str], str] = str) -> str:
    """
    Return *rows* as CSV with a heading; a text that a spreadsheet would run begins with an apostrophe.

    *clean* makes a text fit for where it goes: a terminal must not be driven by it.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([_cell(name, clean) for name in names])
    for row in rows:
        writer.writerow([_cell(plain(name, row), clean) for name in names])
    text = written.getvalue()
    written.close()  # of a long one no more copies are held than must be
    return text.removesuffix("\n")


def _cell(value: Any, clean: Callable[[str], str]) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    text = value if isinstance(value, str) else _joined(value)
    return clean(f"'{text}" if text.startswith(FORMULA) else text)


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
