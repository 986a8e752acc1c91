"""
What was done beside being billed for it: tools, decisions, errors, refusals, and how long requests took; by a quarter of an hour.

The problem it owns: of all that only raw events tell, and those are kept for 90 days. So it is added up while they are there, by
a cursor of its own, and never counted up: a quarter of an hour that has something new is added up anew from its events. Where
there are fewer of a session than were known (the old ones are gone, or another database tells of the same), what is known stays.
So it may be read twice, cut anywhere, from several places. Nobody who asks for money waits for it.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.ledger import from_events
from cclaunch.store.ledger.attribute_sets import set_of
from cclaunch.store.ledger.doing_days import add_up_days
from cclaunch.store.ledger.forget_doings import SOURCE
from cclaunch.store.ledger.insert import session_id, set_id
from cclaunch.store.ledger.schema import NOBODY, QUARTER_NS
from cclaunch.store.ledger.tombstones import Tombstones
from cclaunch.store.rows import integer, model_name
from cclaunch.store.shared import OF_A_REQUEST

TOOL, DECISION, ERROR, FAULT, REFUSAL, REQUEST = range(1, 7)
"""Kinds: a tool was used; a decision on one; an error of the API; of claude's own; a refusal; a request that was answered."""

KINDS = {
    "tool_result": TOOL,
    "tool_decision": DECISION,
    "api_error": ERROR,
    "internal_error": FAULT,
    "api_refusal": REFUSAL,
    otel.REQUEST: REQUEST,
}
NAMED_BY = {TOOL: "tool_name", DECISION: "tool_name", ERROR: "model", FAULT: "error_name", REFUSAL: "model", REQUEST: "model"}
LONGEST = 128
"""Characters of a name."""

MOST_NAMES = 2_000
OTHER = "(other)"
"""What is called so was met when there were MOST_NAMES already."""

NO_TIME, LAST_BIN = -1, 70
"""Bins: of what says no time; and of the longest. Each bin is half as long again as the one before, nearly: two double it."""

FIRST_ROWS = 2_000
NAMES = ", ".join(f"'{name}'" for name in KINDS)
TOUCHED = f"""
SELECT DISTINCT e.time_ns / {QUARTER_NS} FROM telemetry.events e
WHERE e.id > ? AND e.id <= ? AND +e.name IN ({NAMES}) AND +e.check_nonce IS NULL
"""
EVENTS = f"""
SELECT e.name, e.time_ns, e.session_id, e.shared, e.model, e.duration_ms, e.attributes FROM telemetry.events e
WHERE e.name IN ({NAMES}) AND e.time_ns >= ? AND e.time_ns < ? AND +e.check_nonce IS NULL
"""
INSERT = (
    'INSERT INTO doings (quarter, session, "set", what, bin, times, failed, ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
    " ON CONFLICT DO UPDATE SET times = times + excluded.times, failed = failed + excluded.failed, ms = ms + excluded.ms"
)


class Common(NamedTuple):
    """What an event has in common with others, as attribute sets: with all of its session (*set*), and with some (*whole*)."""

    set: str
    whole: str


class Done(NamedTuple):
    """One thing that was done: when, in which *session*, what it has in *common*, what, whether it failed, how long it took."""

    time_ns: int
    session: str | None
    common: Common
    kind: int
    name: str
    detail: str
    failed: bool
    took_ms: int | None


def bin_of(milliseconds: int | None) -> int:
    """Return the bin of what took so long; `NO_TIME` where that is not known."""
    if milliseconds is None:
        return NO_TIME
    octave = max(milliseconds, 1).bit_length() - 1
    return min(LAST_BIN, 2 * octave + (milliseconds >= 3 << octave - 1 if octave else 0))


def ends_of(number: int) -> tuple[float, float]:
    """Return from when to when (ms) something takes that is in a bin."""
    octave, half = divmod(number, 2)
    low, high = (1.5, 2.0) if half else (1.0, 1.5)
    return (low * 2**octave if number else 0.0), high * 2**octave


def take_events(connection: sqlite3.Connection, until: float | None, rows: int = FIRST_ROWS) -> int:
    """
    Read what is new in the attached telemetry.db, in slices that each are whole or not at all; return how many rowids are left.

    Args:
        connection: The ledger's, its lock held, no transaction open.
        until: The deadline in ``time.monotonic()``'s seconds, a slice more or less; None: to the end.
        rows: Rowids of a slice.

    Raises:
        sqlite3.Error: A file cannot be read or written.
    """
    cursor = from_events.cursor_of(connection, SOURCE)
    left = from_events.left(connection, cursor)
    taking = _Taking(connection)
    while left > 0 and (until is None or time.monotonic() < until):
        last = cursor.position + min(rows, left)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            forgotten = Tombstones(connection)
            quarters = [row[0] for row in connection.execute(TOUCHED, (cursor.position, last))]
            for quarter in quarters:
                add_up(connection, quarter, taking.between(quarter * QUARTER_NS, (quarter + 1) * QUARTER_NS), forgotten)
            add_up_days(connection, quarters)
            cursor = from_events.moved_to(connection, cursor.database, last, SOURCE)
        left = from_events.left(connection, cursor)
    return left


def add_up(connection: sqlite3.Connection, quarter: int, done: Iterable[Done], forgotten: Tombstones) -> None:
    """
    Have the ledger know what was *done* in a *quarter* of an hour, but for what was *forgotten*, in the transaction that is open.

    A session of which it knew more before stays as it is.
    """
    sums: dict[str | None, dict[tuple[str, int, str, str, int], list[int]]] = {}
    for one in done:
        if _is_forgotten(one, forgotten):
            continue
        what = one.common.set, one.kind, one.name, one.detail, bin_of(one.took_ms)
        found = sums.setdefault(one.session, {}).setdefault(what, [0, 0, 0])
        for at, more in enumerate((1, int(one.failed), one.took_ms or 0)):
            found[at] = min(found[at] + more, limits.LARGEST)
    known = dict(connection.execute("SELECT session, sum(times) FROM doings WHERE quarter = ? GROUP BY session", (quarter,)))
    for session, some in sums.items():
        number = NOBODY if session is None else session_id(connection, session)
        if sum(figures[0] for figures in some.values()) < known.get(number, 0):
            continue
        connection.execute("DELETE FROM doings WHERE quarter = ? AND session = ?", (quarter, number))
        for (attributes, kind, name, detail, place), figures in some.items():
            key = quarter, number, set_id(connection, attributes), _what(connection, kind, name, detail), place
            connection.execute(INSERT, (*key, *figures))


def _what(connection: sqlite3.Connection, kind: int, name: str, detail: str) -> int:
    query = "SELECT id FROM doing_names WHERE kind = ? AND name = ? AND detail = ?"
    if row := connection.execute(query, (kind, name, detail)).fetchone():
        return int(row[0])
    if name != OTHER and connection.execute("SELECT count(*) FROM doing_names").fetchone()[0] >= MOST_NAMES:
        return _what(connection, kind, OTHER, "")
    made = connection.execute("INSERT INTO doing_names (kind, name, detail) VALUES (?, ?, ?)", (kind, name, detail))
    return int(made.lastrowid or 0)


def _is_forgotten(one: Done, forgotten: Tombstones) -> bool:
    return bool(forgotten.rules) and any(
        since <= one.time_ns < until for since, until in forgotten.spans(one.common.whole, one.session)
    )


class _Taking:
    """Reads the events of the attached telemetry.db; what many have in common is read once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._common: dict[int, Common] = {}

    def between(self, begin: int, end: int) -> Iterator[Done]:
        """Yield what was done from *begin* to *end* (ns)."""
        for name, time_ns, session, shared, model, took_ms, own in self._connection.execute(EVENTS, (begin, end)).fetchall():
            attributes = {**json.loads(own), "model": model}
            common = common_of(attributes) if shared is None else self._shared(shared)
            yield done(name, time_ns, session, common, attributes, took_ms)

    def _shared(self, key: int) -> Common:
        if key not in self._common:
            row = self._connection.execute("SELECT attributes FROM telemetry.shared WHERE key = ?", (key,)).fetchone()
            self._common[key] = common_of(json.loads(row[0]) if row else {})
        return self._common[key]


OF_ONE = frozenset(
    "tool_name tool_parameters tool_input tool_source success decision source decision_source decision_type mcp_server_scope"
    " error error_type error_name error_code status_code has_category has_explanation server_fallback_hop is_error".split()
)
"""What an event of these kinds says of itself alone."""


def common_of(attributes: Mapping[str, Any]) -> Common:
    """Return what an event with these *attributes* has in common with others."""
    of_all = {key: value for key, value in attributes.items() if key not in OF_A_REQUEST and key not in OF_ONE}
    return Common(set_of(of_all), set_of(attributes))


def done(name: str, time_ns: int, session: str | None, common: Common, attributes: Mapping[str, Any], took_ms: Any) -> Done:
    """Return what the event called *name* says was done."""
    kind = KINDS[name]
    called = model_name(attributes.get("model")) if NAMED_BY[kind] == "model" else attributes.get(NAMED_BY[kind])
    took = integer(took_ms, limits.MOST_MS)
    failed = kind in (ERROR, FAULT, REFUSAL) or (kind == TOOL and str(attributes.get("success")).lower() == "false")
    return Done(time_ns, session, common, kind, _short(called), _detail(kind, attributes), failed, took)


def _detail(kind: int, attributes: Mapping[str, Any]) -> str:
    if kind == DECISION:
        return " ".join(filter(None, (_short(attributes.get("decision")), _short(attributes.get("source")))))[:LONGEST]
    if kind == ERROR:
        return _short(attributes.get("status_code")) or "no answer"
    return _short(attributes.get("error_type")) if kind == TOOL else ""


def _short(value: Any) -> str:
    return str(value)[:LONGEST] if isinstance(value, str | int | float) else ""
