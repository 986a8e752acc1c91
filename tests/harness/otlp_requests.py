"""
Requests of OTLP made by hand, and committed.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from cclaunch import otel
from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.store.reader import open_reader
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000


DAY_NS = 24 * 3600 * 1_000_000_000


class Attributes(Protocol):
    """The attributes of a message."""

    def add(self) -> KeyValue:
        """Add one without a name."""


def put(attributes: Attributes, key: str, value: Any) -> None:
    """Add one attribute of any kind to a message."""
    pair = attributes.add()
    pair.key = key
    fill(pair.value, value)


def fill(target: AnyValue, value: Any) -> None:
    """Write a Python value into an AnyValue."""
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            fill(target.array_value.values.add(), item)
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        for key, item in value.items():
            put(target.kvlist_value.values, key, item)
    elif value is not None:
        target.string_value = value


def logs(*records: Mapping[str, Any], resource: Mapping[str, Any] | None = None) -> ExportLogsServiceRequest:
    """Return a request of *records*: dictionaries of attributes, ``time`` and ``name`` taken out of them."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    for key, value in (resource or {"service.name": "claude-code"}).items():
        put(of_resource.resource.attributes, key, value)
    scope = of_resource.scope_logs.add()
    for said in records:
        attributes = dict(said)
        record = scope.log_records.add()
        record.time_unix_nano = attributes.pop("time", NOW)
        name = attributes.pop("name", "api_request")
        record.body.string_value = otel.EVENT_PREFIX + name
        put(record.attributes, "event.name", name)
        for key, value in attributes.items():
            put(record.attributes, key, value)
    return request


def request_event(number: int, **more: Any) -> dict[str, Any]:
    """Return an api_request that costs *number* micro-dollars."""
    return {"request_id": f"req-{number}", "model": "m", "cost_usd_micros": number, "input_tokens": 1, **more}


def metric(
    name: str, points: Iterable[tuple[int, int, float]], temporality: int, **attributes: Any
) -> ExportMetricsServiceRequest:
    """Return a request of one sum; *points* are (start, time, value)."""
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add().scope_metrics.add().metrics.add()
    found.name = name
    found.sum.aggregation_temporality = AggregationTemporality.ValueType(temporality)
    found.sum.is_monotonic = True
    for start, when, value in points:
        point = found.sum.data_points.add()
        point.start_time_unix_nano, point.time_unix_nano, point.as_double = start, when, value
        for key, item in attributes.items():
            put(point.attributes, key.replace("_", "."), item)
    return request


def write(store: Writer, *requests: ExportMetricsServiceRequest | ExportLogsServiceRequest) -> sqlite3.Connection:
    """Commit *requests*, each of its kind, and return a reader."""
    for request in requests:
        decoded = decode_logs(request) if isinstance(request, ExportLogsServiceRequest) else decode_metrics(request)
        store.submit(decoded).result(timeout=120)
    return open_reader(store.path)
