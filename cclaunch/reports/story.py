"""
One session from start to end: what was asked, what claude did, and what it had cost by then.

The problem it owns: events are many and small. What belongs together becomes one step (a tool's decision with its result), and
what happens in every session at its start is a number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.reports.figures import Figures, together
from cclaunch.store import limits
from cclaunch.store.reader import Event
from cclaunch.store.rows import cost_micros, integer, text

NS = 1_000_000_000
REDACTED = "<REDACTED>"

START_UP = frozenset("managed_settings_resolved plugin_loaded hook_registered retention_sweep hook_plugin_metrics auth".split())
"""What happens at the start of every session, whatever it is about."""

UNTOLD = frozenset("assistant_response api_request_body api_response_body hook_execution_start api_retries_exhausted".split())
"""What says nothing that another step does not say."""

CACHE_S = 300
"""A cache is kept so long, or an hour: a shorter pause has cost nothing."""

OUTPUT_PRICE, READ_PRICE, WRITE_5M_PRICE, WRITE_1H_PRICE = 5.0, 0.1, 1.25, 2.0
"""Prices of a token against one of input; the same for all models, but for what is read from the cache (at most a tenth)."""


class Step(NamedTuple):
    """
    One thing that happened.

    Attributes:
        time_ns: When, in nanoseconds since the epoch.
        kind: ``prompt``, ``request``, ``tool``, ``error``, ``refusal``, ``compaction``, ``agent`` or the name of the event.
        what: Its name: of the model, the tool, the agent; the prompt, where it was recorded.
        agent: The sub-agent that did it, or None.
        took_ms: How long it took, or None.
        micros: What it cost, or None; *so_far*: all that was spent until then, it included.
        said: What else there is to say, name -> value, in the order of their weight.
    """

    time_ns: int
    kind: str
    what: str
    agent: str | None
    took_ms: int | None
    micros: int | None
    so_far: int
    said: dict[str, Any]


class Rebuild(NamedTuple):
    """A cache that a pause of *pause_s* seconds had ended was written anew: *tokens*, for about *micros*."""

    time_ns: int
    pause_s: int
    tokens: int
    micros: int


class Story(NamedTuple):
    """The *steps* of a session, what it used, the *rebuilds* of its cache, and how many events were *start_up*."""

    session: str
    figures: Figures
    steps: list[Step]
    rebuilds: list[Rebuild]
    start_up: int
    attributes: Mapping[str, Any]


def story(session: str, events: Sequence[Event]) -> Story:
    """Return the story of *session* from its *events*, in order."""
    told = [event for event in events if event.name not in START_UP and not _came_up(event)]
    decisions = {use: event for event in told if event.name == "tool_decision" and (use := _use(event))}
    ended = {use for event in told if event.name == "tool_result" and (use := _use(event))}
    retries = {event.attributes.get("request_id"): event for event in told if event.name == "api_retries_exhausted"}
    steps, so_far = [], 0
    for event in told:
        if event.name in UNTOLD or (event.name == "tool_decision" and _use(event) in ended):
            continue
        micros = cost_micros(event.attributes) if event.name == otel.REQUEST else None
        so_far += micros or 0
        said = dict(_said(event, decisions, retries))
        steps.append(
            Step(
                event.time_ns,
                KINDS.get(event.name, event.name),
                _what(event),
                text(event.attributes.get("agent.name")),
                integer(event.attributes.get("duration_ms"), limits.MOST_MS),
                micros,
                so_far,
                said,
            )
        )
    requests = [event for event in told if event.name == otel.REQUEST]
    used = together(map(_used, requests))
    newest = events[-1].attributes if events else {}
    return Story(session, used, steps, list(_rebuilds(requests)), len(events) - len(told), newest)


KINDS = {
    "user_prompt": "prompt",
    otel.REQUEST: "request",
    "tool_result": "tool",
    "tool_decision": "tool",
    "api_error": "error",
    "api_refusal": "refusal",
    "subagent_completed": "agent",
}
"""Name of an event -> kind of the step."""

NAMED_BY = {
    "user_prompt": ("prompt_text", "prompt", "command_name"),
    otel.REQUEST: ("model",),
    "tool_result": ("tool_name",),
    "tool_decision": ("tool_name",),
    "api_error": ("error",),
    "api_refusal": ("model",),
    "subagent_completed": ("agent_type",),
    "compaction": ("trigger",),
    "skill_activated": ("skill.name",),
    "permission_mode_changed": ("to_mode",),
    "mcp_server_connection": ("server_name", "status"),
    "hook_execution_complete": ("hook_event",),
}
"""Name of an event -> the attributes of which the first that is there is what it is called."""

SAID = {
    "user_prompt": ("prompt_length", "command_name"),
    otel.REQUEST: ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "speed", "effort"),
    "tool_result": ("error", "error_type"),
    "tool_decision": ("decision", "source"),
    "api_error": ("status_code", "attempt"),
    "subagent_completed": ("total_tool_uses", "total_tokens"),
    "compaction": ("pre_tokens", "post_tokens", "error"),
    "permission_mode_changed": ("from_mode",),
    "mcp_server_connection": ("status", "error"),
}
"""Name of an event -> what else is said of it."""

USUAL = {"speed": "normal"}
"""What is not worth saying."""


def _came_up(event: Event) -> bool:
    return event.name == "mcp_server_connection" and event.attributes.get("status") == "connected"


def _use(event: Event) -> str | None:
    return text(event.attributes.get("tool_use_id"))


def _what(event: Event) -> str:
    for key in NAMED_BY.get(event.name, ()):
        value = text(event.model if key == "model" else event.attributes.get(key))
        if value and value != REDACTED:
            return value
    return ""


def _said(event: Event, decisions: Mapping[str, Event], retries: Mapping[Any, Event]) -> Iterator[tuple[str, Any]]:
    attributes = event.attributes
    if event.name == "tool_result":
        if str(attributes.get("success")).lower() == "false":
            yield "failed", True
        if decision := decisions.get(_use(event) or ""):
            yield from ((key, decision.attributes[key]) for key in SAID["tool_decision"] if key in decision.attributes)
    if event.name == "api_error" and (last := retries.get(attributes.get("request_id"))):
        yield "waited_ms", last.attributes.get("total_retry_duration_ms")
    for key in SAID.get(event.name, ()):
        if attributes.get(key) not in (None, "", USUAL.get(key)):
            yield key, attributes[key]


def _used(event: Event) -> Figures:
    count = {key: integer(event.attributes.get(key), limits.MOST_TOKENS) or 0 for key in SAID[otel.REQUEST][:4]}
    return Figures(1, cost_micros(event.attributes) or 0, *count.values())


def _rebuilds(requests: Iterable[Event]) -> Iterator[Rebuild]:
    """Yield what was written to the cache anew after a pause: what had been there before, and was not read."""
    last: dict[Any, tuple[int, Figures]] = {}
    for event in requests:
        who = event.attributes.get("agent_id"), event.attributes.get("query_source"), event.model
        used = _used(event)
        if who in last:
            before_ns, before = last[who]
            pause = (event.time_ns - before_ns) // NS - (
                integer(event.attributes.get("duration_ms"), limits.MOST_MS) or 0
            ) // 1000
            lost = min(before.cache_read + before.cache_written - used.cache_read, used.cache_written)
            if pause >= CACHE_S and lost > 0:
                yield Rebuild(event.time_ns, pause, lost, _price(event, used, lost))
        last[who] = event.time_ns, used


def _price(event: Event, used: Figures, rebuilt: int) -> int:
    """Return about how many micro-dollars more *rebuilt* tokens cost than reading them, by the price of their own request."""
    hour = integer(event.attributes.get("cache_creation_1h_tokens"), limits.MOST_TOKENS) or 0
    written = WRITE_1H_PRICE if hour * 2 > used.cache_written else WRITE_5M_PRICE
    short = used.cache_written - min(hour, used.cache_written)
    weight = used.input + OUTPUT_PRICE * used.output + READ_PRICE * used.cache_read
    weight += WRITE_5M_PRICE * short + WRITE_1H_PRICE * (used.cache_written - short)
    return round(used.micros / weight * (written - READ_PRICE) * rebuilt) if weight else 0
