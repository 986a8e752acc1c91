"""One session told from start to end: on a terminal a line for each step, with what had been spent by then."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cclaunch.commands.shared.amounts import model_label, money, percent, tokens
from cclaunch.commands.shared.dates import iso, local, span
from cclaunch.console import BOLD, DIM, RED, YELLOW
from cclaunch.layout import cut
from cclaunch.reports.story import NS, Rebuild, Step, Story

Line = list[tuple[str, str]]
KIND = 10
"""Columns of the kind of a step."""

SAID_OF = (("profile", "cclaunch.profile"), ("repository", "vcs.repository.name"), ("branch", "vcs.ref.head.name"))
WORDS: dict[str, Callable[[Any], str]] = {
    "input_tokens": lambda count: f"{tokens(int(count))} in",
    "output_tokens": lambda count: f"{tokens(int(count))} out",
    "cache_read_tokens": lambda count: f"{tokens(int(count))} read",
    "cache_creation_tokens": lambda count: f"{tokens(int(count))} written",
    "prompt_length": lambda count: f"{count} characters",
    "total_tool_uses": lambda count: f"{count} tools",
    "total_tokens": lambda count: f"{tokens(int(count))} tokens",
    "status_code": lambda code: f"status {code}",
    "attempt": lambda number: f"attempt {number}",
    "waited_ms": lambda waited: f"tried again for {_took(int(waited))}",
    "decision": lambda word: {"accept": "accepted", "reject": "rejected"}.get(word, str(word)),
    "source": lambda word: f"by {word}",
    "pre_tokens": lambda count: f"from {tokens(int(count))}",
    "post_tokens": lambda count: f"to {tokens(int(count))}",
    "failed": lambda _: "failed",
    "from_mode": lambda word: f"from {word}",
}
"""What is said of a step -> how it is put; everything else is shown as it is."""

USUAL = ("decision", "source")
"""What is not worth a word where it is accepted by a rule."""


def told(story: Story, room: int | None, width: Callable[[str], int]) -> Iterator[Line]:
    """Yield the lines of *story*; *room*: columns of the terminal, or None."""
    yield from ([part] for part in _head(story))
    yield []
    rebuilds = {one.time_ns: one for one in story.rebuilds}
    wide = max((len(money(step.so_far)) for step in story.steps), default=0)
    for step in story.steps:
        if step.kind == "request" and (rebuild := rebuilds.get(step.time_ns)):
            yield [(_fitted(_rebuilt(rebuild, wide), room, width), YELLOW)]
        style = RED if step.kind in ("error", "refusal") or "failed" in step.said else BOLD if step.kind == "prompt" else ""
        yield [(_fitted(_line(step, wide), room, width), style)]


def _fitted(text: str, room: int | None, width: Callable[[str], int]) -> str:
    return text if room is None else cut(text, room, width)


def _head(story: Story) -> Iterator[tuple[str, str]]:
    figures = story.figures
    yield f"session {story.session}", BOLD
    if story.steps:
        first, last = story.steps[0].time_ns, story.steps[-1].time_ns
        yield f"{local(first)[:16]}, {span((last - first) / NS)}", ""
    rate = "" if figures.hit_rate is None else f"   cache hit {percent(figures.hit_rate)}"
    yield f"{money(figures.micros)}   {figures.requests:,} requests   {tokens(figures.tokens)} tokens{rate}", ""
    known = [f"{word} {story.attributes[key]}" for word, key in SAID_OF if story.attributes.get(key)]
    if known:
        yield "   ".join(known), DIM
    if story.start_up:
        yield f"{story.start_up} events of the start are not shown", DIM


def _line(step: Step, wide: int) -> str:
    agent = f"{step.agent}: " if step.agent else ""
    parts = [agent + _name(step), *_words(step)]
    if step.micros is not None:
        parts.append(money(step.micros))
    return f"{_clock(step.time_ns)}  {money(step.so_far):>{wide}}  {step.kind:<{KIND}}  {'  '.join(filter(None, parts))}".rstrip()


def _name(step: Step) -> str:
    return model_label(step.what) if step.kind == "request" else " ".join(step.what.split())


def _words(step: Step) -> Iterator[str]:
    usual = step.said.get("decision") == "accept" and not str(step.said.get("source", "")).startswith("user")
    for key, value in step.said.items():
        if (usual and key in USUAL) or (key == "prompt_length" and step.what):
            continue
        yield _word(key, value)
    if step.took_ms is not None:
        yield _took(step.took_ms)


def _word(key: str, value: Any) -> str:
    try:
        return WORDS[key](value) if key in WORDS else str(value)
    except (ValueError, TypeError):  # a sender may say anything
        return f"{key} {value}"


def _took(milliseconds: int) -> str:
    return (
        f"{milliseconds} ms"
        if milliseconds < 1000
        else f"{milliseconds / 1000:.1f} s"
        if milliseconds < 60_000
        else span(milliseconds / 1000)
    )


def _clock(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS).strftime("%H:%M:%S")


def _rebuilt(rebuild: Rebuild, wide: int) -> str:
    pause, count = span(rebuild.pause_s), tokens(rebuild.tokens)
    said = f"{pause}: {count} tokens of cache written anew, about {money(rebuild.micros)} more"
    return f"{'':8}  {'':{wide}}  {'pause':<{KIND}}  {said}"


def document(story: Story) -> dict[str, Any]:
    """Return *story* for programs."""
    return {
        "session": story.session,
        "cost_usd": story.figures.micros / 1_000_000,
        "requests": story.figures.requests,
        "total_tokens": story.figures.tokens,
        "start_up_events": story.start_up,
        **{word: story.attributes.get(key) for word, key in SAID_OF},
        "steps": [
            {
                "time": iso(step.time_ns),
                "kind": step.kind,
                "what": step.what or None,
                "agent": step.agent,
                "duration_ms": step.took_ms,
                "cost_usd": None if step.micros is None else step.micros / 1_000_000,
                "cost_so_far_usd": step.so_far / 1_000_000,
                **step.said,
            }
            for step in story.steps
        ],
        "rebuilds": [
            {
                "time": iso(one.time_ns),
                "pause_s": one.pause_s,
                "tokens": one.tokens,
                "cost_estimated_usd": one.micros / 1_000_000,
            }
            for one in story.rebuilds
        ],
    }
