"""
How large anything may be that a sender says: the bounds at the door.

Whoever reaches the port can write any number. A value beyond what a request to a model can be is not counted: the
record is kept with its attributes as they were sent, and the column that sums are made of stays empty. The bounds
leave nine digits to the largest sum that SQLite can hold; they are no judgement on what is expensive.
"""

import time
from typing import TypeVar

Number = TypeVar("Number", int | None, float | int | None)

LARGEST = (1 << 63) - 1

LARGEST_BODY = 20 << 20
"""Bytes of one request, unpacked: the default of the OpenTelemetry Collector."""

LARGEST_RECORD = 4 << 20
"""Bytes of one record, or of the resource or scope that many share."""

MOST_RECORDS = 200_000
"""Records of one request."""

MOST_PARTS = 20_000
"""Messages within one record (attributes, values, points): each costs more memory than it has bytes."""

MOST_REPEATED = 256 << 20
"""Bytes of one request as it is stored, where every record has a copy of its resource's attributes."""

MOST_ATTRIBUTES = 1024
LONGEST_ID = 1024
LONGEST_NAME = 200

MOST_MICROS = 10_000 * 1_000_000
"""Cost of one request, in micro-dollars."""

MOST_TOKENS = 1_000_000_000
MOST_MS = 366 * 24 * 3600 * 1000
MOST_SEQUENCE = 1 << 40
MOST_VALUE = 1e15
"""Value of a data point: up to here a double still tells whole numbers apart, also when many are added up."""

FIRST_NS = 1_577_836_800 * 1_000_000_000
"""The first of January 2020, long before there was anything to record."""

AHEAD_NS = 24 * 3600 * 1_000_000_000
"""How far a sender's clock may go before ours."""


def plausible_time(nanoseconds: int) -> bool:
    """Say whether an event can be of that time (ns since the epoch): neither before there were any nor after tomorrow."""
    return FIRST_NS <= nanoseconds <= time.time_ns() + AHEAD_NS


def bounded(value: Number, most: float) -> Number:
    """Return *value* when it is a number from 0 to *most*, else None."""
    return value if value is not None and 0 <= value <= most else None
