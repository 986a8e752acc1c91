"""
One line of a transcript: a request, nothing of interest, or a reason why it is left out.

The problem it owns: claude's records change from release to release, and anybody may have written into the file. So nothing is
believed of a line before it was looked at; and what is no request costs as little as can be.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

from cclaunch.transcripts.seen import LONGEST_ID, LONGEST_NAME, LONGEST_PATH, MOST_SEARCHES, MOST_TOKENS, Left, Seen

NEEDLE = b'"output_tokens"'
"""Stands in each line that tells of usage; within a text its quotes would be escaped."""

ASSISTANT = b'"assistant"'
"""Likewise, the kind of record: what a sub-agent took stands in the records of tools, too."""

SYNTHETIC = "<synthetic>"
"""The model of what claude says by itself: an error, "no response requested"."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_NS = 1_577_836_800 * 1_000_000_000
"""The first of January 2020, long before there was anything to write down."""

AHEAD_NS = 24 * 3600 * 1_000_000_000
"""How far a clock may have gone before ours."""

LONGEST_TIME = 40
MOST_MET = 1_000


class _Unfit(Exception):
    """A line that is left out."""

    def __init__(self, reason: Left) -> None:
        self.reason = reason


def _no_number(name: str) -> NoReturn:
    raise _Unfit(Left.DAMAGED)


_read = json.JSONDecoder(parse_constant=_no_number).raw_decode
_made = partial(tuple.__new__, Seen)
"""As `Seen` makes it, for less: of a million, each is felt."""

_met: dict[Any, tuple[str | None, ...]] = {}
"""What lines have in common with the one before them -> what of it can be stored."""


def read_line(line: bytes, born_ns: int = 0) -> Seen | Left | None:
    """
    Return the request that *line* tells of, why it is left out, or None when it tells of none.

    Args:
        line: A line without its end. Whoever calls it has found the `NEEDLE` in it.
        born_ns: When the session of this file began, where that is known: what is older was copied from another one.
    """
    if ASSISTANT not in line:
        return None
    try:
        return _seen(parsed(line), born_ns)
    except _Unfit as unfit:
        return unfit.reason


def parsed(line: bytes) -> Any:
    """Return the JSON value of *line*. Raises _Unfit with the reason."""
    try:
        text = line.decode().strip("\0 \t\r\n")  # a machine that went down leaves zeros
    except UnicodeDecodeError:
        raise _Unfit(Left.NOT_TEXT) from None
    try:
        value, end = _read(text)
    except RecursionError:
        raise _Unfit(Left.TOO_DEEP) from None
    except ValueError:  # also a number of thousands of digits
        raise _Unfit(Left.DAMAGED) from None
    if end != len(text):
        raise _Unfit(Left.DAMAGED)
    return value


def _seen(record: Any, born_ns: int) -> Seen | None:
    if type(record) is not dict:
        raise _Unfit(Left.STRANGE)
    of = record.get
    if of("type") != "assistant":
        return None
    message = of("message")
    if type(message) is not dict:
        raise _Unfit(Left.STRANGE)
    model, usage = message.get("model"), message.get("usage")
    if model == SYNTHETIC or usage is None:
        return None
    if type(usage) is not dict:
        raise _Unfit(Left.STRANGE)
    request, said = _text(of("requestId"), LONGEST_ID), _text(message.get("id"), LONGEST_ID)
    if request is None and said is None:
        raise _Unfit(Left.NO_ID)
    who = of("requestSessionId"), of("sessionId"), model, of("requestedModel"), usage.get("inference_geo")
    told = (*who, of("cwd"), of("gitBranch"), of("version"))
    try:
        texts = _met[told]
    except (KeyError, TypeError):
        texts = _texts(told)
    owner, session, model, asked, residence, cwd, branch, version = texts
    if model is None:
        raise _Unfit(Left.NO_MODEL)
    time_ns = _time_ns(of("timestamp"))
    whose = owner or session, owner is None and time_ns < born_ns
    end = message.get("stop_reason") is None, cwd, branch, version
    return _made((request, said, time_ns, *whose, model, asked, *_took(usage), residence, *end))


def _texts(told: tuple[Any, ...]) -> tuple[str | None, ...]:
    """Return of *told*, values that many lines have in common, what can be stored; and know it again."""
    texts = tuple(map(_text, told, (*[LONGEST_ID] * 2, *[LONGEST_NAME] * 3, LONGEST_PATH, LONGEST_ID, LONGEST_NAME)))
    if all(value or one is None or one == "" for value, one in zip(texts, told, strict=True)):  # texts, and short ones
        if len(_met) >= MOST_MET:
            _met.clear()
        _met[told] = texts
    return texts


def _took(usage: Mapping[str, Any]) -> tuple[int, int, int, int, int, int, bool]:
    """Return tokens in, out, read, written to the cache, and those for an hour, web searches, and whether it was served fast."""
    of = usage.get
    fresh, output, read = of("input_tokens"), of("output_tokens"), of("cache_read_input_tokens")
    written, split, used = of("cache_creation_input_tokens"), of("cache_creation"), of("server_tool_use")
    hour = split.get("ephemeral_1h_input_tokens") if type(split) is dict else 0
    searches = used.get("web_search_requests") if type(used) is dict else 0
    written = _count(written, MOST_TOKENS)
    return (
        _count(fresh, MOST_TOKENS),
        _count(output, MOST_TOKENS),
        _count(read, MOST_TOKENS),
        written,
        min(_count(hour, MOST_TOKENS), written),  # a split that does not fit says nothing
        _count(searches, MOST_SEARCHES),
        of("speed") == "fast",
    )


def _count(value: Any, most: int) -> int:
    """Return *value*, a count; null is none. Raises _Unfit."""
    if type(value) is int and 0 <= value <= most:
        return value
    if value is None:
        return 0
    raise _Unfit(Left.TOKENS)


def _text(value: Any, longest: int) -> str | None:
    """Return *value* when it is a text that says something and can be stored, else None."""
    if type(value) is not str or not value or len(value) > longest:
        return None
    if value.isascii():
        return None if "\0" in value else value
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair
        return None
    return None if "\0" in value else value


def _time_ns(value: Any) -> int:
    found = moment_ns(value) if type(value) is str and len(value) <= LONGEST_TIME else None
    if found is None:
        raise _Unfit(Left.TIME)
    return found


def moment_ns(stamp: str) -> int | None:
    """Return when a time *stamp* was, of UTC where it names no zone, in nanoseconds since the epoch; None if it can be none."""
    try:
        moment = datetime.fromisoformat(stamp)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    except (ValueError, OverflowError):
        return None
    found = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    return found if FIRST_NS <= found <= time.time_ns() + AHEAD_NS else None
