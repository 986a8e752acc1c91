"""
A store with known events, written the way the collector writes it.

The problem it owns: what the verbs show must be held against rows that came through the decoder and the
writer, not against rows that a test inserted by its own idea of the schema.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from cclaunch import otel
from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.store.rows import Batch
from cclaunch.store.writer import Writer

KINDS = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
SECOND_NS = 1_000_000_000


def store(path: Path, *batches: Batch) -> None:
    """Write *batches* into the store at *path* and close it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer(str(path))
    writer.start()
    try:
        for waiting in [writer.submit(batch) for batch in batches]:
            waiting.result(10)
    finally:
        writer.close()


def event(name: str, time_ns: int, **attributes: Any) -> Batch:
    """Return one event; an attribute's ``__`` stands for a dot."""
    named = {"event.name": name, **_dotted(attributes)}
    record = {
        "timeUnixNano": str(time_ns),
        "body": {"stringValue": otel.EVENT_PREFIX + name},
        "attributes": _pairs(named),
    }
    tree = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    return decode_logs(ParseDict(tree, ExportLogsServiceRequest()))


def events_of(*records: Mapping[str, Any], time_ns: int) -> Batch:
    """Return ``api_request`` events of one export; a record has any keys and values, and ``time`` (ns) beside them."""
    return decode_logs(export_of(*records, time_ns=time_ns))


def export_of(*records: Mapping[str, Any], time_ns: int) -> ExportLogsServiceRequest:
    """Return the export request of events; each is an ``api_request`` unless its ``event.name`` says otherwise."""
    made = []
    for record in records:
        attributes = {"event.name": "api_request", **{key: value for key, value in record.items() if key != "time"}}
        made.append(
            {
                "timeUnixNano": str(record.get("time", time_ns)),
                "body": {"stringValue": otel.EVENT_PREFIX + attributes["event.name"]},
                "attributes": _pairs(attributes),
            }
        )
    return ParseDict({"resourceLogs": [{"scopeLogs": [{"logRecords": made}]}]}, ExportLogsServiceRequest())


def request(number: int, time_ns: int, *, micros: int = 1000, model: str = "claude-opus-4-8", **attributes: Any) -> Batch:
    """Return the ``api_request`` event of request *number*."""
    return event(
        "api_request",
        time_ns,
        request_id=f"req_{number}",
        model=model,
        cost_usd_micros=micros,
        cost_usd=micros / 1e6,
        input_tokens=10,
        output_tokens=20,
        cache_read_tokens=30,
        cache_creation_tokens=40,
        **attributes,
    )


def cost(session: str, dollars: float, time_ns: int, **attributes: Any) -> Batch:
    """Return a point of the cost metric, cumulative."""
    point = {
        "startTimeUnixNano": str(time_ns - SECOND_NS),
        "timeUnixNano": str(time_ns),
        "asDouble": dollars,
        "attributes": _pairs({"session.id": session, **_dotted(attributes)}),
    }
    total = {"dataPoints": [point], "aggregationTemporality": 2, "isMonotonic": True}
    tree = {
        "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "claude_code.cost.usage", "unit": "USD", "sum": total}]}]}]
    }
    return decode_metrics(ParseDict(tree, ExportMetricsServiceRequest()))


def _dotted(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in attributes.items()}


def _pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    return {KINDS[type(value)]: value}
