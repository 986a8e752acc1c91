"""
Tools, errors and latency: how often, how long, what was decided, what failed. No dollars: nobody can say what a tool cost.

The problem it owns: how long something takes is told by its middle and its ends, from counts in bins; what is said is never off
by more than a bin.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from cclaunch.store.ledger.doings import DECISION, ERROR, FAULT, NO_TIME, REFUSAL, REQUEST, TOOL, ends_of
from cclaunch.store.ledger.doings_read import Doings, Took

MOST_ROWS = 200
SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
COLUMNS = ("tool", "calls", "failed", "total_ms", "mean_ms", *SHARES, "decisions", "failed_by")
"""What is said of a tool in a table."""

ERRORS = {ERROR: "api_error", FAULT: "internal_error", REFUSAL: "api_refusal"}

Document = dict[str, Any]


def percentile(bins: Counter[int], share: float) -> int | None:
    """Return how long (ms) that *share* of what is counted in *bins* took at most; None where nothing says how long it took."""
    timed = sorted((number, count) for number, count in bins.items() if number != NO_TIME and count)
    left = share * sum(count for _, count in timed)
    for number, count in timed:
        if left <= count:
            low, high = ends_of(number)
            return round(low + (high - low) * left / count)
        left -= count
    return None


def took(rows: Sequence[Took]) -> Document:
    """Return how long *rows* took: all together (ms), the mean, and SHARES."""
    bins: Counter[int] = Counter()
    for row in rows:
        bins[row.bin] += row.times
    timed, whole = sum(count for number, count in bins.items() if number != NO_TIME), sum(row.ms for row in rows)
    mean = round(whole / timed) if timed else None
    return {"total_ms": whole, "mean_ms": mean, **{name: percentile(bins, share) for name, share in SHARES.items()}}


def document(found: Doings, most: int | None = MOST_ROWS) -> Document:
    """Return the tools, the errors, the latency of requests by model, and the days; *most* rows of each (None: all)."""
    tools, errors, models = (defaultdict[Any, list[Took]](list) for _ in range(3))
    for row in found.whole:
        if row.what.kind in (TOOL, DECISION):
            tools[row.what.name].append(row)
        elif row.what.kind in ERRORS:
            errors[row.what].append(row)
        elif row.what.kind == REQUEST:
            models[row.what.name].append(row)
    listed = sorted((_tool(name, rows) for name, rows in tools.items()), key=lambda one: (-one["calls"], one["tool"]))
    failed = sorted(map(_error, errors.values()), key=_error_order)
    asked = sorted((_model(name, rows) for name, rows in models.items()), key=lambda one: (-one["requests"], one["model"]))
    return {
        "tools": listed[:most],
        "tools_hidden": len(listed[most:]) if most else 0,
        "errors": failed[:most],
        "latency": asked[:most],
        "days": [_day(day, rows) for day, rows in sorted(found.days.items())],
    }


def _times(rows: Iterable[Took]) -> int:
    return sum(row.times for row in rows)


def _tool(name: str, rows: Sequence[Took]) -> Document:
    calls = [row for row in rows if row.what.kind == TOOL]
    reasons, decisions = Counter[str](), Counter[str]()
    for row in rows:
        if row.what.kind == DECISION:
            decisions[row.what.detail] += row.times
        elif row.failed:
            reasons[row.what.detail] += row.failed
    return {
        "tool": name,
        "calls": _times(calls),
        "failed": sum(row.failed for row in calls),
        "failed_by": _most_first(reasons),
        "decisions": _most_first(decisions),
        **took(calls),
    }


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _error(rows: Sequence[Took]) -> Document:
    kind, name, detail = rows[0].what
    return {"kind": ERRORS[kind], "name": name, "detail": detail, "times": _times(rows)}


def _error_order(error: Document) -> tuple[Any, ...]:
    return -error["times"], error["kind"], error["name"], error["detail"]


def _model(name: str, rows: Sequence[Took]) -> Document:
    return {"model": name, "requests": _times(rows), **took(rows)}


def _day(day: str, rows: Sequence[Took]) -> Document:
    calls, requests = ([row for row in rows if row.what.kind == kind] for kind in (TOOL, REQUEST))
    return {
        "day": day,
        "calls": _times(calls),
        "failed": sum(row.failed for row in calls),
        "errors": _times(row for row in rows if row.what.kind in ERRORS),
        "requests": _times(requests),
        **{name: value for name, value in took(requests).items() if name in SHARES},
    }
