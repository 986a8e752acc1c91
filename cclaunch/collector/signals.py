"""
The three signals of OTLP: their messages, and what is done with each.

Traces are not stored. They are answered all the same, with a partial success that says so: an exporter
that is told "unimplemented" would lose the data in silence or go on trying.
"""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from cclaunch.collector.otlp import Batch, decode_logs, decode_metrics


class Rejected(Exception):
    """A message that can be parsed but never stored."""


class Signal(NamedTuple):
    """
    One signal.

    *name* is the last part of its HTTP path, *method* its gRPC method, *rejected* the field of the partial success.
    """

    name: str
    method: str
    request: type[Message]
    response: type[Message]
    rejected: str
    decode: Callable[..., Batch]


def refuse_traces(request: ExportTraceServiceRequest) -> Batch:
    """Return a batch without rows that rejects every span of *request*."""
    spans = sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)
    return Batch(rejected=spans, message="traces are not stored: only metrics and logs are" if spans else "")


SIGNALS = (
    Signal(
        "logs",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        ExportLogsServiceRequest,
        ExportLogsServiceResponse,
        "rejected_log_records",
        decode_logs,
    ),
    Signal(
        "metrics",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        ExportMetricsServiceRequest,
        ExportMetricsServiceResponse,
        "rejected_data_points",
        decode_metrics,
    ),
    Signal(
        "traces",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ExportTraceServiceRequest,
        ExportTraceServiceResponse,
        "rejected_spans",
        refuse_traces,
    ),
)


def answer_of(signal: Signal, batch: Batch) -> Message:
    """Return the answer to a stored *batch*; the partial success is set only when there is something to say."""
    answer = signal.response()
    if batch.rejected or batch.message:
        partial = answer.partial_success  # type: ignore[attr-defined]
        setattr(partial, signal.rejected, batch.rejected)
        partial.error_message = batch.message
    return answer
