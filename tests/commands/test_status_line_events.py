"""What our status line posts, told among the events of its session, and disturbing none of them."""

import json
import time
from typing import Any

import pytest
from posted import batch, plan_windows, pull_request
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, event, request, store

START_S = 1_795_700_000
START = START_S * SECOND_NS
WHOSE: dict[str, Any] = {"session__id": "s-1", "cclaunch__profile": "shop", "vcs__repository__name": "webshop"}


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone without surprises."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """A session of three events, with two of the status line's before, among and behind them."""
    sandbox.environ["TZ"] = "UTC"
    windows = [plan_windows(START + n * SECOND_NS, 40 + n, 13, resets=START_S + 60, week_resets=START_S + 90) for n in (0, 3, 9)]
    pulls = [pull_request(START + n * SECOND_NS, 12) for n in (0, 4)]
    store(
        sandbox.database,
        event("managed_settings_resolved", START, **WHOSE),
        event("user_prompt", START + SECOND_NS, prompt="Mend it", **WHOSE),
        request(1, START + 2 * SECOND_NS, **WHOSE),
        request(2, START + 5 * SECOND_NS, **WHOSE),
        *map(batch, [*windows, *pulls]),
    )


def test_each_is_a_short_line(verb: Verb, recorded: None) -> None:
    """Percentages and the name, no attribute of the sender's; whose session it is, the session's own events say."""
    lines = [text[31:] for text in verb("events")[1].splitlines()]

    assert [text for text in lines if text.startswith("plan_windows")] == [
        "plan_windows 5 h 40 %, week 13 %",
        "plan_windows 5 h 43 %, week 13 %",
        "plan_windows 5 h 49 %, week 13 %",
    ]
    assert [text for text in lines if text.startswith("pull_request")] == 2 * [
        "pull_request owner/name#12 pr_review_state=approved"
    ]
    assert sum("profile=shop repository=webshop" in text for text in lines) == 1


def test_a_session_is_told_with_its_pull_request(verb: Verb, recorded: None) -> None:
    """Windows only when all of it is asked for; figures, start and attributes are those of claude's events."""
    short, whole = (verb("events", "show", "s-1", *words)[1] for words in ((), ("-v",)))

    assert "pr        owner/name#12  approved" in short
    assert "5 h 43 %" not in short
    assert "plan      5 h 43 %, week 13 %" in whole
    assert "2 requests" in short
    assert "profile shop   repository webshop" in short
    assert "1 event of the start not shown" in short


def test_the_last_event_is_claudes(verb: Verb, recorded: None) -> None:
    """It says that telemetry arrives; what our own status line posts does not."""
    document = json.loads(verb("status", "--json")[1])

    assert document["last_event"]["name"] == "api_request"


def test_by_pr_has_what_was_spent_for_it(verb: Verb, recorded: None) -> None:
    """From when it was known; the first one was known before the first request."""
    rows: Any = json.loads(verb("usage", "--by", "pr", "--json")[1])["rows"]

    assert [(row["pr"], row["requests"]) for row in rows] == [("owner/name#12", 2)]


def test_it_is_forgotten_by_its_name(verb: Verb, recorded: None) -> None:
    """With its raw events; nothing of it comes again."""
    code, out, _ = verb("usage", "forget", "--where", "pr=owner/name#12", "--yes", "--json")

    assert (code, json.loads(out)["requests"]) == (0, 2)
    assert json.loads(verb("usage", "--by", "pr", "--json")[1])["rows"] == []
    assert "owner/name" not in verb("events", "--json")[1]


def test_what_has_none_is_not_forgotten_by_that(verb: Verb, recorded: None) -> None:
    """It would be almost everything."""
    code, _, err = verb("usage", "forget", "--where", "pr=", "--yes")

    assert code == 2
    assert "--where pr=: " in err


def test_a_key_that_nobody_has_is_no_mistake(sandbox: Sandbox, verb: Verb) -> None:
    """It is built in, and offered where something like it was meant."""
    store(sandbox.database, request(1, START, session__id="s-1"))
    code, out, _ = verb("usage", "--by", "pr", "--json")

    assert (code, [row["pr"] for row in json.loads(out)["rows"]]) == (0, [None])
    code, _, err = verb("usage", "--by", "prr")
    assert (code, "`pr`" in err) == (2, True)
