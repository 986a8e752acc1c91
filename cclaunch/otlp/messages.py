"""
Requests in protobuf: their records and points with plain values.

Nothing an exporter sends may be lost on the way: strings, integers, doubles, booleans, arrays, maps and bytes all survive.
"""

import base64
import math
from collections.abc import Collection, Iterable, Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric as Message
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint

from cclaunch.otlp.records import Attributes, Metric, MetricsOfResource, OfResource, Point, Record
from cclaunch.store import limits
from cclaunch.store.rows import CUMULATIVE, Value


def plain(value: AnyValue) -> Value:
    """Return *value* as something JSON can hold; an unset one is None, bytes are base64, NaN and infinities strings."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode("ascii")
    if kind == "double_value" and not math.isfinite(value.double_value):
        return repr(value.double_value)
    return getattr(value, kind) if kind in ("string_value", "int_value", "double_value", "bool_value") else None


def attributes_of(pairs: Iterable[KeyValue]) -> Attributes:
    """Return key -> plain value; the last of equal keys wins. A text that is not empty needs no look at its kind."""
    return {pair.key: (value := pair.value).string_value or plain(value) for pair in pairs}


def logs_of(request: ExportLogsServiceRequest) -> Iterator[OfResource]:
    """Yield the attributes of each resource, and its records."""
    for of_resource in request.resource_logs:
        shared = attributes_of(of_resource.resource.attributes)
        yield shared, (_record(record, len(shared)) for scope in of_resource.scope_logs for record in scope.log_records)


def metrics_of(request: ExportMetricsServiceRequest) -> Iterator[MetricsOfResource]:
    """Yield the attributes of each resource, and its metrics."""
    for of_resource in request.resource_metrics:
        shared = attributes_of(of_resource.resource.attributes)
        yield shared, (_metric(metric, len(shared)) for scope in of_resource.scope_metrics for metric in scope.metrics)


def _few(pairs: Collection[KeyValue], shared: int) -> Attributes | None:
    return attributes_of(pairs) if len(pairs) + shared <= limits.MOST_ATTRIBUTES else None


def _record(record: LogRecord, shared: int) -> Record:
    return Record(
        record.time_unix_nano,
        record.observed_time_unix_nano,
        record.event_name,
        plain(record.body),
        _few(record.attributes, shared),
    )


def _metric(metric: Message, shared: int) -> Metric:
    kind = metric.WhichOneof("data")
    if kind == "sum":
        points = (_point(point, shared) for point in metric.sum.data_points)
        temporality, monotonic = int(metric.sum.aggregation_temporality), metric.sum.is_monotonic
        return Metric(metric.name, metric.unit, kind, temporality, monotonic, points, len(metric.sum.data_points))
    if kind == "gauge":
        points = (_point(point, shared) for point in metric.gauge.data_points)
        return Metric(metric.name, metric.unit, kind, CUMULATIVE, False, points, len(metric.gauge.data_points))
    return Metric(metric.name, metric.unit, kind or "", 0, False, (), len(getattr(metric, kind).data_points) if kind else 0)


def _point(point: NumberDataPoint, shared: int) -> Point:
    kind = point.WhichOneof("value")
    value = float(getattr(point, kind)) if kind else None
    return Point(point.start_time_unix_nano, point.time_unix_nano, value, _few(point.attributes, shared))
