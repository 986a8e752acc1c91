"""The story of a session: which events become steps, what they say, and what a pause has cost."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cclaunch import console
from cclaunch.commands.events.told import Page
from cclaunch.commands.events.told import told as lines_of
from cclaunch.reports.steps import Step
from cclaunch.reports.story import Story, story
from cclaunch.reports.story_document import document
from cclaunch.store.reader import Event

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND


def event(name: str, second: float, model: str | None = None, **attributes: Any) -> Event:
    """Return an event so many seconds after the start; an attribute's ``__`` stands for a dot."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    if model:
        named["model"] = model
    return Event(int(second), START + int(second * SECOND), name, "s-1", model, named)


def asked(second: float, micros: int, *, read: int = 0, written: int = 0, hour: int = 0, **more: Any) -> Event:
    """Return a request."""
    return event(
        "api_request",
        second,
        "claude-opus-5-5",
        cost_usd_micros=micros,
        input_tokens=100,
        output_tokens=20,
        cache_read_tokens=read,
        cache_creation_tokens=written,
        cache_creation_1h_tokens=hour,
        duration_ms=2000,
        **more,
    )


def steps(*events: Event) -> list[Step]:
    """Return the steps of a session with these events."""
    return story("s-1", events).steps


def test_what_happens_in_every_session_at_its_start_is_a_number() -> None:
    """Plugins, settings, hooks, servers that were reached; one that was not is a step."""
    told = story(
        "s-1",
        [
            event("plugin_loaded", 0),
            event("managed_settings_resolved", 0),
            event("mcp_server_connection", 0, status="connected"),
            event("mcp_server_connection", 0, status="failed", server_name="files"),
        ],
    )
    assert (told.start_up, [(step.kind, step.what) for step in told.steps]) == (3, [("mcp_server_connection", "files")])


def test_a_request_has_its_cost_and_what_was_spent_by_then() -> None:
    """In micro-dollars; other steps carry the sum on."""
    found = steps(asked(0, 5000), event("tool_result", 1, tool_name="Bash", success="true"), asked(2, 700))

    assert [(step.micros, step.so_far) for step in found] == [(5000, 5000), (None, 5000), (700, 5700)]


def test_a_prompt_is_told_where_it_was_recorded() -> None:
    """Else how long it was."""
    found = steps(
        event("user_prompt", 0, prompt="<REDACTED>", prompt_length="12"),
        event("user_prompt", 1, prompt="<REDACTED>", prompt_text="Mend the login", prompt_length="14"),
    )
    assert [(step.what, step.said["prompt_length"]) for step in found] == [("", 12), ("Mend the login", 14)]


def test_a_tool_and_its_decision_are_one_step() -> None:
    """With how long it took, who decided, and whether it failed."""
    (step,) = steps(
        event("tool_decision", 0, tool_use_id="t", tool_name="Bash", decision="accept", source="user_temporary"),
        event("tool_result", 1, tool_use_id="t", tool_name="Bash", success="false", duration_ms="48", error_type="ShellError"),
    )
    assert (step.kind, step.what, step.took_ms) == ("tool", "Bash", 48)
    assert step.said == {"failed": True, "decision": "accept", "source": "user_temporary", "error_type": "ShellError"}


def test_a_tool_that_was_refused_is_a_step_of_its_own() -> None:
    """It has no result."""
    (step,) = steps(event("tool_decision", 0, tool_use_id="t", tool_name="Write", decision="reject", source="config"))
    assert (step.kind, step.what, step.said) == ("tool", "Write", {"decision": "reject", "source": "config"})


def test_an_error_tells_how_long_it_was_tried() -> None:
    """What says that again is no step."""
    (step,) = steps(
        event("api_error", 0, error="Overloaded", status_code=529, attempt=3, request_id="r"),
        event("api_retries_exhausted", 0, error="Overloaded", request_id="r", total_retry_duration_ms=9000),
    )
    assert (step.kind, step.what) == ("error", "Overloaded")
    assert step.said == {"waited_ms": 9000, "status_code": 529, "attempt": 3}


def test_a_sub_agent_is_named() -> None:
    """At its requests, and when it is done."""
    found = steps(
        asked(0, 1, agent__name="Explore"),
        event("subagent_completed", 1, agent_type="Explore", total_tool_uses=4, total_tokens=9000, duration_ms=1500),
    )
    assert (found[0].agent, found[1].kind, found[1].what, found[1].took_ms) == ("Explore", "agent", "Explore", 1500)


def test_a_cache_that_a_pause_has_ended_is_told_with_about_what_it_cost() -> None:
    """
    1,000 tokens written, a pause of ten minutes, written again.

    100 in, 20 out at five times the price, 1,000 written at 1.25: 1,450 units for 1,450 micro-dollars, so one each; reading them
    would have cost a tenth, and writing costs 1.25 - 0.1 more for each.
    """
    told = story("s-1", [asked(0, 1450, written=1000), asked(602, 1450, written=1000)])

    (rebuild,) = told.rebuilds
    assert (rebuild.pause_s, rebuild.tokens, rebuild.micros) == (600, 1000, 1150)


def test_what_is_written_after_a_short_pause_or_for_the_first_time_is_no_rebuild() -> None:
    """Nor what another agent writes."""
    assert rebuilds(asked(0, 1, written=1000), asked(200, 1, read=1000, written=500)) == []
    assert rebuilds(asked(0, 1, written=1000), asked(900, 1, read=1000, written=500)) == []
    assert rebuilds(asked(0, 1, written=1000), asked(900, 1, written=1000, agent_id="a")) == []


def rebuilds(*events: Event) -> list[Any]:
    """Return the rebuilds of a session with these events."""
    return story("s-1", events).rebuilds


def test_a_session_without_events_has_no_story() -> None:
    """And says so by being empty."""
    assert story("s-1", []) == Story("s-1", story("s-1", []).figures, [], [], 0, {})


def test_the_start_can_be_told_as_well() -> None:
    """Then nothing is folded."""
    told = story("s-1", [event("plugin_loaded", 0, plugin__name="files"), event("user_prompt", 1)], whole=True)

    assert (told.start_up, [(step.kind, step.what) for step in told.steps]) == (0, [("plugin_loaded", "files"), ("prompt", "")])


def test_an_answer_that_was_not_recorded_is_no_step() -> None:
    """Nor is a body, a hook that did what it should, or a server that leaves at the end."""
    assert (
        steps(
            event("assistant_response", 0, response="<REDACTED>"),
            event("api_request_body", 1),
            event("hook_execution_start", 2),
            event("hook_execution_complete", 3, hook_event="PreToolUse", num_success="1", num_blocking="0"),
            event("mcp_server_connection", 4, status="disconnected"),
        )
        == []
    )


def test_a_hook_that_stood_in_the_way_is_told() -> None:
    """With how many did."""
    (step,) = steps(event("hook_execution_complete", 0, hook_event="PreToolUse", hook_name="PreToolUse:Bash", num_blocking="1"))

    assert (step.what, step.said) == ("PreToolUse:Bash", {"num_blocking": 1})


def test_an_error_inside_claude_is_told_unless_the_api_was_the_reason() -> None:
    """One for the prompt that failed, one for another."""
    found = steps(
        event("internal_error", 0, prompt__id="p", error_name="Error"),
        event("api_error", 1, prompt__id="p", error="Overloaded", attempt=1),
        event("internal_error", 2, prompt__id="q", error_name="TypeError"),
    )
    assert [(step.kind, step.what) for step in found] == [("error", "Overloaded"), ("error", "TypeError")]


def test_retries_are_those_of_their_own_prompt() -> None:
    """Requests that got no id are told apart by it."""
    found = steps(
        event("api_error", 0, prompt__id="p", error="Overloaded", attempt=3),
        event("api_retries_exhausted", 0, prompt__id="p", total_retry_duration_ms=9000),
        event("api_error", 1, prompt__id="q", error="Refused", attempt=1),
    )
    assert [step.said.get("waited_ms") for step in found] == [9000, None]


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ({"tool_parameters": '{"bash_command":"git","full_command":"git status"}'}, "git status"),
        ({"tool_input": '{"file_path":"/src/a.py","content":"x"}'}, "/src/a.py"),
        ({"tool_parameters": "{}", "tool_input": '{"pattern":"TODO"}'}, "TODO"),
        ({"tool_input": '{"command":"echo cut o'}, None),
        ({"tool_input": "[1]"}, None),
        ({"tool_input": 5}, None),
        ({"tool_parameters": '{"command":7}'}, None),
        ({}, None),
    ],
)
def test_what_a_tool_was_given_is_told_where_it_was_recorded(recorded: dict[str, Any], told: str | None) -> None:
    """A command, a file, a pattern; of another form, nothing."""
    (step,) = steps(event("tool_result", 0, tool_name="Bash", success="true", **recorded))

    assert step.said.get("input") == told


@pytest.mark.parametrize(
    ("source", "told"),
    [("sdk", None), ("repl_main_thread", None), ("agent:builtin:Explore", None), ("compact", "compact")],
)
def test_what_a_request_was_for_is_told_where_nobody_asked_for_it(source: str, told: str | None) -> None:
    """A title, a compaction; the main thread and agents are told by their prompt and name."""
    assert steps(asked(0, 1, query_source=source))[0].said.get("query_source") == told


def test_a_compaction_is_no_pause() -> None:
    """What is written to the cache behind it is another text, however long ago the last was."""
    assert rebuilds(asked(0, 1, written=9000), event("compaction", 900), asked(1000, 1, written=2000)) == []


def test_a_few_tokens_written_anew_are_no_cache_that_ended() -> None:
    """With a cache of an hour, a pause of ten minutes loses nothing."""
    assert rebuilds(asked(0, 1, read=9000, written=1000), asked(900, 1, read=9500, written=700)) == []


def test_a_cache_of_an_hour_costs_twice_the_input_to_write() -> None:
    """
    1,000 tokens at 2.0, 100 in, 20 out at five times: 2,200 units for 2,200 micro-dollars.

    Reading would have cost a tenth of a unit each.
    """
    (rebuild,) = rebuilds(asked(0, 2200, written=1000, hour=1000), asked(7200, 2200, written=1000, hour=1000))

    assert rebuild.micros == 1900


AMOUNTS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)
NAMES = st.sampled_from("user_prompt api_request tool_decision tool_result api_error compaction subagent_completed other".split())
KEYS = st.sampled_from(
    "cost_usd_micros input_tokens duration_ms attempt pre_tokens prompt success tool_use_id decision source tool_input error"
    " query_source effort agent.name total_retry_duration_ms cache_creation_tokens event.sequence".split()
)


@example([("api_request", 0, {"query_source": [0]})])
@given(st.lists(st.tuples(NAMES, st.integers(0, 10**6), st.dictionaries(KEYS, AMOUNTS, max_size=6)), max_size=6))
def test_whatever_a_sender_says_has_a_story(sent: list[tuple[str, int, dict[str, Any]]]) -> None:
    """That is shown and is JSON; the sum so far never falls, and ends with all there was."""
    told = story("s-1", [Event(0, START + second * SECOND, name, "s-1", None, said) for name, second, said in sent])

    assert [step.so_far for step in told.steps] == sorted(step.so_far for step in told.steps)
    assert told.figures.micros == (told.steps[-1].so_far if told.steps else 0)
    assert len(list(lines_of(told, Page(60, len)))) >= len(told.steps)
    assert all(sum(len(text) for text, _ in line) <= 60 for line in lines_of(told, Page(60, len)))
    assert console.printable(str(document(told)))
