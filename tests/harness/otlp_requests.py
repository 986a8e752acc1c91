"""
Requests of OTLP made by hand, and committed.
"""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from cclaunch import otel
from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.store.reader import open_reader

NOW = 1_790_000_000_000_000_000


DAY_NS = 24 * 3600 * 1_000_000_000


def put(attributes, key, value):
    """Add one attribute of any kind to a message."""
    pair = attributes.add()
    pair.key = key
    fill(pair.value, value)


def fill(target, value):
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


def logs(*records, resource=None):
    """Return a request of *records*: dictionaries of attributes, ``time`` and ``name`` taken out of them."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    for key, value in (resource or {"service.name": "claude-code"}).items():
        put(of_resource.resource.attributes, key, value)
    scope = of_resource.scope_logs.add()
    for attributes in records:
        attributes = dict(attributes)
        record = scope.log_records.add()
        record.time_unix_nano = attributes.pop("time", NOW)
        name = attributes.pop("name", "api_request")
        record.body.string_value = otel.EVENT_PREFIX + name
        put(record.attributes, "event.name", name)
        for key, value in attributes.items():
            put(record.attributes, key, value)
    return request


def request_event(number, **more):
    """Return an api_request that costs *number* micro-dollars."""
    return {"request_id": f"req-{number}", "model": "m", "cost_usd_micros": number, "input_tokens": 1, **more}


def metric(name, points, temporality, **attributes):
    """Return a request of one sum; *points* are (start, time, value)."""
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add().scope_metrics.add().metrics.add()
    found.name = name
    found.sum.aggregation_temporality = temporality
    found.sum.is_monotonic = True
    for start, when, value in points:
        point = found.sum.data_points.add()
        point.start_time_unix_nano, point.time_unix_nano, point.as_double = start, when, value
        for key, item in attributes.items():
            put(point.attributes, key.replace("_", "."), item)
    return request


def write(store, *requests):
    """Commit *requests*, each of its kind, and return a reader."""
    for request in requests:
        decode = decode_logs if isinstance(request, ExportLogsServiceRequest) else decode_metrics
        store.submit(decode(request)).result(timeout=120)
    return open_reader(store.path)
