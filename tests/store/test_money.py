"""The store: what is added up, once, and what is kept for ever."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledgers import forget_old, lost_usd_micros, usage
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from otlp_requests import DAY_NS, NOW, logs, metric, request_event, write

from cclaunch import otel
from cclaunch.errors import StoreBroken, StoreMissing, StoreTooNew
from cclaunch.otlp.decode import decode_metrics
from cclaunch.store.reader import events, extent, find_check, open_reader, series
from cclaunch.store.rows import CUMULATIVE, DELTA
from cclaunch.store.set_aside import all_aside
from cclaunch.store.writer import Writer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Writer]:
    """A started writer; close it and read."""
    writer = Writer(str(tmp_path / "telemetry.db"))
    writer.start()
    yield writer
    writer.close()


def test_every_kind_of_value_survives(store: Writer) -> None:
    """Strings, numbers, booleans, arrays, maps, bytes, an unset value, not a number."""
    sent = {"s": "ü\u0000x", "i": -(2**62), "d": 0.1, "b": True, "a": ["x", 1, []], "m": {"k": [False]}, "n": None, "e": []}

    found = events(write(store, logs({**sent, "y": b"\xff", "nan": float("nan")})))[0].attributes

    assert {key: found[key] for key in sent} == sent
    assert (found["y"], found["nan"]) == ("/w==", "nan")


def test_a_number_sent_as_text_is_a_number(store: Writer) -> None:
    """duration_ms is a string on tool_result and an integer on api_request."""
    reader = write(store, logs({"name": "tool_result", "duration_ms": "48"}, {"name": "api_request", "duration_ms": 12}))

    assert [row[0] for row in reader.execute("SELECT typeof(duration_ms) FROM events")] == ["integer", "integer"]
    assert {event.attributes["duration_ms"] for event in events(reader)} == {48, 12}


@pytest.mark.parametrize("digits", ["9" * 25, "-" + "9" * 25, str(1 << 63), "1e400", "9" * 5000])
def test_a_number_beyond_64_bits_breaks_nothing(store: Writer, digits: str) -> None:
    """SQLite's integers end there; the batch is stored, the text is kept."""
    fields = {name: digits for name in ("duration_ms", "input_tokens", "cost_usd_micros", "cost_usd", "event.sequence")}
    reader = write(store, logs({"name": "odd", **fields}, request_event(3)))

    assert events(reader, where={"event.name": "odd"})[0].attributes["cost_usd_micros"] == digits
    assert usage(reader).total["cost_usd"] == 0.000003


def test_an_event_without_a_time_is_of_now(store: Writer) -> None:
    """An event of 1970 would be deleted at once."""
    before = time.time_ns()
    reader = write(store, logs({"time": 0}))

    assert before <= events(reader)[0].time_ns <= time.time_ns()


def test_the_time_of_observing_comes_before_now(store: Writer) -> None:
    """A record that names no time of its own was at least seen at one."""
    request = logs({"time": 0})
    request.resource_logs[0].scope_logs[0].log_records[0].observed_time_unix_nano = NOW + 7

    assert events(write(store, request))[0].time_ns == NOW + 7


def test_an_event_without_a_time_that_is_sent_again_is_stored_once(store: Writer) -> None:
    """Now is another time by then; the record is the same."""
    request = logs({"time": 0, **request_event(1)})

    assert len(events(write(store, request, request))) == 1


def test_a_point_without_a_time_is_of_now(store: Writer) -> None:
    """Else `/metrics` would never show its series."""
    before = time.time_ns()
    (found,) = series(write(store, metric("m", [(0, 0, 3.0)], CUMULATIVE)), before)

    assert (found.value, before <= found.time_ns <= time.time_ns()) == (3.0, True)


def test_a_batch_sent_again_is_stored_once(store: Writer) -> None:
    """An exporter that lost the answer tries again."""
    request = logs(request_event(1), request_event(2))

    assert len(events(write(store, request, request))) == 2


def test_equal_records_of_one_request_are_all_stored(store: Writer) -> None:
    """Their ordinal tells them apart."""
    assert len(events(write(store, logs({"name": "x"}, {"name": "x"})))) == 2


def test_money_counts_once_per_request(store: Writer) -> None:
    """What was sent twice was paid once; two that were given the same id were paid both."""
    twice = logs(request_event(5), request_event(5, time=NOW + 1))
    reader = write(store, twice, twice, logs(request_event(7)))

    total = usage(reader).total
    assert (total["cost_usd"], total["requests"], total["input_tokens"]) == (0.000017, 3, 3)


def test_a_request_without_an_id_counts_by_itself(store: Writer) -> None:
    """Nothing is thrown away for want of an id."""
    reader = write(store, logs({"cost_usd_micros": 5, "k": 1}, {"cost_usd_micros": 5, "k": 2}))

    assert usage(reader).total["requests"] == 2


def test_dollars_alone_are_enough(store: Writer) -> None:
    """An exporter that sends no micro-dollars."""
    assert usage(write(store, logs({"request_id": "r", "cost_usd": 0.005625}))).total["cost_usd"] == 0.005625


def test_a_model_and_its_suffix_are_one(store: Writer) -> None:
    """Older releases say claude-opus-4-8[1m] on some signals."""
    reader = write(store, logs(request_event(1, model="claude-opus-4-8[1m]"), request_event(2, model="claude-opus-4-8")))

    assert [row["model"] for row in usage(reader, by=["model"]).rows] == ["claude-opus-4-8"]


def test_usage_groups_by_any_attribute_and_none_is_null(store: Writer) -> None:
    """A row without the attribute is not lost."""
    reader = write(store, logs(request_event(1, team="a b"), request_event(2), request_event(3, team="a b")))

    rows = usage(reader, by=["team"]).rows
    assert [(row["team"], row["cost_usd"]) for row in rows] == [("a b", 0.000004), (None, 0.000002)]


def test_usage_can_be_narrowed(store: Writer) -> None:
    """By time and by attribute."""
    reader = write(store, logs(request_event(1, team="a"), request_event(2, team="b"), request_event(4, team="a", time=NOW + 10)))

    assert usage(reader, until=NOW + 10, where={"team": "a"}).total["cost_usd"] == 0.000001


def test_what_check_sent_is_found_and_never_counted(store: Writer) -> None:
    """The proof leaves no trace in the numbers."""
    mark = {otel.CHECK_ATTRIBUTE: "abc"}
    reader = write(store, logs({**request_event(9), **mark}), metric("m", [(1, 2, 3.0)], DELTA, **{"cclaunch_check": "abc"}))

    assert find_check(reader, "abc") == (True, True)
    assert usage(reader).total["requests"] == 0
    assert not events(reader)
    assert not list(series(reader, 0))


@pytest.mark.parametrize(
    ("temporality", "points", "value"),
    [
        (DELTA, [(0, 10, 1.0), (20, 30, 2.0), (10, 20, 4.0), (20, 30, 2.0)], 7.0),
        (CUMULATIVE, [(5, 10, 1.0), (5, 30, 6.0), (5, 20, 3.0)], 6.0),
        (CUMULATIVE, [(5, 10, 4.0), (15, 20, 1.0), (15, 30, 2.0), (5, 12, 5.0)], 7.0),
    ],
)
def test_sums_are_right_for_both_temporalities(
    store: Writer, temporality: int, points: list[tuple[int, int, float]], value: float
) -> None:
    """Late, repeated and out-of-order points, and a restart of the counter."""
    reader = write(store, *(metric("m", [point], temporality) for point in points))

    assert [found.value for found in series(reader, 0)] == [value]


def test_two_processes_of_one_session_are_two_series(store: Writer) -> None:
    """service.instance.id keeps them apart."""
    one = metric("m", [(5, 10, 4.0)], CUMULATIVE, service_instance_id="1")
    two = metric("m", [(5, 10, 3.0)], CUMULATIVE, service_instance_id="2")

    assert sorted(found.value for found in series(write(store, one, two), 0)) == [3.0, 4.0]


def test_what_metrics_counted_beyond_events_was_lost(store: Writer) -> None:
    """A session whose last events never arrived."""
    cost = metric("claude_code.cost.usage", [(NOW, NOW + 1, 0.0001)], DELTA, session_id="s")
    reader = write(store, logs(request_event(60, **{"session.id": "s"})), cost)

    assert lost_usd_micros(reader, None, None) == 40


def test_a_session_without_loss_has_lost_nothing(store: Writer) -> None:
    """Rounding is no loss."""
    cost = metric("claude_code.cost.usage", [(NOW, NOW + 1, 0.0000604)], DELTA, session_id="s")
    reader = write(store, logs(request_event(60, **{"session.id": "s"})), cost)

    assert lost_usd_micros(reader, None, None) == 0


def test_a_session_whose_first_events_are_gone_has_lost_nothing(store: Writer) -> None:
    """Its points outlive its first events: what is in the ledger is not lost."""
    session, old, new = {"session.id": "long"}, NOW - 100 * DAY_NS, NOW - DAY_NS
    cost = metric("claude_code.cost.usage", [(old, old + 1, 0.00006), (old, new, 0.0001)], CUMULATIVE, session_id="long")
    reader = write(store, logs(request_event(60, time=old, **session), request_event(40, time=new, **session)), cost)
    assert lost_usd_micros(reader, None, None) == 0

    with sqlite3.connect(store.path, isolation_level=None) as connection:
        assert forget_old(connection, NOW) == 1

    assert lost_usd_micros(reader, None, None) == 0


def test_a_younger_session_is_still_compared_when_old_events_are_gone(store: Writer) -> None:
    """Their end does not hide what is lost today."""
    cost = metric("claude_code.cost.usage", [(NOW - DAY_NS, NOW, 0.0001)], DELTA, session_id="young")
    events_of = logs(request_event(1, time=NOW - 100 * DAY_NS), request_event(60, time=NOW, **{"session.id": "young"}))
    reader = write(store, events_of, cost)
    with sqlite3.connect(store.path, isolation_level=None) as connection:
        assert forget_old(connection, NOW) == 1

    assert lost_usd_micros(reader, None, None) == 40


def test_a_histogram_is_rejected_by_name() -> None:
    """Partial success says what was not taken."""
    request = ExportMetricsServiceRequest()
    request.resource_metrics.add().scope_metrics.add().metrics.add().histogram.data_points.add()

    batch = decode_metrics(request)

    assert (batch.rejected, "histogram" in batch.message) == (1, True)


@pytest.mark.parametrize(
    "by", [["day"], ["model"], ["team"], ["profile", "repository"], ["day", "project"], ["session"], ["effort", "month"]]
)
def test_deleting_old_events_changes_no_total(store: Writer, by: list[str]) -> None:
    """Raw rows go after 90 days, the numbers stay."""
    labels = {"team": "t", "cclaunch.profile": "p", "vcs.repository.name": "r", "session.id": "s", "effort": "high"}
    old, new = NOW - 100 * DAY_NS, NOW - DAY_NS
    reader = write(
        store, logs(request_event(1, time=old, **labels), request_event(2, time=old), request_event(4, time=new, **labels))
    )
    before = usage(reader, by=by)

    with sqlite3.connect(store.path, isolation_level=None) as connection:
        assert forget_old(connection, NOW) == 2
        assert forget_old(connection, NOW) == 0

    after = usage(reader, by=by)
    assert (after.rows, after.total) == (before.rows, before.total)
    assert len(events(reader)) == 1


def test_no_database_is_nothing_recorded(tmp_path: Path) -> None:
    """Not an empty table of zeros."""
    with pytest.raises(StoreMissing):
        open_reader(str(tmp_path / "telemetry.db"))


def test_a_newer_schema_is_refused(store: Writer) -> None:
    """And not touched."""
    write(store, logs(request_event(1)))
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreTooNew):
        open_reader(store.path)
    with pytest.raises(StoreTooNew):
        Writer(store.path).start()


def test_a_file_that_is_no_database_is_never_overwritten(tmp_path: Path) -> None:
    """Whatever it is, it is somebody's."""
    path = tmp_path / "telemetry.db"
    path.write_bytes(b"precious" * 1000)

    writer = Writer(str(path))
    writer.start()
    writer.close()
    (aside,) = all_aside(str(path))
    assert Path(aside.path).read_bytes() == b"precious" * 1000


def test_a_database_of_another_program_is_left_where_it_is(tmp_path: Path) -> None:
    """It is no damage: only its owner knows why it lies there."""
    path = tmp_path / "telemetry.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()

    with pytest.raises(StoreBroken, match="another program"):
        Writer(str(path)).start()
    assert path.read_bytes() == before


def test_the_files_are_readable_by_the_owner_only(store: Writer, tmp_path: Path) -> None:
    """Prompts may be in there."""
    write(store, logs(request_event(1)))

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_the_extent_says_size_and_range(store: Writer) -> None:
    """What `stack down --volumes` shows before it asks."""
    write(store, logs(request_event(1, time=NOW), request_event(2, time=NOW + 5)))

    found = extent(store.path)
    assert (found.first_ns, found.last_ns, found.events) == (NOW, NOW + 5, 2)
    assert found.size_bytes > 0


def test_attributes_are_valid_json(store: Writer) -> None:
    """Others may read the database with sqlite3 alone."""
    reader = write(store, logs({"nan": float("inf"), "x": "\ud7ff"}))

    query = "SELECT json_patch(s.attributes, e.attributes) FROM events e JOIN shared s ON s.key = e.shared"
    found = json.loads(reader.execute(query).fetchone()[0])
    assert {key: found[key] for key in ("event.name", "nan", "x")} == {"event.name": "api_request", "nan": "inf", "x": "\ud7ff"}
