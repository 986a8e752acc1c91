"""
The proof of ``cclaunch check``: one event and one metric, sent by the road that claude would take.

They look like what claude sends, a request that cost something included, and carry the check's nonce: the
store keeps them, finds them again by it, and never counts them.
"""

import http.client
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from cclaunch import __version__, otel

if TYPE_CHECKING:
    from google.protobuf.message import Message

DEADLINE_S = 5.0
CUMULATIVE = 2
LOGS, METRICS = "logs", "metrics"


class Road(NamedTuple):
    """Where claude would send: the *protocol* of OTLP and the *endpoint*, a URL."""

    protocol: str
    endpoint: str


class NotDelivered(Exception):
    """What was sent was not taken; the text says why."""


def send(road: Road, nonce: str, now_ns: int | None = None, deadline_s: float = DEADLINE_S) -> None:
    """
    Send the event and the metric of *nonce* over *road*.

    Raises:
        NotDelivered: Nobody took them, or only in part.
    """
    moment = time.time_ns() if now_ns is None else now_ns
    if road.protocol not in otel.PROTOCOLS:
        raise NotDelivered(f"`{road.protocol}` is no protocol of OTLP: claude would send nothing")
    parts = urlsplit(road.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotDelivered(f"`{road.endpoint}` is no URL with http:// or https://: claude would send nothing")
    requests = {LOGS: event_request(nonce, moment), METRICS: metric_request(nonce, moment)}
    if road.protocol == "grpc":
        _over_grpc(road, requests, deadline_s)
    else:
        for signal, request in requests.items():
            _over_http(road, signal, request, deadline_s)


def event_request(nonce: str, now_ns: int) -> "Message":
    """Return the export request of an ``api_request`` event as claude sends it."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    attributes: dict[str, str | int | float] = {
        "event.name": "api_request",
        "event.sequence": 0,
        "session.id": f"check-{nonce}",
        "model": "cclaunch-check",
        "request_id": f"check-{nonce}",
        "input_tokens": 1,
        "output_tokens": 1,
        "cache_read_tokens": 0,
        "cache_creation_tokens": 0,
        "cost_usd": 0.000001,
        "cost_usd_micros": 1,
        "duration_ms": 1,
        otel.CHECK_ATTRIBUTE: nonce,
    }
    record = {
        "timeUnixNano": str(now_ns),
        "observedTimeUnixNano": str(now_ns),
        "body": {"stringValue": f"{otel.EVENT_PREFIX}api_request"},
        "attributes": _pairs(attributes),
    }
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": [record]}
    tree = {"resourceLogs": [{"resource": _resource(nonce), "scopeLogs": [scope]}]}
    return ParseDict(tree, ExportLogsServiceRequest())


def metric_request(nonce: str, now_ns: int) -> "Message":
    """Return the export request of one point of claude's cost metric."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    point = {
        "startTimeUnixNano": str(now_ns - 1),
        "timeUnixNano": str(now_ns),
        "asDouble": 0.0,  # a stack that is not ours would count it
        "attributes": _pairs({"session.id": f"check-{nonce}", "model": "cclaunch-check", otel.CHECK_ATTRIBUTE: nonce}),
    }
    metric = {
        "name": "claude_code.cost.usage",
        "unit": "USD",
        "sum": {"dataPoints": [point], "aggregationTemporality": CUMULATIVE, "isMonotonic": True},
    }
    scope = {"scope": {"name": "com.anthropic.claude_code"}, "metrics": [metric]}
    tree = {"resourceMetrics": [{"resource": _resource(nonce), "scopeMetrics": [scope]}]}
    return ParseDict(tree, ExportMetricsServiceRequest())


def _resource(nonce: str) -> dict[str, object]:
    return {"attributes": _pairs({"service.name": "claude-code", "service.version": f"check-{__version__}"})}


def _pairs(attributes: "dict[str, str | int | float] | dict[str, str]") -> list[dict[str, object]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in attributes.items()]


def _over_grpc(road: Road, requests: "dict[str, Message]", deadline_s: float) -> None:
    import grpc
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub

    parts = urlsplit(road.endpoint)
    target = parts.netloc if parts.port else f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}"
    options = [("grpc.enable_http_proxy", 0)]  # claude is exempted from proxies by the environment that we compose
    if parts.scheme == "https":
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
    else:
        channel = grpc.insecure_channel(target, options)
    with channel:
        for signal, stub in ((LOGS, LogsServiceStub), (METRICS, MetricsServiceStub)):
            try:
                answer = stub(channel).Export(requests[signal], timeout=deadline_s)
            except grpc.RpcError as error:
                raise NotDelivered(f"{signal}: {error.code().name}: {error.details()}") from error
            _refuse_partial(signal, answer)


def _over_http(road: Road, signal: str, request: "Message", deadline_s: float) -> None:
    """POST as claude does: to the general endpoint, ``/v1/SIGNAL`` appended."""
    parts = urlsplit(road.endpoint)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    as_json = road.protocol == "http/json"
    headers = {"Content-Type": "application/json" if as_json else "application/x-protobuf"}
    connection = kind(parts.hostname or "", parts.port, timeout=deadline_s)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/v1/{signal}", _encoded(request, as_json), headers)
        answer = connection.getresponse()
        body = answer.read(1 << 16)
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"{signal}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise NotDelivered(f"{signal}: HTTP {answer.status} {answer.reason}")
    _refuse_partial(signal, _decoded(signal, body, as_json))


def _encoded(request: "Message", as_json: bool) -> bytes:
    if not as_json:
        return request.SerializeToString()
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(request, indent=None).encode("utf-8")


def _decoded(signal: str, body: bytes, as_json: bool) -> "Message":
    from google.protobuf.json_format import Parse, ParseError
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

    answer = ExportLogsServiceResponse() if signal == LOGS else ExportMetricsServiceResponse()
    try:
        if as_json:
            return Parse(body, answer, ignore_unknown_fields=True)
        answer.ParseFromString(body)
    except (ParseError, DecodeError) as error:
        raise NotDelivered(f"{signal}: the answer is no OTLP: {error}") from error
    return answer


def _refuse_partial(signal: str, answer: "Message") -> None:
    """Raise NotDelivered when the answer says that something was rejected."""
    partial = getattr(answer, "partial_success", None)
    rejected = getattr(partial, "rejected_log_records", 0) or getattr(partial, "rejected_data_points", 0)
    if rejected:
        raise NotDelivered(f"{signal}: rejected: {getattr(partial, 'error_message', '')}")
