"""
The three signals of OTLP: their messages, and what is done with each.

Traces are not stored. They are answered all the same, with a partial success that says so: an exporter
that is told "unimplemented" would lose the data in silence or go on trying.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.otlp.fields import Field
from cclaunch.otlp.json_records import kind_of
from cclaunch.otlp.json_request import request_fields
from cclaunch.store.rows import Batch

LONGEST_MESSAGE = 500


class Rejected(Exception):
    """A message that can be parsed but never stored."""


class Signal(NamedTuple):
    """
    One signal.

    *name* is the last part of its HTTP path, *method* its gRPC method, *rejected* the field of the partial success; *fields*
    are those of its request in JSON, *count* tells how many records, points or spans a request holds, *decode* makes its rows.
    """

    name: str
    method: str
    request: type[Message]
    response: type[Message]
    rejected: str
    fields: dict[str, Field]
    count: Callable[[Any], int]
    decode: Callable[..., Batch]


def _of(node: Any, name: str) -> Any:
    """Return the messages in a field of a message, or of what JSON became."""
    return node.get(name, ()) if isinstance(node, dict) else getattr(node, name)


def log_records(request: Any) -> int:
    """Return how many records *request* holds."""
    return sum(len(_of(scope, "log_records")) for one in _of(request, "resource_logs") for scope in _of(one, "scope_logs"))


def data_points(request: Any) -> int:
    """Return how many data points *request* holds."""
    scopes = (scope for one in _of(request, "resource_metrics") for scope in _of(one, "scope_metrics"))
    metrics = (metric for scope in scopes for metric in _of(scope, "metrics"))
    kinds = ((metric, kind_of(metric) if isinstance(metric, dict) else metric.WhichOneof("data")) for metric in metrics)
    return sum(len(_of(_of(metric, kind), "data_points")) for metric, kind in kinds if kind)


def spans_of(request: Any) -> int:
    """Return how many spans *request* holds."""
    return sum(len(_of(scope, "spans")) for one in _of(request, "resource_spans") for scope in _of(one, "scope_spans"))


def refuse_traces(request: Any, seen: Counter[Any] | None = None) -> Batch:
    """Return a batch without rows that rejects every span of *request*; *seen* is for logs only."""
    spans = spans_of(request)
    return Batch(rejected=spans, message="traces are not stored: only metrics and logs are" if spans else "")


SIGNALS = (
    Signal(
        "logs",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        ExportLogsServiceRequest,
        ExportLogsServiceResponse,
        "rejected_log_records",
        request_fields(ExportLogsServiceRequest.DESCRIPTOR),
        log_records,
        decode_logs,
    ),
    Signal(
        "metrics",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        ExportMetricsServiceRequest,
        ExportMetricsServiceResponse,
        "rejected_data_points",
        request_fields(ExportMetricsServiceRequest.DESCRIPTOR),
        data_points,
        decode_metrics,
    ),
    Signal(
        "traces",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ExportTraceServiceRequest,
        ExportTraceServiceResponse,
        "rejected_spans",
        request_fields(ExportTraceServiceRequest.DESCRIPTOR),
        spans_of,
        refuse_traces,
    ),
)


def answer_of(signal: Signal, batches: Sequence[Batch]) -> Message:
    """Return the answer to what was stored; the partial success is set only when there is something to say."""
    answer = signal.response()
    rejected = sum(batch.rejected for batch in batches)
    messages = dict.fromkeys(batch.message for batch in batches if batch.message)
    if rejected or messages:
        partial = answer.partial_success  # type: ignore[attr-defined]
        setattr(partial, signal.rejected, rejected)
        partial.error_message = "; ".join(messages)[:LONGEST_MESSAGE]
    return answer
