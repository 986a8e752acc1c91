"""
The rows that are stored, and how the values of a sender become theirs.

The problem it owns: the store knows what it keeps, whoever brings it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cclaunch.store import limits
from cclaunch.store.limits import LARGEST

if TYPE_CHECKING:
    from cclaunch.store.shared import Shared

DELTA = 1

CUMULATIVE = 2

MODEL_SUFFIX = "[1m]"
"""Older releases add it to the model's name on some signals and not on others."""

Value = str | int | float | bool | None | list[Any] | dict[str, Any]


class EventRow(NamedTuple):
    """
    One event: everything the exporter sent is in *shared* and *own*; the columns are read from it.

    *key* is the record's (`record_key`).
    """

    key: int
    time_ns: int
    name: str
    body: str
    service: str | None
    session_id: str | None
    sequence: int | None
    prompt_id: str | None
    request_id: str | None
    model: str | None
    profile: str | None
    cost_usd_micros: int | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_creation_tokens: int | None
    duration_ms: float | None
    check_nonce: str | None
    own: dict[str, Value]
    cache_1h_tokens: int | None
    shared: "Shared | None"

    @property
    def attributes(self) -> dict[str, Value]:
        """Return all attributes, resource included."""
        return {**(json.loads(self.shared.text) if self.shared else {}), **self.own}


class PointRow(NamedTuple):
    """One data point of a sum or gauge; *series_key* identifies its name, unit, temporality and attributes."""

    series_key: bytes
    name: str
    unit: str
    temporality: int
    monotonic: bool
    attributes: dict[str, Value]
    check_nonce: str | None
    start_ns: int
    time_ns: int
    value: float


class Batch(NamedTuple):
    """What one request holds, and how much of it could not be taken and why."""

    events: Sequence[EventRow] = ()
    points: Sequence[PointRow] = ()
    rejected: int = 0
    message: str = ""


def number(value: Value) -> float | int | None:
    """Return *value* as a number that SQLite can hold, also when it was sent as text; None when it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return value
    if not isinstance(value, str) or len(value) > 32 or "_" in value:
        return None
    try:
        whole = int(value)
        return whole if abs(whole) <= LARGEST else float(whole)
    except ValueError:
        pass
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def integer(value: Value, most: float) -> int | None:
    """Return *value* as a whole number when it is one from 0 to *most*, else None: no count and no cost is negative."""
    if type(value) is int:
        return value if 0 <= value <= most else None
    found = limits.bounded(number(value), most)
    return None if found is None else round(found)


def written(whole: int | None, hour: int | None) -> tuple[int | None, int | None]:
    """Return the tokens written to the cache for five minutes, and for an *hour*: together no more than the *whole*."""
    if whole is None:
        return None, hour
    return whole - min(hour or 0, whole), None if hour is None else min(hour, whole)


def text(value: Value) -> str | None:
    """Return *value* when it is a text of an id's length, else None."""
    return value if isinstance(value, str) and 0 < len(value) <= limits.LONGEST_ID else None


def model_name(value: Value) -> str | None:
    """Return the model without the suffix that only some signals carry."""
    found = text(value)
    return found.removesuffix(MODEL_SUFFIX) if found else None


def cost_micros(attributes: Mapping[str, Value]) -> int | None:
    """Return the micro-dollars; where they are not sent, or cannot be true, those that the dollars make."""
    micros = integer(attributes.get("cost_usd_micros"), limits.MOST_MICROS)
    if micros is not None:
        return micros
    dollars = limits.bounded(number(attributes.get("cost_usd")), limits.MOST_MICROS / 1_000_000)
    return None if dollars is None else round(dollars * 1_000_000)
