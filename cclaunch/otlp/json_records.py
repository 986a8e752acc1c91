"""Requests in JSON: their records and points with plain values."""

from collections.abc import Iterator
from typing import Any

from cclaunch.otlp.json_request import Pair
from cclaunch.otlp.records import DATA, Attributes, Metric, MetricsOfResource, OfResource, Point, Record
from cclaunch.store import limits
from cclaunch.store.rows import CUMULATIVE

Tree = dict[str, Any]
"""A message as `json_request.parse` gives it."""


def logs_of(request: Tree) -> Iterator[OfResource]:
    """Yield the attributes of each resource, and its records."""
    for of_resource in request.get("resource_logs", ()):
        shared = dict(of_resource.get("resource", {}).get("attributes", ()))
        scopes = of_resource.get("scope_logs", ())
        yield shared, (_record(record, len(shared)) for scope in scopes for record in scope.get("log_records", ()))


def metrics_of(request: Tree) -> Iterator[MetricsOfResource]:
    """Yield the attributes of each resource, and its metrics."""
    for of_resource in request.get("resource_metrics", ()):
        shared = dict(of_resource.get("resource", {}).get("attributes", ()))
        scopes = of_resource.get("scope_metrics", ())
        yield shared, (_metric(metric, len(shared)) for scope in scopes for metric in scope.get("metrics", ()))


def kind_of(metric: Tree) -> str:
    """Return which of `DATA` the *metric* is; an empty text for none."""
    return next((kind for kind in DATA if kind in metric), "")


def _few(pairs: list[Pair], shared: int) -> Attributes | None:
    return dict(pairs) if len(pairs) + shared <= limits.MOST_ATTRIBUTES else None


def _record(record: Tree, shared: int) -> Record:
    get = record.get
    return Record(
        get("time_unix_nano", 0),
        get("observed_time_unix_nano", 0),
        get("event_name", ""),
        get("body"),
        _few(get("attributes", []), shared),
    )


def _metric(metric: Tree, shared: int) -> Metric:
    kind = kind_of(metric)
    data = metric.get(kind, {})
    points = data.get("data_points", ())
    read = (_point(point, shared) for point in points)
    name, unit = metric.get("name", ""), metric.get("unit", "")
    if kind == "sum":
        temporality, monotonic = data.get("aggregation_temporality", 0), data.get("is_monotonic", False)
        return Metric(name, unit, kind, temporality, monotonic, read, len(points))
    if kind == "gauge":
        return Metric(name, unit, kind, CUMULATIVE, False, read, len(points))
    return Metric(name, unit, kind, 0, False, (), len(points))


def _point(point: Tree, shared: int) -> Point:
    value = point.get("as_int", point.get("as_double"))
    return Point(
        point.get("start_time_unix_nano", 0),
        point.get("time_unix_nano", 0),
        None if value is None else float(value),
        _few(point.get("attributes", []), shared),
    )
