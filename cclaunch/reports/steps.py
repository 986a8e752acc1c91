"""
What one event says as a step of a session: what kind it is, what it is called, what else is worth a word.

The problem it owns: every event has its own names for the same things, and most of what it carries says nothing.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.store import limits
from cclaunch.store.ledger import pull_requests
from cclaunch.store.reader import Event
from cclaunch.store.rows import cost_micros, integer, number, text
from cclaunch.store.spending import TOKENS

REDACTED = "<REDACTED>"

START_UP = frozenset("managed_settings_resolved plugin_loaded hook_registered retention_sweep hook_plugin_metrics auth".split())
"""What happens at the start of every session, whatever it is about."""

UNTOLD = frozenset("assistant_response api_request_body api_response_body hook_execution_start api_retries_exhausted".split())
"""What says nothing that another step does not say."""

WINDOWS = {"5 h": "five_hour_used_percentage", "week": "seven_day_used_percentage"}
"""What a plan's window is called -> the attribute that says how much of it is used."""

HOOK_TROUBLES = ("num_blocking", "num_non_blocking_error", "num_cancelled")
"""What makes a hook worth telling: those that did what they should run at every tool."""

KINDS = {
    "user_prompt": "prompt",
    otel.REQUEST: "request",
    "tool_result": "tool",
    "tool_decision": "tool",
    "api_error": "error",
    "internal_error": "error",
    "api_refusal": "refusal",
    "subagent_completed": "agent",
    otel.PLAN_WINDOWS: "plan",
}
"""Name of an event -> kind of the step."""

NAMED_BY = {
    "user_prompt": ("prompt_text", "prompt", "command_name"),
    otel.REQUEST: ("model",),
    "tool_result": ("tool_name",),
    "tool_decision": ("tool_name",),
    "api_error": ("error",),
    "internal_error": ("error_name",),
    "api_refusal": ("model",),
    "subagent_completed": ("agent_type",),
    "compaction": ("trigger",),
    "skill_activated": ("skill.name",),
    "permission_mode_changed": ("to_mode",),
    "mcp_server_connection": ("server_name", "status"),
    "hook_execution_complete": ("hook_name", "hook_event"),
    "at_mention": ("mention_type",),
    "plugin_loaded": ("plugin.name",),
    "hook_registered": ("hook_event",),
}
"""Name of an event -> the attributes of which the first that is there is what it is called."""

SAID = {
    "user_prompt": ("prompt_length", "command_name"),
    otel.REQUEST: (*TOKENS, "query_source", "speed", "effort"),
    "tool_result": ("error", "error_type"),
    "tool_decision": ("decision", "source"),
    "api_error": ("status_code", "attempt"),
    "subagent_completed": ("total_tool_uses", "total_tokens"),
    "compaction": ("pre_tokens", "post_tokens", "error"),
    otel.PULL_REQUEST: ("pr_review_state", "pr_kind"),
    "permission_mode_changed": ("from_mode",),
    "mcp_server_connection": ("status", "error"),
    "hook_execution_complete": HOOK_TROUBLES,
}
"""Name of an event -> what else is said of it."""

COUNTS = frozenset(
    (*TOKENS, *HOOK_TROUBLES, *"prompt_length status_code attempt total_tool_uses total_tokens pre_tokens post_tokens".split())
)
"""What is a number, also where it was sent as a text."""

USUAL = {"speed": re.compile("normal"), "query_source": re.compile("sdk|repl_main_thread.*|agent:.*")}
"""What is not worth saying, as a pattern."""

INPUTS = ("tool_parameters", "tool_input")
INPUT = tuple("full_command command file_path notebook_path pattern url query skill mcp_tool_name description".split())
"""What a tool was given, where that was recorded: the first of these that there is."""


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


class Beside(NamedTuple):
    """What says more of another event: decisions by tool use, retries by request; who *ended*, and which prompts *failed*."""

    decisions: Mapping[str, Event]
    retries: Mapping[Any, Event]
    ended: Container[str | None]
    failed: Container[Any]


def beside_of(events: Sequence[Event]) -> Beside:
    """Return what of *events* says more of others among them."""
    return Beside(
        {use: event for event in events if event.name == "tool_decision" and (use := _use(event))},
        {_asked(event): event for event in events if event.name == "api_retries_exhausted"},
        {use for event in events if event.name == "tool_result" and (use := _use(event))},
        {event.attributes.get("prompt.id") for event in events if event.name == "api_error"},
    )


def is_of_the_start(event: Event) -> bool:
    """Say whether *event* happens in every session, whatever it is about: at its start, or when all is well."""
    return event.name in START_UP or (
        event.name == "mcp_server_connection" and event.attributes.get("status") in ("connected", "disconnected")
    )


def is_said_elsewhere(event: Event, beside: Beside) -> bool:
    """Say whether another step says what *event* does, or nobody needs to know."""
    if event.name == "tool_decision":
        return _use(event) in beside.ended
    if event.name == "internal_error":
        return event.attributes.get("prompt.id") in beside.failed
    if event.name == "hook_execution_complete":
        return not any(integer(event.attributes.get(key), limits.LARGEST) for key in HOOK_TROUBLES)
    return event.name in UNTOLD


def step_of(event: Event, beside: Beside, spent: int) -> Step:
    """Return the step that *event* is; *spent*: micro-dollars until then."""
    micros = cost_micros(event.attributes) if event.name == otel.REQUEST else None
    return Step(
        event.time_ns,
        KINDS.get(event.name, event.name),
        _what(event),
        text(event.attributes.get("agent.name")),
        integer(event.attributes.get("duration_ms"), limits.MOST_MS),
        micros,
        spent + (micros or 0),
        dict(_said(event, beside)),
    )


def _use(event: Event) -> str | None:
    return text(event.attributes.get("tool_use_id"))


def _asked(event: Event) -> tuple[Any, Any]:
    return event.attributes.get("prompt.id"), event.attributes.get("request_id")


def windows_used(event: Event) -> str:
    """Return how much of the plan's windows is used, as one text: ``5 h 42 %, week 13 %``."""
    used = {name: number(event.attributes.get(key)) for name, key in WINDOWS.items()}
    return ", ".join(f"{name} {percent:.0f} %" for name, percent in used.items() if percent is not None)


def pull_request(event: Event) -> str:
    """Return what the pull request is called that *event* tells of; an empty text where it tells of none."""
    told = pull_requests.told(event.time_ns, {**event.attributes, "session.id": event.session_id})
    return told.name if told is not None else ""


def _what(event: Event) -> str:
    if event.name == otel.PULL_REQUEST:
        return pull_request(event)
    if event.name == otel.PLAN_WINDOWS:
        return windows_used(event)
    for key in NAMED_BY.get(event.name, ()):
        value = text(event.model if key == "model" else event.attributes.get(key))
        if value and value != REDACTED:
            return value
    return ""


def _said(event: Event, beside: Beside) -> Iterator[tuple[str, Any]]:
    attributes = event.attributes
    if event.name in ("tool_result", "tool_decision") and (given := _input(attributes)):
        yield "input", given
    if str(attributes.get("success")).lower() == "false":
        yield "failed", True
    if event.name == "tool_result" and (decision := beside.decisions.get(_use(event) or "")):
        yield from ((key, decision.attributes[key]) for key in SAID["tool_decision"] if key in decision.attributes)
    if event.name == "api_error" and (waited := _waited(event, beside)) is not None:
        yield "waited_ms", waited
    for key in SAID.get(event.name, ()):
        value = attributes.get(key)
        if value not in (None, "") and not (key in USUAL and USUAL[key].fullmatch(str(value))):
            yield key, _counted(key, value)


def _counted(key: str, value: Any) -> Any:
    count = integer(value, limits.LARGEST) if key in COUNTS else None
    return value if count is None else count


def _waited(event: Event, beside: Beside) -> int | None:
    last = beside.retries.get(_asked(event))
    return None if last is None else integer(last.attributes.get("total_retry_duration_ms"), limits.MOST_MS)


def _input(attributes: Mapping[str, Any]) -> str | None:
    for name in INPUTS:
        try:
            given = json.loads(attributes.get(name) or "")
        except (ValueError, TypeError, RecursionError):  # cut off where it was long, or of another form
            continue
        if isinstance(given, dict):
            for key in INPUT:
                if isinstance(given.get(key), str) and given[key]:
                    return str(given[key])
    return None
