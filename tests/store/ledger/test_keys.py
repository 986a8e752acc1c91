"""That one event has one key, whichever way it came: OTLP in both encodings, VictoriaLogs, and its rows in our own store."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from otlp_requests import logs
from stackproc import Vlogs
from stackproc import vlogs as running_vlogs

from cclaunch import otel
from cclaunch.otlp.decode import decode_logs
from cclaunch.otlp.encoding import JSON, PROTOBUF, parse_request
from cclaunch.otlp.signals import SIGNALS
from cclaunch.store.ledger.from_vlogs import key_of
from cclaunch.store.record_key import NOT_COMPARED, again, record_key, texts_of
from cclaunch.store.vlogs import requests

LOGS = next(one for one in SIGNALS if one.name == "logs")
NOW = time.time_ns() // 86_400_000_000_000 * 86_400_000_000_000 - 86_400_000_000_000
TIMES = itertools.count(NOW, 1_000_003)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vlogs]:
    """A real VictoriaLogs."""
    with running_vlogs(tmp_path_factory.mktemp("vlogs")) as service:
        yield service


LONGEST_NAME = 128
"""Bytes: VictoriaLogs takes no event with an attribute that has a longer name."""

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.floats(-1e6, 1e6),
    st.integers(-(10**15), 10**15).map(float),
    st.none(),
)
PARTS = st.sampled_from(["b", "c d", "é"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(PARTS, inner, max_size=3)), max_leaves=6
)
NAMES = st.one_of(
    TEXTS.filter(lambda text: len(text.encode()) < LONGEST_NAME - 10),
    st.sampled_from(["job", "team", "a.b", "session.id", "event.sequence", "cost_usd", "model", "user.email"]),
    st.sampled_from(sorted(NOT_COMPARED - {otel.SENDER})),
).filter(lambda name: name not in ("", "_msg", "service.name", otel.SENDER))
RECORDS = st.dictionaries(NAMES, VALUES, max_size=5)
"""
But no second ``service.name``, over which VictoriaLogs 1.52.1 ends itself, and no second body (``_msg``, or no name at all),
of which it shows one or the other; as of what resource and record both have, which claude never sends.
"""
RESOURCES = st.dictionaries(NAMES.map("of a resource ".__add__), VALUES, max_size=5)


def of_otlp(request: ExportLogsServiceRequest, kind: str) -> list[int]:
    """Return the keys of the events in *request*, in order, as it comes in the encoding *kind*."""
    body = json.dumps(MessageToDict(request)).encode() if kind == JSON else request.SerializeToString()
    return [row.key for row in decode_logs(parse_request(body, kind, LOGS)).events]


def of_vlogs(there: Vlogs, since: int, until: int) -> list[int]:
    """Return the keys of the events that VictoriaLogs holds of a time, in its order."""
    found = [(row, one) for row, one in requests.between(there.url, since, until + 1) if one is not None]
    return [key_of(row, one) for row, one in sorted(found, key=lambda pair: pair[1].time_ns)]


@given(resource=RESOURCES, records=st.lists(RECORDS, min_size=1, max_size=30))
@example(resource={}, records=[{otel.SENDER: "unknown"}, {otel.SENDER: 1}])
@example(resource={"job": "claude"}, records=[{"job": "other"}, {"job": "claude"}, {"job": ""}, {}])
@example(resource={"team": "a"}, records=[{"team": ""}, {"team": None}, {"team": []}, {"team": {}}, {"team": "b"}])
@example(
    resource={}, records=[{"a": value} for value in (1.0, 5e-324, 1.7976931348623157e308, -0.0, 0.1, 1e21, 1e-7, 123456789.125)]
)
@example(
    resource={}, records=[{"a": value} for value in (float("nan"), float("inf"), float("-inf"), 1 << 53, -(1 << 63), b"\xff")]
)
@example(
    resource={}, records=[{"a": value} for value in ("\x00", "a\nb", "\x01", "\x02", "\x7f", "\u2028", " ", "<&>", "\U0001f642")]
)
@example(
    resource={}, records=[{"n" * LONGEST_NAME: "x"}, {"ä" * (LONGEST_NAME // 2): "x"}, {"a b": "x"}, {"\x00": "x"}, {"a\n": "x"}]
)
@example(
    resource={"a": "nan"},
    records=[{"a": ""}, {"a": "NaN"}, {"a": float("nan")}, {"a": [float("inf"), -0.0, "\x7f"]}, {"a": "[x"}],
)
@example(resource={}, records=[{"a": [1.5, True, None, "x", b"x"]}, {"a": {"b": {"c": [1e21]}}}, {"a": [[], {}, "<é>"]}])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
def test_an_event_has_one_key_by_every_way(there: Vlogs, resource: dict[str, Any], records: list[dict[str, Any]]) -> None:
    """What is compared is what VictoriaLogs keeps of it."""
    times = [next(TIMES) for _ in records]
    timed = [{**one, "time": at} for one, at in zip(records, times, strict=True)]
    request = logs(*timed, resource={"service.name": "claude-code", **resource})
    there.take(request)

    keys = of_otlp(request, PROTOBUF)

    assert keys == of_otlp(request, JSON)
    assert keys == of_vlogs(there, times[0], times[-1])


@given(records=st.lists(RECORDS, min_size=1, max_size=8, unique_by=lambda record: repr(sorted(texts_of(record).items()))))
def test_equal_events_of_one_export_are_told_apart_the_same_way_each_time(records: list[dict[str, Any]]) -> None:
    """An export that is sent again gives the same keys; no two of one export are the same."""
    request = logs(*[{**one, "time": NOW} for one in (*records, *records, *records)])
    keys = of_otlp(request, PROTOBUF)
    assert len(set(keys)) == len(keys)
    assert keys == of_otlp(request, JSON)


@given(st.dictionaries(TEXTS, TEXTS.filter(lambda text: text and text[0] != "["), min_size=1, max_size=5), st.data())
def test_another_event_has_another_key(attributes: dict[str, str], data: st.DataObject) -> None:
    """By each attribute that is kept, by its time, name and body."""
    key = record_key(NOW, "api_request", "", attributes)
    assert key != record_key(NOW + 1, "api_request", "", attributes)
    assert key != record_key(NOW, "api_error", "", attributes)
    assert key != record_key(NOW, "api_request", "x", attributes)
    assert key == record_key(NOW, "api_request", "claude_code.api_request", attributes)
    name = data.draw(st.sampled_from(sorted(attributes)))
    other = record_key(NOW, "api_request", "", {**attributes, name: attributes[name] + "x"})
    assert key != other
    assert key == record_key(NOW, "api_request", "", dict(reversed(attributes.items())))


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 1000))
def test_a_key_is_a_number_that_sqlite_keeps(key: int, ordinal: int) -> None:
    """With a sign, in 64 bits; and the first of equals keeps its own."""
    found = again(key, ordinal)
    assert -(1 << 63) <= found < 1 << 63
    assert (found == key) == (ordinal == 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "bc"}, {"ab": "c"}),
        ({"a": "b", "c": "d"}, {"a": "b\x02c\x01d"}),
        ({"a": "b\x01c"}, {"a\x01b": "c"}),
        ({"a": "1"}, {"a": "1", "b": "x"}),
    ],
)
def test_no_attributes_run_into_one_another(one: dict[str, str], other: dict[str, str]) -> None:
    """Names and values are apart; what separates them may be in a value."""
    assert record_key(NOW, "n", "", one) != record_key(NOW, "n", "", other)
