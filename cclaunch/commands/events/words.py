"""The words for one step of a session: short ones, those that matter most first, and the text that may be cut behind them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cclaunch.commands.shared.amounts import model_label, money, percent, tokens
from cclaunch.reports.dates import span
from cclaunch.reports.rebuilds import NS
from cclaunch.reports.steps import Step

TEXTS = ("prompt", "error")
"""Kinds of which the name is a text that somebody wrote."""

TEXT = ("input", "error")
"""What is said of the others that is such a text."""

WORDS: dict[str, Callable[[Any], str]] = {
    "prompt_length": lambda count: f"{count} characters",
    "total_tool_uses": lambda count: counted(int(count), "tool"),
    "total_tokens": lambda count: f"{tokens(int(count))} tokens",
    "status_code": lambda code: f"status {code}",
    "failed": lambda _: "failed",
    "from_mode": lambda word: f"from {word}",
    "effort": lambda word: f"effort {word}",
    "num_blocking": lambda count: f"{count} blocked",
    "num_non_blocking_error": lambda count: f"{count} failed",
    "num_cancelled": lambda count: f"{count} cancelled",
}
"""What is said of a step -> how it is put; everything else is shown as it is."""

DECISIONS = {"accept": "accepted", "reject": "rejected"}
DECIDERS = {
    "config": "by settings",
    "hook": "by a hook",
    "user_permanent": "by user for good",
    "user_temporary": "by user",
    "user_reject": "by user",
    "user_abort": "by user",
}
"""Source of a decision -> who that is."""

PURPOSES = {"generate_session_title": "title"}
"""Source of a request -> a shorter word for it."""


def body(step: Step) -> tuple[list[str], str]:
    """Return (the words for *step*, a text that may be cut)."""
    name = " ".join(step.what.split())
    if step.kind == "request":
        return list(filter(None, _request(step))), ""
    words = [*_words(step), "" if step.took_ms is None or step.kind == "error" else took(step.took_ms)]
    if step.kind in TEXTS:
        return list(filter(None, words)), name
    text = ": ".join(str(step.said[key]) for key in TEXT if key in step.said)
    return list(filter(None, [_by(step, name), *words])), " ".join(text.split())


def _by(step: Step, name: str) -> str:
    return f"{step.agent}: {name}" if step.agent else name


def _request(step: Step) -> Iterator[str]:
    said = dict(step.said)
    given, out, read, written = (_number(said.pop(key, 0)) for key in COUNTS)
    sent, purpose = given + read + written, said.pop("query_source", "")
    yield _by(step, model_label(step.what)) + (f" for {PURPOSES.get(str(purpose), _plain(purpose))}" if purpose else "")
    yield "" if step.micros is None else money(step.micros)
    yield "" if step.took_ms is None else f"{took(step.took_ms):>6}"
    yield f"{tokens(sent):>5} in"
    yield f"{tokens(out):>5} out"
    yield f"{percent(read / sent)} cached" if read else ""
    yield from (_word(key, value) for key, value in said.items())


COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


def _words(step: Step) -> Iterator[str]:
    said = step.said
    untold = {*TEXT, "decision", "source"}
    if step.what:
        untold.add("prompt_length")
    if str(said.get("command_name")) in step.what:
        untold.add("command_name")
    if ends := [tokens(_number(said[key])) for key in ("pre_tokens", "post_tokens") if key in said]:
        untold |= {"pre_tokens", "post_tokens"}
        yield f"{' to '.join(ends)} tokens"
    yield _decided(str(said.get("decision", "")), str(said.get("source", "")))
    for key, value in said.items():
        if key == "attempt":
            yield _tried(_number(value), said.get("waited_ms"))
        elif key not in untold and key != "waited_ms":
            yield _word(key, value)


def _decided(decision: str, source: str) -> str:
    if decision == "accept" and not source.startswith("user"):
        return ""  # a rule did, as it does every time
    return " ".join(filter(None, (DECISIONS.get(decision, decision), DECIDERS.get(source, _plain(source)))))


def _tried(attempts: int, waited_ms: Any) -> str:
    if attempts < 2:
        return ""
    return f"{attempts} attempts" + ("" if waited_ms is None else f" in {took(_number(waited_ms))}")


def _word(key: str, value: Any) -> str:
    try:
        return " ".join((WORDS[key](value) if key in WORDS else str(value)).split())
    except (ValueError, TypeError, OverflowError):  # a sender may say anything
        return f"{key} {value}"


def _number(value: Any) -> int:
    try:
        return max(int(value), 0)
    except (ValueError, TypeError, OverflowError):
        return 0


def _plain(word: Any) -> str:
    return str(word).replace("_", " ")


def counted(count: int, name: str) -> str:
    """Return a number of things: ``1 request``, ``2 requests``."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def took(milliseconds: int) -> str:
    """Return how long something took, as people read it."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 60_000 else span(milliseconds / 1000)


def clock(time_ns: int) -> str:
    """Return the local time of day, to the second."""
    return datetime.fromtimestamp(time_ns // NS).strftime("%H:%M:%S")


def day(time_ns: int) -> str:
    """Return the local date."""
    return datetime.fromtimestamp(time_ns // NS).strftime("%Y-%m-%d")
