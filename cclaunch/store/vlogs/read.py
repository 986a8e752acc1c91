"""
VictoriaLogs as a store: the same events and the same figures as from our own database, to the micro-dollar.

Nothing is added up over there: requests are read in slices of time, and counted in the ledger. What an exporter sent twice
(its acknowledgement was lost) lies there twice, and is shown once.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.filters import Where, canonical, matches, wanted_of
from cclaunch.store.reader import Event
from cclaunch.store.rows import integer, model_name, text
from cclaunch.store.vlogs import http
from cclaunch.store.vlogs.kinds import value_of
from cclaunch.store.vlogs.query import NOT_CHECKS, any_of, conditions, named, nanoseconds, within

NS = 1_000_000_000
ADDED = frozenset("_time _msg _stream _stream_id event_name scope.name scope.version severity_number severity_text".split())
"""Fields that VictoriaLogs has of its own, or makes of what is no attribute."""

JOB = "claude"
"""The collector adds ``job=claude`` to every event, for dashboards that expect it."""

Row = Mapping[str, str]


class Found(NamedTuple):
    """One row, read: the event's columns beside its attributes, as our own store has them."""

    time_ns: int
    name: str
    session_id: str | None
    sequence: int | None
    model: str | None
    attributes: dict[str, Any]

    def value(self, key: str) -> Any:
        """Return what *key* (an attribute, ``day``, or a word that stands for one) is here; None where it is missing."""
        key = canonical(key)
        if key == "day":
            return datetime.fromtimestamp(self.time_ns // NS).strftime("%Y-%m-%d")
        if key == "model":
            return self.model
        return self.name if key == "event.name" else self.attributes.get(key)

    def meets(self, wanted: Mapping[str, Collection[str]]) -> bool:
        """Say whether it has, for each key, one of the values that are wanted."""
        return all(matches(self.value(key), values) for key, values in wanted.items())


def sent(row: Row) -> dict[str, str]:
    """Return what was sent of a row, as it lies there."""
    return {key: value for key, value in row.items() if value and key not in ADDED and not (key == "job" and value == JOB)}


def read_row(row: Row) -> Found:
    """Return what a row of VictoriaLogs says. Raises ValueError when it has no time."""
    attributes = {key: value_of(key, value) for key, value in sent(row).items()}
    body = row.get("_msg", "")
    given = row.get("event.name", "")
    if body.startswith(otel.EVENT_PREFIX) and body != otel.EVENT_PREFIX + given:
        name = body
    else:
        name = given or row.get("event_name", "") or body[:200]
    return Found(
        time_ns=nanoseconds(row["_time"]),
        name=name.removeprefix(otel.EVENT_PREFIX),
        session_id=text(row.get("session.id")),
        sequence=integer(row.get("event.sequence"), limits.MOST_SEQUENCE),
        model=model_name(row.get("model")),
        attributes=attributes,
    )


def events(
    url: str,
    *,
    limit: int | None,
    since: int | None = None,
    until: int | None = None,
    where: Where | None = None,
    without: Collection[str] = (),
) -> list[Event]:
    """
    Return the newest *limit* events (None for all), the oldest first; *since* <= time < *until* in ns, *without* these names.

    Raises:
        StoreUnreachable: VictoriaLogs does not answer.
    """
    wanted = {key: wanted_of(key, given) for key, given in (where or {}).items()}
    if limit == 0 or [] in wanted.values():
        return []
    query = f"{NOT_CHECKS} {conditions(where or {})}{f' !{named(*without)}' if without else ''}"
    fetch = limit
    while True:
        begin = since if fetch is None else _newest(url, f"{within(since, until)} {query}", fetch)
        rows = map(read_row, http.rows(url, f"{within(since if begin is None else begin, until)} {query}"))
        found = _once(one for one in rows if one.meets(wanted) and one.name not in without)
        if fetch is None or begin is None or len(found) >= (limit or 0):
            break
        fetch *= 8  # twins and near misses took the place of others
    if limit is not None:
        found = found[-limit:]
    return [Event(0, one.time_ns, one.name, one.session_id, one.model, one.attributes) for one in found]


def _newest(url: str, query: str, count: int) -> int | None:
    """Return when the oldest of the *count* newest rows happened, or None when there are no more than that."""
    # VictoriaLogs looks at its newest part first when it is asked like this; others of the same moment may be left out.
    times = [nanoseconds(row["_time"]) for row in http.rows(url, f"{query} | fields _time", limit=str(count))]
    return min(times) if len(times) == count else None


def _once(found: Iterable[Found]) -> list[Found]:
    """Return events in order, those that were sent again but once: a process of claude gives each of its numbers once."""
    kept: list[Found] = []
    seen = set()
    for one in sorted(found, key=_order):
        twin = one._replace(attributes={}), repr(sorted(one.attributes.items(), key=itemgetter(0)))
        if one.sequence is None or str(twin) not in seen:
            kept.append(one)
            seen.add(str(twin))
    return kept


def _order(one: Found) -> tuple[int, int]:
    return one.time_ns, -1 if one.sequence is None else one.sequence


def last_event(url: str) -> Event | None:
    """Return the newest event, or None. Raises StoreUnreachable."""
    found = events(url, limit=1)
    return found[0] if found else None


def find_check(url: str, nonce: str) -> bool:
    """Say whether the event that ``cclaunch check`` sent with *nonce* arrived. Raises StoreUnreachable."""
    return any(True for _ in http.rows(url, f"{any_of(otel.CHECK_ATTRIBUTE, [nonce])} | fields _time | limit 1"))


def field_names(url: str) -> set[str]:
    """Return every attribute that an event ever had. Raises StoreUnreachable."""
    return set(http.field_names(url, f"* {NOT_CHECKS}")) - ADDED
