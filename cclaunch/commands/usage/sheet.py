"""
An answer as a sheet: its records, and how people see each of them.

The problem it owns: what a table shows and what goes into a pull request's text look alike.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cclaunch.commands.shared.amounts import estimated, model_label, money, tokens
from cclaunch.reports import records
from cclaunch.reports.breakdown import Breakdown
from cclaunch.reports.dates import local, span
from cclaunch.reports.records import Part, Record, Records
from cclaunch.reports.sessions import Session

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


class Sheet(NamedTuple):
    """The *records* of an answer, and of each key the column (*keys*) that people see; MEASURES follow."""

    keys: tuple[Field, ...]
    records: Records

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return all columns that people see."""
        return *self.keys, *MEASURES

    @property
    def parts(self) -> list[Part]:
        """Return the rows, in order."""
        return self.records.parts

    @property
    def rows(self) -> list[Record]:
        """Return all rows."""
        return self.records.rows

    @property
    def total(self) -> Record:
        """Return what all of them come to, and what is hidden."""
        return self.records.total

    @property
    def hidden(self) -> int:
        """Return how many rows are not shown."""
        return self.records.hidden

    @property
    def rest(self) -> Record:
        """Return what those come to."""
        return self.records.rest


def shown(field: Field, record: Record) -> str:
    """Return a value of a record for people: an estimate is marked, and no price is not zero."""
    if field is not COST:
        return field.show(record[field.name])
    if record["requests_unpriced"] and not record[COST.name]:
        return MISSING
    return estimated(field.show(record[COST.name]), doubtful=record["cost_estimated_usd"] != 0)


def of_breakdown(found: Breakdown, keys: Sequence[str]) -> Sheet:
    """Return the sheet of *found*; *keys*: what was asked for, as it was written."""
    fields = tuple(Field(key, key, fold="cut", least=_least(found, at)) for at, key in enumerate(keys))
    return Sheet(fields, records.of_breakdown(found, keys))


def _least(found: Breakdown, at: int) -> int:
    """Return how narrow the key of the number *at* becomes for the figures: only where a name would take their room."""
    return LONG_NAME if any(len(_text(row.values[at])) > LONG_NAME for row in found.rows) else 0


def of_sessions(found: Sequence[Session], top: int | None) -> Sheet:
    """Return the sheet of the newest *top* sessions (None: of all)."""
    return Sheet(SESSION, records.of_sessions(found, top))


def empty(keys: Sequence[str]) -> Sheet:
    """Return the sheet of an answer without rows."""
    return Sheet(tuple(Field(key, key) for key in keys), records.empty(keys))
