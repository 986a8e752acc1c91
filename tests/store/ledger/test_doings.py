"""What was done beside requests is added up once, however it is read: twice, in pieces, after a part of it is gone, forgotten."""

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import places_at
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from required import missing
from stackproc import vlogs
from stored import event, export_of, request, store

from cclaunch.otlp.decode import decode_logs
from cclaunch.store.ledger import doings, from_events, named
from cclaunch.store.ledger.catch_up import catch_up, take_doings
from cclaunch.store.ledger.doings import LAST_BIN, NO_TIME, bin_of, ends_of
from cclaunch.store.ledger.doings_read import Took
from cclaunch.store.ledger.doings_read import doings as asked
from cclaunch.store.ledger.forget_doings import SOURCE
from cclaunch.store.ledger.opening import open_to_write, reading
from cclaunch.store.ledger.schema import QUARTER_NS
from cclaunch.store.ledger.tombstones import Rule, hashed
from cclaunch.store.ledger.writing import writing
from cclaunch.store.limits import MOST_MS
from cclaunch.store.places import Places
from cclaunch.store.rows import Batch

NOON = 1_790_000_000_000_000_000 // QUARTER_NS * QUARTER_NS
SECOND = 1_000_000_000
FOREVER = (1 << 63) - 1


def exported(second: float, session: str = "s-1", **attributes: Any) -> ExportLogsServiceRequest:
    """Return the export of a tool that was used, so many seconds behind noon, by one who works for the team core."""
    said = {"tool_name": "Bash", "success": "true", "duration_ms": "48", "session.id": session, "event.sequence": round(second)}
    request = export_of({"event.name": "tool_result", **said, **attributes}, time_ns=NOON + round(second * SECOND))
    request.resource_logs[0].resource.attributes.add(key="team").value.string_value = "core"
    return request


def tool(second: float, session: str = "s-1", **attributes: Any) -> Batch:
    """Return the same, as it is stored."""
    return decode_logs(exported(second, session, **attributes))


def some(session: str = "s-1") -> list[Batch]:
    """Return events of each kind, in three quarters of an hour."""
    return [
        *(tool(300 * number, session) for number in range(6)),
        tool(7, session, success="false", error_type="ShellError"),
        tool(8, session, tool_name="Read", duration_ms="nonsense"),
        event("tool_decision", NOON, tool_name="Bash", decision="accept", source="config", session__id=session),
        event("api_error", NOON, model="claude-opus-4-8[1m]", status_code=529, duration_ms=27, session__id=session),
        event("internal_error", NOON, error_name="TypeError", session__id=session),
        event("api_refusal", NOON, model="claude-opus-4-8", session__id=session),
        event("user_prompt", NOON, prompt_length=3, session__id=session),
        request(1, NOON, duration_ms=1500, session__id=session),
    ]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where some events are."""
    found = places_at(tmp_path / "telemetry.db")
    store(Path(found.database), *some())
    return found


def rows(places: Places) -> list[tuple[Any, ...]]:
    """Return all that the ledger knows of it."""
    query = (
        "SELECT d.quarter, s.name, t.attributes, n.kind, n.name, n.detail, d.bin, d.times, d.failed, d.ms FROM doings d"
        ' LEFT JOIN sessions s ON s.id = d.session JOIN sets t ON t.id = d."set" JOIN doing_names n ON n.id = d.what'
    )
    with closing(sqlite3.connect(places.ledger)) as connection:
        return sorted(connection.execute(query).fetchall())


def counted(places: Places, **where: list[str]) -> Counter[tuple[str, str]]:
    """Return (name, detail) -> how often that was, where *where* holds."""
    with reading(places.ledger) as connection:
        found: list[Took] = asked(connection, named.Known(), None, None, where).whole
    times: Counter[tuple[str, str]] = Counter()
    for row in found:
        times[row.what.name, row.what.detail] += row.times
    return times


WHOLE = {
    ("Bash", ""): 6,
    ("Bash", "ShellError"): 1,
    ("Read", ""): 1,
    ("Bash", "accept config"): 1,
    ("claude-opus-4-8", "529"): 1,
    ("TypeError", ""): 1,
    ("claude-opus-4-8", ""): 2,
}


def test_each_kind_is_counted(places: Places) -> None:
    """By name and detail; a prompt is none of it."""
    assert take_doings(places) == 0
    assert counted(places) == WHOLE
    assert counted(places, team=["core"]) == {("Bash", ""): 6, ("Bash", "ShellError"): 1, ("Read", ""): 1}
    assert counted(places, **{"session": ["s-2"]}) == {}


def test_reading_it_again_changes_nothing(places: Places) -> None:
    """From the start, with what was read already."""
    take_doings(places)
    before = rows(places)
    with closing(sqlite3.connect(places.ledger)) as connection, connection:
        connection.execute("DELETE FROM cursors WHERE source = ?", (SOURCE,))
    take_doings(places)
    assert rows(places) == before


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_it_may_be_read_in_pieces(places: Places, pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of an hour that is cut is added up anew; whoever is killed between two slices has lost nothing."""
    take_doings(places)
    whole = rows(places)
    with closing(sqlite3.connect(places.ledger)) as connection, connection:
        for table in ("doings", "doing_names", "cursors"):
            connection.execute(f"DELETE FROM {table}")
    connection = open_to_write(places.ledger)
    with closing(connection):
        from_events.attach(connection, places.database)
        while doings.take_events(connection, 0.0, pieces):  # the time is over: not a slice
            monkeypatch.setattr("cclaunch.store.ledger.doings.time.monotonic", iter([0.0, 1.0]).__next__)
            doings.take_events(connection, 0.5, pieces)
            monkeypatch.undo()
    assert rows(places) == whole


def test_what_another_database_tells_again_is_not_counted_twice(places: Places, tmp_path: Path) -> None:
    """Nor is what is known lost when it tells of less."""
    take_doings(places)
    before = rows(places)
    other = places._replace(database=str(tmp_path / "other.db"))
    store(Path(other.database), *some()[:3], *some("s-2"))
    take_doings(other)
    assert [row for row in rows(places) if row[1] != "s-2"] == before
    assert len(rows(places)) == 2 * len(before)


def test_late_events_come_in(places: Places) -> None:
    """Into a quarter of an hour that was read."""
    take_doings(places)
    store(Path(places.database), tool(9))
    take_doings(places)
    assert counted(places)["Bash", ""] == 7


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Rule(0, FOREVER, {hashed("session.id"): frozenset([hashed("s-1")])}), ["s-2"]),
        (Rule(0, FOREVER, {hashed("team"): frozenset([hashed("core")])}), ["s-1", "s-2"]),
        (Rule(0, NOON + QUARTER_NS, {}), ["s-1", "s-2"]),
        (Rule(0, NOON + 10 * QUARTER_NS, {}), []),
    ],
    ids=["a session", "a team", "a time", "all"],
)
def test_what_is_forgotten_goes_and_stays_away(places: Places, rule: Rule, left: list[str]) -> None:
    """Also while its raw events are still there."""
    from cclaunch.store.ledger.forget import forget_requests

    store(Path(places.database), *some("s-2"))
    catch_up(places)
    take_doings(places)
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        forget_requests(connection, [rule])
    for _ in range(2):
        found = rows(places)
        assert sorted({row[1] for row in found}) in (left, [])
        assert not [row for row in found if row[0] * QUARTER_NS < rule.until and not rule.asks]
        assert not [row for row in found if hashed("team") in rule.asks and "core" in row[2]]
        take_doings(places)
    assert sorted({row[1] for row in rows(places)}) == left


def test_a_name_without_end_is_cut_and_many_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends names cannot fill the ledger with them."""
    monkeypatch.setattr(doings, "MOST_NAMES", 3)
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), *(tool(number, tool_name=f"{number}" * 100_000) for number in range(1, 10)))
    take_doings(places)
    names = {row[4] for row in rows(places)}
    assert len(names) == 4
    assert max(map(len, names)) == doings.LONGEST
    assert sum(row[7] for row in rows(places)) == 9


def test_bins_hold_what_is_put_into_them() -> None:
    """From nothing to a year; and two bins double it."""
    assert bin_of(None) == NO_TIME
    for took in (0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 1000, 1535, 1536, 90_000, MOST_MS):
        low, high = ends_of(bin_of(took))
        assert low <= took < high or (took == MOST_MS and bin_of(took) <= LAST_BIN)
        assert high <= max(2, 2 * low)


SENT = (
    *(exported(300 * number) for number in range(6)),
    exported(7, success="false", error_type="ShellError"),
    exported(8, "s-2", tool_name="Read"),
    export_of({"event.name": "api_error", "status_code": 529, "model": "claude-opus-4-8[1m]", "session.id": "s-1"}, time_ns=NOON),
    export_of({"model": "claude-opus-4-8", "duration_ms": 1500, "session.id": "s-2"}, time_ns=NOON),
)


def test_victorialogs_tells_the_same(tmp_path: Path) -> None:
    """Also where both tell it, where it lies there twice, and when it is read again after a day."""
    places = places_at(tmp_path / "here.db")
    store(Path(places.database), *map(decode_logs, SENT))
    take_doings(places)
    with vlogs(tmp_path / "vlogs") as service:
        if service is None:
            missing("victoria-logs")
        service.take(*SENT, SENT[0], SENT[6])
        there = places_at(tmp_path / "there.db", service.url)
        take_doings(there)
        assert rows(there) == rows(places)
        service.take(exported(9))
        with closing(sqlite3.connect(there.ledger)) as connection, connection:
            connection.execute("UPDATE cursors SET position = 0 WHERE source IN ('doings all', 'doings lately')")
        take_doings(there)
        assert counted(there)["Bash", ""] == 7
        both = places._replace(vlogs=service.url)
        take_doings(both)
        assert rows(both) == rows(there)


def test_days_are_those_of_the_quarters(places: Places) -> None:
    """Of the clock on the wall, and of another clock after it was set."""
    take_doings(places)
    with reading(places.ledger) as connection:
        days = asked(connection, named.Known(), None, None, {})
        quarters = asked(connection, named.Known(), None, None, {"session": ["s-1"]})
    assert sorted(days.whole) == sorted(quarters.whole)
    assert {day: sorted(some) for day, some in days.days.items()} == {day: sorted(some) for day, some in quarters.days.items()}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"])
def test_another_clock_has_other_days(places: Places, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are added up anew with what comes next; until then quarters are asked."""
    take_doings(places)
    before = dict(os.environ)
    os.environ["TZ"] = zone
    time.tzset()
    try:
        for _ in range(2):
            with reading(places.ledger) as connection:
                days = asked(connection, named.Known(), None, None, {})
                quarters = asked(connection, named.Known(), None, None, {"session": ["s-1"]})
            assert sorted(days.whole) == sorted(quarters.whole)
            assert days.days.keys() == quarters.days.keys()
            store(Path(places.database), tool(10))
            take_doings(places)
    finally:
        os.environ.clear()
        os.environ.update(before)
        time.tzset()


def test_a_clock_of_the_same_names_is_another_one(tmp_path: Path, zone: Callable[[str], None]) -> None:
    """Cairo and Athens are called alike, and set their clocks weeks apart."""
    april = 1_743_541_200_000_000_000  # 2025-04-01 at 21:00 UTC: midnight in Athens
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), event("tool_result", april, tool_name="Bash", session__id="s-1"))
    zone("Europe/Athens")
    take_doings(places)
    for there, day in (("Europe/Athens", "2025-04-02"), ("Africa/Cairo", "2025-04-01")):
        zone(there)
        with reading(places.ledger) as connection:
            assert list(asked(connection, named.Known(), None, None, {}).days) == [day]
