"""
What a request holds, whichever encoding it came in: records and points with plain values.

The problem it owns: the rules by which rows are made are written once, for both encodings.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cclaunch.store.rows import Value

Attributes = dict[str, Value]

DATA = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
"""What a metric may be, by its field's name."""


class Record(NamedTuple):
    """A log record, its times in nanoseconds and 0 where none was sent; *attributes* are None when there are too many."""

    time_ns: int
    observed_ns: int
    event_name: str
    body: Value
    attributes: Attributes | None


class Point(NamedTuple):
    """A data point, its times in nanoseconds; *value* is None where none was sent, *attributes* when there are too many."""

    start_ns: int
    time_ns: int
    value: float | None
    attributes: Attributes | None


class Metric(NamedTuple):
    """A metric: its *kind* is one of `DATA`, or empty; one whose points are not read says only how many there are."""

    name: str
    unit: str
    kind: str
    temporality: int
    monotonic: bool
    points: Iterable[Point]
    number: int


OfResource = tuple[Attributes, Iterable[Record]]
"""The attributes of a resource, and its records."""

MetricsOfResource = tuple[Attributes, Iterable[Metric]]
