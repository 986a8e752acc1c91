"""OTLP's JSON is read as protobuf's own reader does it, which is far too slow: whatever is sent becomes the same rows."""

import json
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from otlp_json import message_of

from cclaunch.otlp.encoding import JSON, Malformed, parse_request
from cclaunch.otlp.signals import SIGNALS, Signal
from cclaunch.store.rows import Batch

LOGS, METRICS, TRACES = SIGNALS
NOW = 1_790_000_000_000_000_000
Json = Any

BEYOND = st.integers(-(1 << 65), 1 << 65)
NUMBERS = st.one_of(st.integers(-5, 50), BEYOND, st.floats(allow_nan=False, allow_infinity=False), st.just(NOW))
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(
        ["", "5", "-1", "5.0", "1e3", "1.5", " 5", "NaN", "nan", "Infinity", "0a1B", "abc", "later", "\ud800", "QQ=="]
    ),
    BEYOND.map(str),
)
ODD: st.SearchStrategy[Json] = st.one_of(NUMBERS, TEXTS, st.none(), st.just([7]), st.just([None]))
"""What may stand where something else belongs."""

NO_OBJECT: st.SearchStrategy[Json] = st.one_of(NUMBERS, st.none(), st.just([7]))
"""The same in the place of an object: protobuf's reader takes a text or an empty list for one that says nothing."""

COUNTS = st.integers(0, 50)
WHOLE = st.one_of(COUNTS, COUNTS.map(str), COUNTS.map(float), st.integers(-(1 << 63), (1 << 63) - 1).map(str))
REAL = st.one_of(st.floats(allow_nan=False, allow_infinity=False), COUNTS, st.sampled_from(["1.5", "NaN", "-Infinity"]))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
OBJECTS = frozenset("resource scope body value sum gauge histogram summary status arrayValue kvlistValue".split())


def spelled(camel: str) -> st.SearchStrategy[str]:
    """Return a key in one spelling or the other."""
    return st.sampled_from([camel, "".join(f"_{one.lower()}" if one.isupper() else one for one in camel)])


def member(camel: str, value: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return an object of one member: sent or not, as it should be or odd."""
    usual = st.tuples(spelled(camel), value).map(lambda pair: dict([pair]))
    odd = st.tuples(spelled(camel), NO_OBJECT if camel in OBJECTS else ODD).map(lambda pair: dict([pair]))
    return st.integers(0, 19).flatmap(lambda chance: st.just({}) if chance < 3 else odd if chance == 19 else usual)


def message(**fields: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return an object of such members in any order, with an unknown one beside them."""
    members = [member(name, value) for name, value in fields.items()]
    unknown = st.sampled_from([{}, {}, {"tomorrow": {"traceId": 7, "deep": [None, "x"]}}])
    return (
        st.tuples(unknown, *members).flatmap(st.permutations).map(lambda parts: {k: v for part in parts for k, v in part.items()})
    )


def of_list(item: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Return a list of a few."""
    return st.lists(item, max_size=3)


def any_value(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Return a value of one kind, of none, or of several."""
    pairs = message(values=of_list(message(key=WORDS, value=inner)))
    kinds = {
        "stringValue": WORDS,
        "intValue": WHOLE,
        "doubleValue": REAL,
        "boolValue": st.booleans(),
        "bytesValue": st.sampled_from(["QQ==", "QQ", "_-8"]),
        "arrayValue": message(values=of_list(inner)),
        "kvlistValue": pairs,
    }
    one = (
        st.sampled_from(sorted(kinds)).flatmap(lambda kind: st.tuples(spelled(kind), kinds[kind])).map(lambda pair: dict([pair]))
    )
    two = st.tuples(one, one).map(lambda both: {**both[0], **both[1]})
    return st.integers(0, 19).flatmap(lambda chance: two if chance == 0 else st.just({}) if chance == 1 else one)


VALUES = any_value(any_value(any_value(st.just({"stringValue": "x"}))))
NAMES = st.sampled_from(["model", "input_tokens", "cost_usd", "event.name", "session.id", "team", "event.sequence", "ä", ""])
PAIRS = of_list(message(key=NAMES, value=VALUES))
TIMES = st.sampled_from([NOW, str(NOW), 0, 7.0])
IDS = st.sampled_from(["ab" * 16, "AB" * 8, ""])
RESOURCES = message(attributes=PAIRS, droppedAttributesCount=COUNTS)

RECORDS = message(
    timeUnixNano=TIMES,
    observedTimeUnixNano=TIMES,
    severityNumber=st.one_of(st.integers(0, 30), st.sampled_from(["SEVERITY_NUMBER_INFO", "9", "LOUD"])),
    severityText=WORDS,
    body=VALUES,
    attributes=PAIRS,
    droppedAttributesCount=COUNTS,
    flags=COUNTS,
    traceId=IDS,
    spanId=IDS,
    eventName=WORDS,
)
LOG_REQUESTS = message(
    resourceLogs=of_list(
        message(
            resource=RESOURCES,
            scopeLogs=of_list(message(scope=message(name=WORDS), logRecords=of_list(RECORDS), schemaUrl=WORDS)),
        )
    )
)

POINTS = message(
    attributes=PAIRS,
    startTimeUnixNano=TIMES,
    timeUnixNano=TIMES,
    asDouble=REAL,
    flags=COUNTS,
    exemplars=of_list(message(traceId=IDS)),
) | message(attributes=PAIRS, timeUnixNano=st.just(NOW), asInt=WHOLE)
TEMPORALITY = st.one_of(st.integers(0, 2), st.sampled_from(["AGGREGATION_TEMPORALITY_DELTA", "2", "UNKNOWN"]))
METRIC_KINDS = st.one_of(
    message(
        name=WORDS,
        unit=WORDS,
        sum=message(dataPoints=of_list(POINTS), aggregationTemporality=TEMPORALITY, isMonotonic=st.booleans()),
    ),
    message(name=WORDS, gauge=message(dataPoints=of_list(POINTS))),
    message(name=WORDS, histogram=message(dataPoints=of_list(message(count=COUNTS, bucketCounts=of_list(COUNTS), sum=REAL)))),
    message(summary=message(dataPoints=of_list(message(quantileValues=of_list(message(quantile=REAL)))))),
)
METRIC_REQUESTS = message(
    resourceMetrics=of_list(message(resource=RESOURCES, scopeMetrics=of_list(message(metrics=of_list(METRIC_KINDS)))))
)

SPANS = message(
    traceId=IDS, spanId=IDS, parentSpanId=IDS, kind=st.integers(0, 6), status=message(code=st.integers(0, 3)), attributes=PAIRS
)
TRACE_REQUESTS = message(resourceSpans=of_list(message(resource=RESOURCES, scopeSpans=of_list(message(spans=of_list(SPANS))))))


def by_protobuf(body: bytes, signal: Signal) -> tuple[int, Batch] | None:
    """Return (count, rows) as protobuf's reader understands *body*, which was then sent in protobuf; None where it refuses."""
    try:
        message = signal.request.FromString(message_of(body, JSON, signal).SerializeToString())
    except (json_format.ParseError, DecodeError, ValueError, TypeError, AttributeError, OverflowError):
        return None
    return signal.count(message), signal.decode(message)


def by_hand(body: bytes, signal: Signal) -> tuple[int, Batch] | None:
    """Return the same by our reader."""
    try:
        request = parse_request(body, JSON, signal)
    except Malformed:
        return None
    return signal.count(request), signal.decode(request)


@pytest.mark.parametrize(("signal", "requests"), [(LOGS, LOG_REQUESTS), (METRICS, METRIC_REQUESTS), (TRACES, TRACE_REQUESTS)])
def test_whatever_is_sent_becomes_what_protobufs_reader_makes_of_it(
    signal: Signal, requests: st.SearchStrategy[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, what is rejected with its reason, how much it is: equal, and refused by both or by neither."""
    monkeypatch.setattr("time.time_ns", lambda: NOW + 10**9)

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(requests)
    def same(tree: Json) -> None:
        body = json.dumps(tree).encode()
        found = by_hand(body, signal)
        assert found == by_protobuf(body, signal)
        outcomes.add("refused" if found is None else "taken" if found[0] else "empty")

    outcomes: set[str] = set()
    same()
    assert outcomes == {"refused", "taken", "empty"}


def nested(depth: int, kind: str) -> Json:
    """Return a value of lists or maps within one another."""
    value: Json = {"stringValue": "x"}
    for _ in range(depth):
        value = (
            {"arrayValue": {"values": [value]}}
            if kind == "lists"
            else {"kvlistValue": {"values": [{"key": "k", "value": value}]}}
        )
    return value


@pytest.mark.parametrize("kind", ["lists", "maps"])
def test_what_is_nested_deeper_than_protobuf_allows_is_refused(kind: str) -> None:
    """At the very level at which protobuf's reader does it."""
    for depth in range(25, 60):
        tree = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": NOW, "body": nested(depth, kind)}]}]}]}
        body = json.dumps(tree).encode()
        assert by_hand(body, LOGS) == by_protobuf(body, LOGS)


def in_record(member: str) -> bytes:
    """Return a request with one record that has *member*."""
    return b'{"resourceLogs":[{"scopeLogs":[{},{"logRecords":[{' + member.encode() + b"}]}]}]}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            in_record('"timeUnixNano":"later"'),
            r"resourceLogs\[0\]\.scopeLogs\[1\]\.logRecords\[0\]\.timeUnixNano: no whole number: 'later'",
        ),
        (in_record('"timeUnixNano":-1'), r"timeUnixNano: out of range: -1"),
        (in_record('"attributes":[{},{"key":7}]'), r"attributes\[1\]\.key: no text: 7"),
        (in_record('"attributes":[null]'), r"attributes\[0\]: null in an array"),
        (in_record('"attributes":{}'), r"attributes: no array"),
        (in_record('"body":"text"'), r"body: no object"),
        (in_record('"body":{"intValue":1,"stringValue":"x"}'), r"body: more than one value"),
        (
            in_record('"body":{"arrayValue":{"values":[{"boolValue":"true"}]}}'),
            r"arrayValue\.values\[0\]\.boolValue: neither true nor false",
        ),
        (in_record('"body":{"stringValue":"\\ud800"}'), r"half a character"),
        (in_record('"traceId":"xyz"'), r"traceId: no hexadecimal: 'xyz'"),
        (b'{"resourceLogs":[', r"no logs request: .*line 1"),
        (b"\xff{}", r"utf-8"),
        (b"{}" * 2, r"Extra data"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(body: bytes, reason: str) -> None:
    """Whoever writes an exporter finds it."""
    with pytest.raises(Malformed, match=reason):
        parse_request(body, JSON, LOGS)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xef\xbb\xbf{}"])
def test_nothing_is_an_empty_request(body: bytes) -> None:
    """Also with a mark in front of it, as some editors write it."""
    assert parse_request(body, JSON, LOGS) == {}


def test_an_id_is_hexadecimal_only_where_there_is_one() -> None:
    """An unknown key may be called like that, and hold anything."""
    body = b'{"resourceSpans":[{"tomorrow":{"traceId":"no hex"},"scopeSpans":[{"spans":[{"traceId":"' + b"aB" * 16 + b'"}]}]}]}'
    (resource,) = parse_request(body, JSON, TRACES)["resource_spans"]

    assert resource["scope_spans"][0]["spans"][0]["trace_id"] == b"\xab" * 16
