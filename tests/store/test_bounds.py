"""Numbers that cannot be true: what any program may send, and what is made of it."""

import math
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collector_client import cost
from ledgers import forget_old, usage
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from otlp_requests import DAY_NS, logs, metric, request_event, write

from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.store import limits
from cclaunch.store.reader import events, series
from cclaunch.store.rows import DELTA
from cclaunch.store.writer import Writer

NOW = time.time_ns()

ABSURD: list[Any] = [
    9e12,
    "9e12",
    1e300,
    "1e300",
    -1,
    "-0.01",
    -(2**63),
    2**63 - 1,
    str(2**63),
    "9" * 4000,
    math.nan,
    math.inf,
    -math.inf,
    "nan",
    "Infinity",
    True,
    "true",
    "1_000",
    "",
    None,
    ["1"],
    {"a": 1},
    b"1",
]
COLUMNS = {
    "cost_usd": "cost_usd_micros",
    "cost_usd_micros": "cost_usd_micros",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_creation_tokens": "cache_creation_tokens",
    "duration_ms": "duration_ms",
    "event.sequence": "sequence",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Writer]:
    """A started writer; close it and read."""
    writer = Writer(str(tmp_path / "telemetry.db"))
    writer.start()
    yield writer
    writer.close()


@pytest.mark.parametrize("name", COLUMNS)
def test_what_cannot_be_true_is_kept_as_sent_and_not_counted(store: Writer, name: str) -> None:
    """The record is stored with its attributes; the column that is added up stays empty."""
    reader = write(store, logs(*({"time": NOW, name: value, "case": number} for number, value in enumerate(ABSURD))))

    assert [row[0] for row in reader.execute(f"SELECT {COLUMNS[name]} FROM events")] == [None] * len(ABSURD)
    assert {event.attributes["case"] for event in events(reader)} == set(range(len(ABSURD)))


def test_two_absurd_costs_do_not_break_the_sum(store: Writer) -> None:
    """Any program on the machine could end `usage` for good."""
    reader = write(store, logs(*({"time": NOW, "cost_usd": 9e12, "request_id": name} for name in "ab"), request_event(7)))

    assert usage(reader).total["cost_usd"] == 0.000007


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("cost_usd", 0, 0),
        ("cost_usd", "0.5", 500_000),
        ("cost_usd", 10_000, 10_000_000_000),
        ("cost_usd_micros", "1000000", 1_000_000),
        ("input_tokens", 1_000_000_000, 1_000_000_000),
        ("input_tokens", 0, 0),
        ("output_tokens", "12", 12),
        ("duration_ms", 86_400_000, 86_400_000),
        ("event.sequence", 0, 0),
    ],
)
def test_what_can_be_true_is_counted(store: Writer, name: str, value: Any, kept: int) -> None:
    """The bounds themselves among it."""
    reader = write(store, logs({"time": NOW, name: value}))

    assert [row[0] for row in reader.execute(f"SELECT {COLUMNS[name]} FROM events")] == [kept]


def test_the_dollars_count_where_the_micro_dollars_cannot_be_true(store: Writer) -> None:
    """Two attributes say the same."""
    reader = write(store, logs({"time": NOW, "cost_usd_micros": -5, "cost_usd": 0.25}))

    assert usage(reader).total["cost_usd"] == 0.25


@pytest.mark.parametrize("sent", [1, 10**15, NOW + 366 * DAY_NS, 2**63 - 1, 2**64 - 1])
def test_an_event_of_no_possible_time_is_of_now(store: Writer, sent: int) -> None:
    """One of 1970 would be deleted at once, one of next year would never grow old."""
    before = time.time_ns()
    reader = write(store, logs({"time": sent}))

    assert before <= events(reader)[0].time_ns <= time.time_ns()


def test_an_event_of_no_possible_time_is_of_when_it_was_seen(store: Writer) -> None:
    """The exporter's own clock comes first."""
    request = logs({"time": 2**64 - 1})
    request.resource_logs[0].scope_logs[0].log_records[0].observed_time_unix_nano = NOW - DAY_NS

    assert events(write(store, request))[0].time_ns == NOW - DAY_NS


def test_a_point_that_is_still_to_come_is_of_now(store: Writer) -> None:
    """Else its series would be shown for ever."""
    (found,) = series(write(store, metric("m", [(0, 2**64 - 1, 3.0)], DELTA)), 0)

    assert found.time_ns <= time.time_ns()


def points(*values: float, monotonic: bool = True) -> ExportMetricsServiceRequest:
    """Return a request of one sum with these points."""
    request = cost(values[0])
    found = request.resource_metrics[0].scope_metrics[0].metrics[0].sum
    found.is_monotonic = monotonic
    for value in values[1:]:
        found.data_points.add(as_double=value, time_unix_nano=NOW)
    return request


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1.0])
def test_a_point_that_cannot_be_true_is_refused_by_number(value: float) -> None:
    """Its series has nothing else: partial success says how many."""
    batch = decode_metrics(points(1.5, value))

    assert [point.value for point in batch.points] == [1.5]
    assert batch.rejected == 1
    assert batch.message


def test_a_sum_that_may_fall_may_be_negative() -> None:
    """Only what never falls cannot be."""
    assert [point.value for point in decode_metrics(points(-1.5, monotonic=False)).points] == [-1.5]


def test_a_point_without_a_value_is_no_refusal() -> None:
    """OTLP has a flag for "nothing was recorded"."""
    request = points(1.0)
    request.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[0].ClearField("as_double")

    assert (decode_metrics(request).points, decode_metrics(request).rejected) == ([], 0)


def test_a_record_with_too_many_attributes_is_refused_by_number() -> None:
    """Beside one that is stored."""
    many = {f"a{number}": number for number in range(limits.MOST_ATTRIBUTES + 1)}
    batch = decode_logs(logs({"name": "many", **many}, {"name": "few"}))

    assert [event.name for event in batch.events] == ["few"]
    assert batch.rejected == 1
    assert "attributes" in batch.message


def test_an_id_of_a_megabyte_is_none(store: Writer) -> None:
    """Columns are indexed; the attribute is kept."""
    reader = write(store, logs({"time": NOW, "session.id": "s" * (1 << 20), "name": "n" * 5000}))

    assert tuple(reader.execute("SELECT session_id, length(name) FROM events").fetchone()) == (None, limits.LONGEST_NAME)
    assert len(events(reader)[0].attributes["session.id"]) == 1 << 20


def test_absurd_rows_of_an_older_release_do_not_break_the_sum(store: Writer) -> None:
    """They passed the door when it had no bounds, and lie in the database."""
    write(store, logs(request_event(1, time=NOW), request_event(2, time=NOW)))
    with sqlite3.connect(store.path, isolation_level=None) as connection:
        connection.execute("UPDATE events SET cost_usd_micros = 9000000000000000000")

    assert usage(write(store)).total["requests"] == 2


def test_requests_of_one_request_id_are_all_counted(store: Writer) -> None:
    """Some gateways answer every request with the same id."""
    same = [{**request_event(number), "time": NOW + number, "request_id": "constant"} for number in (1, 2, 3)]

    assert usage(write(store, logs(*same))).total["requests"] == 3


def test_a_copy_that_comes_after_its_row_is_gone_is_not_counted_again(store: Writer) -> None:
    """A sender that was without a network for 90 days, or a backup that is replayed."""
    request = logs(request_event(5, time=NOW - 100 * DAY_NS))
    write(store, request, logs(request_event(6, time=NOW)))
    with sqlite3.connect(store.path, isolation_level=None) as connection:
        assert forget_old(connection, NOW) == 1

    reader = write(store, request)
    assert len(events(reader)) == 2
    assert usage(reader).total["requests"] == 2
