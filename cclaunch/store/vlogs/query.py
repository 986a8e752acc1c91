"""
LogsQL built from foreign words: names and values are always quoted, so that none of them can be anything else.

A filter built here lets pass at least what is asked for. Where VictoriaLogs cannot tell exactly (numbers that were
sent as texts, a day in local time), it lets pass more, and whoever reads the rows looks again.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from cclaunch import otel
from cclaunch.store.filters import Where, canonical, wanted_of
from cclaunch.store.rows import MODEL_SUFFIX
from cclaunch.store.vlogs.kinds import KINDS

NS = 1_000_000_000
LONGEST_NAME = 128
"""Bytes of a field's name that VictoriaLogs keeps."""

NOT_CHECKS = f'"{otel.CHECK_ATTRIBUTE}":""'
"""What `cclaunch check` sent is never counted."""


def quoted(text: str) -> str:
    """Return *text* as a string of LogsQL. JSON's escapes are a part of Go's, by which LogsQL reads it."""
    return json.dumps(text, ensure_ascii=False)


def moment(time_ns: int) -> str:
    """Return a moment as LogsQL reads it, to the nanosecond."""
    return f"{datetime.fromtimestamp(time_ns // NS, UTC):%Y-%m-%dT%H:%M:%S}.{time_ns % NS:09d}Z"


def nanoseconds(text: str) -> int:
    """Return the moment that ``_time`` of a row says, in nanoseconds. Raises ValueError."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * NS + int(rest.ljust(9, "0")[:9] or "0")


def within(since: int | None, until: int | None) -> str:
    """Return the filter of a time range, since <= time < until in ns; None is an open end."""
    if since is not None and until is not None:
        return f"_time:[{moment(since)}, {moment(until)})"
    if since is not None:
        return f"_time:>={moment(since)}"
    return "*" if until is None else f"_time:<{moment(until)}"


def any_of(key: str, values: Iterable[str]) -> str:
    """Return the filter of a field that has one of *values*; an empty one means that it is missing."""
    texts = list(values)
    parts = [f"{quoted(key)}:in({','.join(quoted(text) for text in texts if text)})"] if any(texts) else []
    return " or ".join([*parts, *([f'{quoted(key)}:""'] if "" in texts else [])])


def named(*names: str) -> str:
    """Return the filter of events called one of *names*, by the attribute or by the body."""
    full = [otel.EVENT_PREFIX + name for name in names]
    return f"({any_of('event.name', [*names, *full])} or {any_of('_msg', full)})"


def conditions(where: Where) -> str:
    """Return a filter that lets pass whatever meets *where*, and perhaps more."""
    parts = [part for key, given in where.items() if (part := _condition(canonical(key), wanted_of(key, given)))]
    return " ".join(f"({part})" for part in parts) or "*"


def _condition(key: str, wanted: list[str]) -> str:
    if not wanted or not _is_plain(key):
        return ""
    if key == "event.name":
        return "" if "" in wanted else named(*wanted)
    if key == "model":
        return any_of(key, [*wanted, *(value + MODEL_SUFFIX for value in wanted if value)])
    return any_of(key, wanted)


def _is_plain(key: str) -> bool:
    """Say whether a field of this name is compared as the text that VictoriaLogs holds."""
    odd = not key or key.startswith("_") or "*" in key or len(key.encode()) > LONGEST_NAME
    return not odd and key != "day" and key not in KINDS
