"""
Records and points of a request into the rows that the store keeps, whichever encoding they came in.

What Claude Code spells differently from event to event (``duration_ms`` is an integer here and a string there) becomes one
thing, because people add it up.
"""

import math
import time
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from cclaunch import otel
from cclaunch.otlp import json_records, messages
from cclaunch.otlp.records import Attributes, Metric, Point, Record
from cclaunch.store import limits
from cclaunch.store.limits import LARGEST
from cclaunch.store.record_key import again, record_key, texts_of
from cclaunch.store.rows import Batch, EventRow, PointRow, Value, cost_micros, integer, model_name, number, text
from cclaunch.store.shared import Split

MANY = f"more than {limits.MOST_ATTRIBUTES} attributes"


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


def decode_logs(request: ExportLogsServiceRequest | json_records.Tree, seen: Counter[int] | None = None) -> Batch:
    """
    Return the events of *request*, a message or what was read of JSON.

    The key of each is the record's plus its ordinal among equal records of the request: a batch that is sent again is
    stored once, and two records that really are equal are both stored. *seen* counts equal records where a request
    comes in slices.
    """
    rows: list[EventRow] = []
    seen = Counter() if seen is None else seen
    refused = RecordsRefused()
    resources = json_records.logs_of(request) if isinstance(request, dict) else messages.logs_of(request)
    for attributes, records in resources:
        resource = _Resource(attributes)
        for record in records:
            if record.attributes is None:
                refused.add(MANY)
                continue
            row = event_row(record, record.attributes, resource)
            ordinal = seen[row.key]
            seen[row.key] = ordinal + 1
            rows.append(row._replace(key=again(row.key, ordinal)) if ordinal else row)
    return Batch(events=rows, rejected=refused.count, message=refused.message)


class _Resource:
    """The *attributes* of a resource, and what is made of them once for all of its records."""

    def __init__(self, attributes: Attributes) -> None:
        attributes.pop(otel.SENDER, None)
        self.attributes = attributes
        self.texts = texts_of(attributes)
        self.split = Split(attributes)


def _digest(*parts: bytes) -> bytes:
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def event_row(record: Record, own: Attributes, resource: _Resource) -> EventRow:
    """
    Return the row of *record*, whose *own* attributes override those of its *resource*.

    A value that cannot be true stays among the attributes, as evidence, and out of the columns that are added up. Who
    sends does not say who sent it: that mark is ours.
    """
    own.pop(otel.SENDER, None)
    body = record.body if isinstance(record.body, str) else ""
    if body is not record.body and record.body is not None and "body" not in resource.attributes:
        own.setdefault("body", record.body)
    attributes = {**resource.attributes, **own}
    get = attributes.get
    name = _name(get("event.name"), body, record.event_name)
    shared, rest = resource.split(own, request=name == otel.REQUEST)
    return EventRow(
        record_key(record.time_ns or record.observed_ns, name, body, {**resource.texts, **texts_of(own)}),
        _time_of(record),
        name,
        body,
        service=text(get("service.name")),
        session_id=text(get("session.id")),
        sequence=integer(get("event.sequence"), limits.MOST_SEQUENCE),
        prompt_id=text(get("prompt.id")),
        request_id=text(get("request_id")),
        model=model_name(get("model")),
        profile=text(get("cclaunch.profile")),
        cost_usd_micros=cost_micros(attributes),
        input_tokens=integer(get("input_tokens"), limits.MOST_TOKENS),
        output_tokens=integer(get("output_tokens"), limits.MOST_TOKENS),
        cache_read_tokens=integer(get("cache_read_tokens"), limits.MOST_TOKENS),
        cache_creation_tokens=integer(get("cache_creation_tokens"), limits.MOST_TOKENS),
        duration_ms=limits.bounded(number(get("duration_ms")), limits.MOST_MS),
        check_nonce=text(get(otel.CHECK_ATTRIBUTE)),
        own=rest,
        cache_1h_tokens=integer(get("cache_creation_1h_tokens"), limits.MOST_TOKENS),
        shared=shared,
    )


def _time_of(record: Record) -> int:
    """Return when it happened: as sent, else as observed, else now. An event of 1970 would be thrown away as old."""
    for sent in (record.time_ns, record.observed_ns):
        if limits.plausible_time(sent):
            return sent
    return time.time_ns()


def _name(sent: Value, body: str, event_name: str) -> str:
    """Return the event's name without prefix; the attribute can be lost to a limit, the body cannot."""
    named = text(sent)
    if body.startswith(otel.EVENT_PREFIX) and not (named and body == otel.EVENT_PREFIX + named):
        found = body
    else:
        found = named or event_name or body
    return found[: limits.LONGEST_NAME + len(otel.EVENT_PREFIX)].removeprefix(otel.EVENT_PREFIX)[: limits.LONGEST_NAME]


def decode_metrics(request: ExportMetricsServiceRequest | json_records.Tree, seen: Counter[Any] | None = None) -> Batch:
    """
    Return the points of *request*. Histograms and summaries, which Claude Code does not send, are rejected and named.

    *seen* is for logs only: a point is one by its series and time.
    """
    points: list[PointRow] = []
    refused = RecordsRefused()
    resources = json_records.metrics_of(request) if isinstance(request, dict) else messages.metrics_of(request)
    for shared, metrics in resources:
        for metric in metrics:
            if metric.kind in ("sum", "gauge"):
                points += _points(metric, shared, refused)
            elif metric.kind:
                refused.add(f"only sums and gauges are, no {metric.kind}", metric.number)
    return Batch(points=points, rejected=refused.count, message=refused.message)


def _points(metric: Metric, shared: Mapping[str, Value], refused: RecordsRefused) -> list[PointRow]:
    rows = []
    for point in metric.points:
        reason = _refusal(point, metric.monotonic)
        if reason is not None or point.attributes is None or point.value is None:
            if reason:
                refused.add(reason)
            continue
        attributes = {**shared, **point.attributes}
        attributes.pop(otel.SENDER, None)
        if "model" in attributes:
            attributes["model"] = model_name(attributes["model"])
        kind = (metric.name, metric.unit, str(metric.temporality), str(metric.monotonic), repr(sorted(attributes.items())))
        rows.append(
            PointRow(
                series_key=_digest(*(part.encode("utf-8", "surrogatepass") for part in kind)),
                name=metric.name,
                unit=metric.unit,
                temporality=metric.temporality,
                monotonic=metric.monotonic,
                attributes=attributes,
                check_nonce=text(attributes.get(otel.CHECK_ATTRIBUTE)),
                start_ns=min(point.start_ns, LARGEST),
                time_ns=_point_time(point.time_ns),
                value=point.value,
            )
        )
    return rows


def _refusal(point: Point, monotonic: bool) -> str | None:
    """Return why *point* is not stored: empty when it holds no value, None when it is stored."""
    if point.value is None:
        return ""
    if not math.isfinite(point.value):
        return "no finite number"
    if abs(point.value) > limits.MOST_VALUE or (monotonic and point.value < 0):
        return "out of range"
    return MANY if point.attributes is None else None


def _point_time(nanoseconds: int) -> int:
    """Return a time that was sent, or now when none was, or one that is still to come: it would never grow old."""
    now = time.time_ns()
    return nanoseconds if 0 < nanoseconds <= now + limits.AHEAD_NS else now
