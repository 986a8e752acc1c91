"""
An answer as a sheet: the same rows under the same names, whatever it is written as.

The problem it owns: what a table shows, what a program reads and what goes into a pull request's text are one answer.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cclaunch.commands.shared.amounts import estimated, model_label, money, tokens
from cclaunch.commands.shared.dates import iso, local, span
from cclaunch.reports.breakdown import Breakdown, subtotal
from cclaunch.reports.figures import Figures, together
from cclaunch.reports.sessions import Session

Record = dict[str, Any]
NS = 1_000_000_000
MISSING = "-"
LONG_NAME = 40
"""Characters of a name from which on it makes room for figures."""


def _text(value: Any) -> str:
    """Return a value of a key for people; an empty text is told from a missing one."""
    from cclaunch.store.filters import printed

    return MISSING if value is None else printed(value) or '""'


class Field(NamedTuple):
    """
    A column of a sheet.

    Attributes:
        name: What programs call it.
        title: What people call it.
        show: Makes a value readable.
        right: Whether it is a number.
        fold, spare, least: How it gives way on a narrow terminal (see `layout.Column`).
    """

    name: str
    title: str
    show: Callable[[Any], str] = _text
    right: bool = False
    fold: str = ""
    spare: int = 0
    least: int = 0


def _money(dollars: float) -> str:
    return money(round(dollars * 1_000_000))


def _number(count: int) -> str:
    return f"{count:,}"


COST = Field("cost_usd", "cost", _money, right=True)
MEASURES = (
    COST,
    Field("requests", "requests", _number, right=True, spare=12),
    Field("total_tokens", "tokens", tokens, right=True, spare=11),
    Field("input_tokens", "input", tokens, right=True, spare=13),
    Field("output_tokens", "output", tokens, right=True, spare=14),
    Field("cache_read_tokens", "cache read", tokens, right=True, spare=15),
    Field("cache_creation_tokens", "cache written", tokens, right=True, spare=16),
)
DOUBTS = (
    Field("cost_estimated_usd", "estimated", _money, right=True),
    Field("requests_unpriced", "unpriced", _number, right=True),
)
"""What tells programs how sure the cost is: how much a table of prices says, and how many requests nothing has a price for."""

SESSION = (
    Field("start", "start", lambda time_ns: local(time_ns)[:16], spare=1),
    Field("seconds", "length", span, right=True, spare=5),
    Field("session", "session", lambda name: MISSING if name is None else str(name)[:8], fold="cut"),
    Field("repository", "repository", fold="cut", spare=2, least=11),
    Field("branch", "branch", fold="cut", spare=3, least=11),
    Field("profile", "profile", fold="cut", spare=4, least=8),
    Field("models", "models", lambda names: ", ".join(map(model_label, names)) or MISSING, fold="cut", spare=6, least=12),
)
"""What is said of a session; on a narrow terminal it is dearer than any measure but the cost."""


class Part(NamedTuple):
    """Rows that belong together: *head* is what they have in common with its figures, or None."""

    head: Record | None
    rows: list[Record]


class Sheet(NamedTuple):
    """
    An answer.

    Attributes:
        keys: The columns of what was asked for; MEASURES follow, and for programs DOUBTS.
        parts: The rows, in order.
        total: All of them, and what is hidden.
        hidden: How many rows are not shown, and *rest*, what they come to.
    """

    keys: tuple[Field, ...]
    parts: list[Part]
    total: Record
    hidden: int
    rest: Record

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return all columns that people see."""
        return *self.keys, *MEASURES

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Return all columns that programs see."""
        return *self.fields, *DOUBTS

    @property
    def rows(self) -> list[Record]:
        """Return all rows."""
        return [row for part in self.parts for row in part.rows]


def measured(figures: Figures) -> Record:
    """Return *figures* under the names of MEASURES and DOUBTS."""
    values = (
        figures.micros / 1_000_000,
        figures.requests,
        figures.tokens,
        figures.input,
        figures.output,
        figures.cache_read,
        figures.cache_written,
        figures.estimated / 1_000_000,
        figures.unpriced,
    )
    return {field.name: value for field, value in zip((*MEASURES, *DOUBTS), values, strict=True)}


def shown(field: Field, record: Record) -> str:
    """Return a value of a record for people: an estimate is marked, and no price is not zero."""
    if field is not COST:
        return field.show(record[field.name])
    if record["requests_unpriced"] and not record[COST.name]:
        return MISSING
    return estimated(field.show(record[COST.name]), doubtful=record["cost_estimated_usd"] != 0)


def of_breakdown(found: Breakdown, keys: Sequence[str]) -> Sheet:
    """Return the sheet of *found*; *keys*: what was asked for, as it was written."""
    parts: list[Part] = []
    first: list[str] = []
    for row in found.rows:
        record = {**dict(zip(keys, row.values, strict=True)), **measured(row.figures)}
        if len(keys) < 2:
            parts = parts or [Part(None, [])]
        elif first != [repr(row.values[0])]:
            first = [repr(row.values[0])]
            parts.append(Part({keys[0]: row.values[0], **measured(subtotal(found, row.values[0]))}, []))
        parts[-1].rows.append(record)
    fields = tuple(Field(key, key, fold="cut", least=_least(found, at)) for at, key in enumerate(keys))
    return Sheet(fields, parts, measured(found.total), found.hidden, measured(found.rest))


def _least(found: Breakdown, at: int) -> int:
    """Return how narrow the key of the number *at* becomes for the figures: only where a name would take their room."""
    return LONG_NAME if any(len(_text(row.values[at])) > LONG_NAME for row in found.rows) else 0


def of_sessions(found: Sequence[Session], top: int | None) -> Sheet:
    """Return the sheet of the newest *top* sessions (None: of all)."""
    shown = found if top is None else found[:top]
    rest = together(one.figures for one in found[len(shown) :])
    total = together(one.figures for one in found)
    return Sheet(SESSION, [Part(None, list(map(_session, shown)))], measured(total), len(found) - len(shown), measured(rest))


def _session(one: Session) -> Record:
    return {
        "start": one.first_ns,
        "seconds": (one.last_ns - one.first_ns) // NS,
        "session": one.name,
        "repository": one.repository,
        "branch": one.branch,
        "profile": one.profile,
        "models": one.models,
        **measured(one.figures),
    }


def plain(field: Field, record: Record) -> Any:
    """Return a value of a record for programs."""
    value = record.get(field.name)
    return iso(value) if field.name == "start" and value is not None else value


def empty(keys: Sequence[str]) -> Sheet:
    """Return the sheet of an answer without rows."""
    return Sheet(tuple(Field(key, key) for key in keys), [], measured(Figures()), 0, measured(Figures()))
