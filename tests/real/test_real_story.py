"""
A session of a real claude, told: every step that happened, once, with what the scripted API has billed by then.

The problem it owns: the names and the order of events are claude's, and two releases differ in them.
"""

import json
from typing import Any

import pytest
from messages_api import MessagesApi
from real_claude import Claude, Outcome, micros, outcome
from sandbox import Sandbox
from sixteen import AS_JSON, price

pytestmark = pytest.mark.real

ALLOWED = ("--allowedTools", "Bash", "Task", "Agent")
RECORDED = {"OTEL_LOG_USER_PROMPTS": "1", "OTEL_LOG_TOOL_DETAILS": "1"}


@pytest.fixture
def working(ready: Sandbox) -> Sandbox:
    """A real claude in a repository, for a profile."""
    ready.configure()
    ready.run(["git", "init", "-q", "-b", "fix/login"])
    ready.run(["git", "remote", "add", "origin", "https://example.invalid/acme/webshop.git"])
    for words in (("create", "data-eng", "team=data"), ("use", "data-eng")):
        assert ready.cclaunch("profile", *words).returncode == 0
    return ready


def prompt(sandbox: Sandbox, text: str, *words: str, **environ: str) -> Outcome:
    """Run ``cclaunch -p`` to its end."""
    return outcome(sandbox.cclaunch("-p", text, *AS_JSON, *words, environ=environ))


def story(sandbox: Sandbox, session: str) -> Any:
    """Return the story of the session that begins so, for programs."""
    done = sandbox.cclaunch("events", "show", session, "--json")
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def lines(sandbox: Sandbox, session: str) -> list[str]:
    """Return what people see of it on 80 columns, without the clock."""
    done = sandbox.cclaunch("events", "show", session, environ={"COLUMNS": "80"})
    return [line.lstrip("0123456789:").strip() for line in done.stdout.decode().splitlines()]


def of_kind(told: Any, kind: str) -> list[dict[str, Any]]:
    """Return the steps of a kind."""
    return [step for step in told["steps"] if step["kind"] == kind]


def test_a_session_with_everything_is_told_to_the_end(working: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """Prompts as they were recorded, tools that ran, failed and were refused, a compaction, a helper; and the cost so far."""
    first = prompt(working, "say hi", **RECORDED)
    again = ("--resume", first.session)
    prompt(working, "/compact", *again, **RECORDED)
    prompt(working, "run ls", *again, *ALLOWED, **RECORDED)
    prompt(working, "run false", *again, *ALLOWED)
    prompt(working, f"write a file in {working.work}", *again)
    prompt(working, "ask a helper", *again, *ALLOWED)
    told = story(working, first.session[:8])

    requests = of_kind(told, "request")
    assert [micros(one["cost_usd"]) for one in requests] == [price(answer, answer.model) for answer in api.good()]
    assert micros(requests[-1]["cost_so_far_usd"]) == micros(told["cost_usd"]) == sum(micros(one["cost_usd"]) for one in requests)
    assert [one["what"] for one in of_kind(told, "prompt")][:5] == ["say hi", "/compact", "run ls", None, None]
    assert [one["prompt_length"] for one in of_kind(told, "prompt")][3] == len("run false")
    assert [(one["what"], one.get("failed", False), one.get("input")) for one in of_kind(told, "tool")][:2] == [
        ("Bash", False, "ls"),
        ("Bash", True, None),
    ]
    refused = [one["what"] for one in of_kind(told, "tool") if one.get("decision") == "reject"]
    assert refused == ([] if claude.version == "2.1.197" else ["Write"])  # older ones say nothing of it
    assert [one["what"] for one in of_kind(told, "compaction")] == ["manual"]
    assert [one["what"] for one in of_kind(told, "agent")] == ["general-purpose"]
    assert [one["agent"] for one in requests].count("general-purpose") == 1
    assert (told["profile"], told["repository"], told["branch"], told["rebuilds"]) == ("data-eng", "webshop", "fix/login", [])
    assert {one["kind"] for one in told["steps"]} == {"prompt", "request", "tool", "compaction", "agent"}


@pytest.mark.parametrize(("words", "told"), [("fail 400", "status 400"), ("overloaded always", "3 attempts in ")])
def test_an_error_is_one_line_with_its_retries(working: Sandbox, words: str, told: str) -> None:
    """And who it was for stands above."""
    done = prompt(working, words, **RECORDED)
    assert done.code == 1
    found = lines(working, done.session[:6])

    assert [line for line in found if line.startswith("profile")] == ["profile data-eng   repository webshop   branch fix/login"]
    assert [line.split()[-1] for line in found if line.startswith("prompt")] == [words.split()[-1]]
    (error,) = [line for line in found if line.startswith("error")]
    assert told in error
