"""
OTLP messages into the rows that the store keeps.

Nothing an exporter sends may be lost on the way: strings, integers, doubles, booleans, arrays, maps and
bytes all survive. What Claude Code spells differently from event to event (``duration_ms`` is an
integer here and a string there) becomes one thing, because people add it up.
"""

import base64
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.limits import LARGEST
from cclaunch.store.record_key import again, record_key, texts_of
from cclaunch.store.rows import CUMULATIVE, Batch, EventRow, PointRow, Value, cost_micros, integer, model_name, number, text
from cclaunch.store.shared import Split

INTEGERS = (
    "cost_usd_micros",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_creation_tokens",
)


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


def attributes_of(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    """Return key -> plain value; the last of equal keys wins."""
    return {pair.key: plain(pair.value) for pair in pairs}


class RecordsRefused:
    """How many records or points of a request are not stored, and why."""

    def __init__(self) -> None:
        self.count = 0
        self._reasons: Counter[str] = Counter()

    def add(self, reason: str, count: int = 1) -> None:
        """Note that *count* more are refused."""
        self.count += count
        self._reasons[reason] += count

    @property
    def message(self) -> str:
        """Return the sentence for the sender; empty when nothing was refused."""
        return "; ".join(f"{count} not stored: {reason}" for reason, count in sorted(self._reasons.items()))


def decode_logs(request: ExportLogsServiceRequest, seen: Counter[int] | None = None) -> Batch:
    """
    Return the events of *request*.

    The key of each is the record's plus its ordinal among equal records of the request: a batch that is sent again is
    stored once, and two records that really are equal are both stored. *seen* counts equal records where a request
    comes in slices.
    """
    rows: list[EventRow] = []
    seen = Counter() if seen is None else seen
    refused = RecordsRefused()
    for of_resource in request.resource_logs:
        resource = _Resource(attributes_of(of_resource.resource.attributes))
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                if len(record.attributes) + len(resource.attributes) > limits.MOST_ATTRIBUTES:
                    refused.add(f"more than {limits.MOST_ATTRIBUTES} attributes")
                    continue
                row = event_row(record, resource)
                rows.append(row._replace(key=again(row.key, seen[row.key])) if seen[row.key] else row)
                seen[row.key] += 1
    return Batch(events=rows, rejected=refused.count, message=refused.message)


class _Resource:
    """The *attributes* of a resource, and what is made of them once for all of its records."""

    def __init__(self, attributes: dict[str, Value]) -> None:
        self.attributes = attributes
        self.texts = texts_of(attributes)
        self.split = Split(attributes)


def _digest(*parts: bytes) -> bytes:
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def event_row(record: LogRecord, resource: _Resource) -> EventRow:
    """
    Return the row of *record*, whose attributes override those of its *resource*.

    A value that cannot be true stays among the attributes, as evidence, and out of the columns that are added up.
    """
    own = attributes_of(record.attributes)
    body = plain(record.body)
    body_text = body if isinstance(body, str) else ""
    if body is not None and not isinstance(body, str) and "body" not in resource.attributes:
        own.setdefault("body", body)
    attributes = {**resource.attributes, **own}
    counts = {name: integer(attributes.get(name), limits.MOST_TOKENS) for name in INTEGERS[1:]}
    name = _name(attributes, body_text, record)
    sent = record.time_unix_nano or record.observed_time_unix_nano
    shared, rest = resource.split(own, request=name == otel.REQUEST)
    return EventRow(
        key=record_key(sent, name, body_text, {**resource.texts, **texts_of(own)}),
        time_ns=_time_of(record),
        name=name,
        body=body_text,
        service=text(attributes.get("service.name")),
        session_id=text(attributes.get("session.id")),
        sequence=integer(attributes.get("event.sequence"), limits.MOST_SEQUENCE),
        prompt_id=text(attributes.get("prompt.id")),
        request_id=text(attributes.get("request_id")),
        model=model_name(attributes.get("model")),
        profile=text(attributes.get("cclaunch.profile")),
        cost_usd_micros=cost_micros(attributes),
        **counts,
        duration_ms=limits.bounded(number(attributes.get("duration_ms")), limits.MOST_MS),
        check_nonce=text(attributes.get(otel.CHECK_ATTRIBUTE)),
        own=rest,
        cache_1h_tokens=integer(attributes.get("cache_creation_1h_tokens"), limits.MOST_TOKENS),
        shared=shared,
    )


def _time_of(record: LogRecord) -> int:
    """Return when it happened: as sent, else as observed, else now. An event of 1970 would be thrown away as old."""
    for sent in (record.time_unix_nano, record.observed_time_unix_nano):
        if limits.plausible_time(sent):
            return int(sent)
    return time.time_ns()


def _name(attributes: Mapping[str, Value], body: str, record: LogRecord) -> str:
    """Return the event's name without prefix; the attribute can be lost to a limit, the body cannot."""
    named = text(attributes.get("event.name"))
    if body.startswith(otel.EVENT_PREFIX) and not (named and body == otel.EVENT_PREFIX + named):
        found = body
    else:
        found = named or record.event_name or body
    return found[: limits.LONGEST_NAME + len(otel.EVENT_PREFIX)].removeprefix(otel.EVENT_PREFIX)[: limits.LONGEST_NAME]


def decode_metrics(request: ExportMetricsServiceRequest, seen: Counter[bytes] | None = None) -> Batch:
    """
    Return the points of *request*. Histograms and summaries, which Claude Code does not send, are rejected and named.

    *seen* is for logs only: a point is one by its series and time.
    """
    points: list[PointRow] = []
    refused = RecordsRefused()
    for of_resource in request.resource_metrics:
        shared = attributes_of(of_resource.resource.attributes)
        for of_scope in of_resource.scope_metrics:
            for metric in of_scope.metrics:
                kind = metric.WhichOneof("data")
                if kind in ("sum", "gauge"):
                    points += _points(metric, shared, refused)
                elif kind:
                    refused.add(f"only sums and gauges are, no {kind}", len(getattr(metric, kind).data_points))
    return Batch(points=points, rejected=refused.count, message=refused.message)


def _points(metric: Metric, shared: Mapping[str, Value], refused: RecordsRefused) -> list[PointRow]:
    temporality: int
    if metric.WhichOneof("data") == "sum":
        temporality, monotonic, points = int(metric.sum.aggregation_temporality), metric.sum.is_monotonic, metric.sum.data_points
    else:
        temporality, monotonic, points = CUMULATIVE, False, metric.gauge.data_points
    rows = []
    for point in points:
        reason = _refusal(point, monotonic, len(shared))
        if reason is not None:
            if reason:
                refused.add(reason)
            continue
        attributes = {**shared, **attributes_of(point.attributes)}
        if "model" in attributes:
            attributes["model"] = model_name(attributes["model"])
        identity = (metric.name, metric.unit, str(temporality), str(monotonic), repr(sorted(attributes.items())))
        rows.append(
            PointRow(
                series_key=_digest(*(part.encode("utf-8", "surrogatepass") for part in identity)),
                name=metric.name,
                unit=metric.unit,
                temporality=temporality,
                monotonic=monotonic,
                attributes=attributes,
                check_nonce=text(attributes.get(otel.CHECK_ATTRIBUTE)),
                start_ns=min(point.start_time_unix_nano, LARGEST),
                time_ns=_point_time(point.time_unix_nano),
                value=_value(point),
            )
        )
    return rows


def _refusal(point: NumberDataPoint, monotonic: bool, shared: int) -> str | None:
    """Return why *point* is not stored: empty when it holds no value, None when it is stored."""
    if point.WhichOneof("value") is None:
        return ""
    value = _value(point)
    if not math.isfinite(value):
        return "no finite number"
    if abs(value) > limits.MOST_VALUE or (monotonic and value < 0):
        return "out of range"
    if len(point.attributes) + shared > limits.MOST_ATTRIBUTES:
        return f"more than {limits.MOST_ATTRIBUTES} attributes"
    return None


def _value(point: NumberDataPoint) -> float:
    return float(getattr(point, point.WhichOneof("value") or "as_double"))


def _point_time(nanoseconds: int) -> int:
    """Return a time that was sent, or now when none was, or one that is still to come: it would never grow old."""
    now = time.time_ns()
    return nanoseconds if 0 < nanoseconds <= now + limits.AHEAD_NS else now
