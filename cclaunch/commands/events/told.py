"""One session told from start to end: on a terminal a line for each step, with what had been spent by then."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cclaunch.commands.events.words import body, clock, counted, day
from cclaunch.commands.shared.amounts import money, percent, tokens
from cclaunch.console import BOLD, DIM, RED, YELLOW, printable
from cclaunch.layout import cut
from cclaunch.reports.dates import local, span
from cclaunch.reports.rebuilds import NS, Rebuild
from cclaunch.reports.steps import Step
from cclaunch.reports.story import SAID_OF, Story

Line = list[tuple[str, str]]
GAP = "  "
KIND = 8
"""Columns of the kind of a step."""

LEAST = 6
"""Columns that a text is not cut shorter to: less says nothing."""

LABELS = {
    "compaction": "compact",
    "mcp_server_connection": "server",
    "permission_mode_changed": "mode",
    "skill_activated": "skill",
    "hook_execution_complete": "hook",
    "at_mention": "mention",
    "plugin_loaded": "plugin",
    "managed_settings_resolved": "settings",
    "retention_sweep": "sweep",
    "pull_request": "pr",
}
"""Kind of a step -> a shorter word for it."""


class Page(NamedTuple):
    """
    What is written on.

    Attributes:
        room: Columns of the terminal; None: no terminal.
        width: How many columns a text takes.
        dots: What stands where a text was cut off.
    """

    room: int | None
    width: Callable[[str], int]
    dots: str = "…"


def told(story: Story, page: Page) -> Iterator[Line]:
    """Yield the lines of *story*: what it was, and its steps."""
    for text, style in _head(story):
        yield [(_cut(printable(text), page.room, page), style)]
    yield []
    rebuilds = {one.time_ns: one for one in story.rebuilds}
    wide = max((len(money(step.so_far)) for step in story.steps), default=0)
    today, efforts = day(story.steps[0].time_ns) if story.steps else "", dict[str | None, Any]()
    for step in story.steps:
        if day(step.time_ns) != today:
            today = day(step.time_ns)
            yield [(today, DIM)]
        if step.kind == "request":
            if rebuild := rebuilds.get(step.time_ns):
                yield _line("", "", "pause", ([_rebuilt(rebuild)], ""), YELLOW, page, wide)
            step = _changes(step, efforts)
        spent = money(step.so_far) if step.micros is not None else ""
        yield _line(clock(step.time_ns), spent, LABELS.get(step.kind, step.kind), body(step), _style(step), page, wide)


def _changes(step: Step, efforts: dict[str | None, Any]) -> Step:
    """Return a request without its effort, where that is as it was with the same agent, or with whom it began."""
    effort = step.said.get("effort")
    if effort == efforts.get(step.agent, efforts.get(None)):
        return step._replace(said={key: value for key, value in step.said.items() if key != "effort"})
    efforts[step.agent] = effort
    return step


def _style(step: Step) -> str:
    if step.kind in ("error", "refusal") or "failed" in step.said:
        return RED
    if step.said.get("decision") == "reject":
        return YELLOW
    return BOLD if step.kind == "prompt" else ""


def _line(when: str, spent: str, kind: str, said: tuple[list[str], str], style: str, page: Page, wide: int) -> Line:
    """Return one line: what does not fit is left out from the end, a whole word at a time, and the text is cut."""
    left = f"{when:8}{GAP}{spent:>{wide}}{GAP}"
    *words, text = map(printable, (*said[0], said[1]))  # as wide as it is shown
    line = f"{printable(kind):<{KIND}}"
    room = None if page.room is None else page.room - len(left)
    for word in words:
        longer = f"{line}{GAP}{word}"
        if room is not None and page.width(longer) > room:
            return [(left, ""), (_cut(line if line.strip() != printable(kind) else longer, room, page).rstrip(), style)]
        line = longer
    if text and (room is None or room - page.width(line) - len(GAP) >= LEAST):
        line = f"{line}{GAP}{text}"
    return [(left, ""), (_cut(line, room, page).rstrip(), style)]


def _cut(text: str, room: int | None, page: Page) -> str:
    if room is None or page.width(text) <= room:
        return text
    return cut(text, max(room - len(page.dots) + 1, 1), page.width)[:-1] + page.dots


def _head(story: Story) -> Iterator[tuple[str, str]]:
    figures = story.figures
    yield f"session {story.session}", BOLD
    if story.steps:
        first, last = story.steps[0].time_ns, story.steps[-1].time_ns
        yield f"{local(first)[:16]}, {span((last - first) / NS)}", ""
    rate = "" if figures.hit_rate is None else f"   cache hit {percent(figures.hit_rate)}"
    yield f"{money(figures.micros)}   {counted(figures.requests, 'request')}   {tokens(figures.tokens)} tokens{rate}", ""
    known = [f"{word} {story.attributes[key]}" for word, key in SAID_OF if story.attributes.get(key)]
    if known:
        yield "   ".join(known), DIM
    if story.rebuilds:
        lost = money(sum(one.micros for one in story.rebuilds))
        yield f"{counted(len(story.rebuilds), 'pause')} ended the cache: about {lost} to write it anew", YELLOW
    if story.start_up:
        yield f"{counted(story.start_up, 'event')} of the start not shown (-v shows them)", DIM


def _rebuilt(rebuild: Rebuild) -> str:
    return f"{span(rebuild.pause_s)}: {tokens(rebuild.tokens)} tokens of cache written anew, about {money(rebuild.micros)} more"
