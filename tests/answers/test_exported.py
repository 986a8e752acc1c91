"""The answers of a file: every figure is that of the verb, and nothing is in it that is not named."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from month_case import Month
from sandbox import Sandbox
from stored import SECOND_NS, export_of, request, store

from cclaunch.answers import exported as module
from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.answers.contained import contained, told
from cclaunch.answers.exported import exported, profiles_of, span
from cclaunch.errors import UsageError
from cclaunch.hot.paths import Paths
from cclaunch.otlp.decode import decode_logs
from cclaunch.reports.records import DOUBTS, MEASURES
from cclaunch.store.rows import Batch

Document = dict[str, Any]
Said = Callable[[str], Document]
SECRET = "canary"
HOUR_NS = 3600 * SECOND_NS


def quiet(done: int, steps: int) -> None:
    """Tell nobody how far it is."""


def figures(row: Document) -> Document:
    """Return the figures of a row."""
    return {name: row[name] for name in (*MEASURES, *DOUBTS)}


@pytest.mark.parametrize("profiles", [None, ["shop"], ["shop", ""], ["ops", "shop"]], ids=str)
def test_every_figure_is_that_of_the_verb(answers: Answers, said: Said, profiles: list[str] | None) -> None:
    """Of the range and the profiles that were chosen, by the words that stand in the file."""
    found = exported(answers, span(answers, "60d", "5d"), profiles, quiet).document

    for key, days in found["days"].items():
        document = said(days["question"])
        assert figures(days["total"]) == document["total"]
        for one in days["series"]:
            if not one["rest"]:
                rows = [row for row in document["rows"] if row[key] == one["value"]]
                assert sum(one["requests"]) == sum(row["requests"] for row in rows)
    assert figures(found["whom"]["total"]) == said(found["whom"]["question"])["total"]
    for name in ("models", "agents", "skills", "mcp"):
        part = found["what"][name]
        document = said(part["question"])
        assert [figures(row) for row in part["rows"]] == [figures(row) for row in document["rows"]]
    document = said(found["sessions"]["question"])
    assert found["sessions"]["rows"] == document["rows"]
    assert figures(found["sessions"]["total"]) == document["total"]


def test_profiles_are_listed_with_what_they_cost(answers: Answers, said: Said) -> None:
    """Requests without one are one of them."""
    words = span(answers, "", "")
    document = said(answers.what(words)["models"]["question"].replace("--by model", "--by profile"))
    rows = {row["profile"] or "": (row["requests"], round(row["cost_usd"] * 1e6)) for row in document["rows"]}
    found = profiles_of(answers, words)
    assert {one.profile: (one.figures.requests, one.figures.micros) for one in found} == rows
    assert [one.figures.micros for one in found] == sorted((one.figures.micros for one in found), reverse=True)


RANGES = [("", ""), ("7d", ""), ("2020", "yesterday"), ("last month", "last month"), ("", "3h")]


@pytest.mark.parametrize(("since", "until"), RANGES)
def test_the_words_of_a_range_mean_the_same_tomorrow(answers: Answers, month: Month, since: str, until: str) -> None:
    """And mean what was typed."""
    words = span(answers, since, until)
    typed = answers.asked(Words(since=since, until=until))
    assert not any(word.isalpha() for word in (words.since, words.until))
    asked = answers.asked(words)
    later = Answers(answers.paths, lambda: month.truth.now_ns + 40 * 24 * HOUR_NS).asked(words)
    assert (asked.since, asked.until) == (later.since, later.until)
    for one, other in ((asked.since, typed.since), (asked.until, typed.until or month.truth.now_ns)):
        assert one == other or abs((one or 0) - (other or 0)) <= 1_000_000


# What may stand in a file.


@pytest.fixture
def ours(paths: Paths) -> Answers:
    """The page of the sandbox."""
    now = time.time_ns()
    return Answers(paths, lambda: now)


def launch(resource: dict[str, str], *records: Document) -> Batch:
    """Return the events of a launch, which has its attributes in its resource."""
    made = export_of(*records, time_ns=time.time_ns())
    for key, value in resource.items():
        made.resource_logs[0].resource.attributes.add(key=key).value.string_value = value
    return decode_logs(made)


@pytest.fixture
def secrets(sandbox: Sandbox) -> None:
    """A store that has all that a person may have had recorded, each with a word in it that must not be seen."""
    now = time.time_ns() - HOUR_NS
    private = {name: f"{SECRET} {name}" for name in ("prompt", "title", "session_title", "body", "user.email", "response")}
    private |= {name: f"/home/{SECRET}/{name}" for name in ("cwd", "file_path", "process.executable.path")}
    private |= {"error": f"no such file {SECRET}", "error_type": f"ENOENT: open '/home/{SECRET}/notes.txt'", "output": SECRET}
    private |= {"tool_parameters": f'{{"command": "cat {SECRET}.txt"}}', "tool_input": f'{{"path": "{SECRET}"}}'}
    spent = {"cost_usd": 1.0, "cost_usd_micros": 10**6, "model": "claude-opus-5-5"}
    records: list[Document] = [
        spent,
        {**spent, "query_source": "generate_session_title"},
        {"event.name": "user_prompt", "prompt_length": 9},
        {"event.name": "assistant_response"},
        {"event.name": "tool_result", "tool_name": "Bash", "success": "false", "duration_ms": 48},
        {"event.name": "tool_decision", "tool_name": "Bash", "decision": "accept", "source": f"/home/{SECRET}/settings.json"},
        {"event.name": "api_error", "model": "claude-opus-5-5", "status_code": f"500 {SECRET}.com said no"},
        {"event.name": "internal_error", "error_name": f"/home/{SECRET}/x.js: TypeError"},
    ]
    named = [{"session.id": "one", **private, **one, "time": now + at * SECOND_NS} for at, one in enumerate(records)]
    store(sandbox.database, launch({"cclaunch.profile": "shop", "vcs.repository.name": "acme/web", "host.name": SECRET}, *named))


@pytest.mark.parametrize("profiles", [None, ["shop"]])
def test_no_prompt_title_output_or_path_is_in_it(ours: Answers, secrets: None, profiles: list[str] | None) -> None:
    """Whatever was recorded; what it is told of are names and figures."""
    found = exported(ours, span(ours, "", ""), profiles, quiet)

    assert found.document["sessions"]["sessions"] == 1
    assert [(one["tool"], one["calls"], one["failed"]) for one in found.document["tools"]["tools"]] == [("Bash", 1, 1)]
    assert len(found.document["tools"]["errors"]) == 2
    assert SECRET not in json.dumps(found.document)
    assert SECRET not in str(told(found.document))


def test_a_field_that_nobody_has_named_stays_out(ours: Answers, secrets: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an answer says one day."""
    sessions = Answers.sessions

    def more(self: Answers, *words: Any) -> Document:
        found = sessions(self, *words)
        return {**found, "titles": [SECRET], "rows": [{**row, "title": SECRET} for row in found["rows"]]}

    monkeypatch.setattr(Answers, "sessions", more)
    found = exported(ours, span(ours, "", ""), None, quiet)
    assert SECRET not in json.dumps(found.document)


def test_of_some_profiles_nothing_is_told_of_the_others(ours: Answers, sandbox: Sandbox) -> None:
    """Neither names nor sessions; what both witnesses saw is told of all or not at all."""
    now, source = time.time_ns() - HOUR_NS, {"event.name": "tool_result", "success": "true", "duration_ms": 48}
    spent = {"cost_usd": 1.0, "cost_usd_micros": 10**6, "time": now}
    theirs = {"cclaunch.profile": SECRET, "vcs.repository.name": f"{SECRET}/web", "team": SECRET}
    model = {"model": f"claude-{SECRET}", "agent.name": SECRET, "session.id": f"s-{SECRET}"}
    tool = {**source, "tool_name": f"mcp__{SECRET}", "session.id": f"s-{SECRET}", "time": now}
    store(
        sandbox.database,
        launch({"cclaunch.profile": "shop"}, {**spent, "session.id": "s-one"}),
        launch(theirs, {**spent, **model}, tool),
        launch({}, {**spent, "session.id": f"n-{SECRET}"}),
    )
    some = exported(ours, span(ours, "", ""), ["shop"], quiet).document
    assert SECRET not in json.dumps(some)
    assert (some["capture"], some["sessions"]["sessions"]) == (None, 1)

    every = exported(ours, span(ours, "", ""), None, quiet).document
    assert every["capture"]["question"] is not None
    assert contained(every)["profiles"] == [SECRET, "shop"]
    assert exported(ours, span(ours, "", "yesterday"), None, quiet).document["capture"] is None


def test_only_some_sessions_are_in_it(ours: Answers, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest; and it is said how many are not."""
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "MOST_SESSIONS", 4)
    now = time.time_ns() - HOUR_NS
    store(sandbox.database, *(request(one, now + one * SECOND_NS, session__id=f"s-{one}") for one in range(7)))
    found = exported(ours, span(ours, "", ""), None, quiet).document

    assert [row["session"] for row in found["sessions"]["rows"]] == ["s-6", "s-5", "s-4", "s-3"]
    assert found["sessions"]["sessions"] == 7
    assert dict(told(found))["sessions"].startswith("the newest 4 of 7: ")


def test_answers_of_two_states_are_asked_again(ours: Answers, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A late event that comes in between is in all of them, or in none."""
    now = time.time_ns() - HOUR_NS
    store(sandbox.database, request(1, now, session__id="s-one"))
    whom, late = Answers.whom, [request(2, now + SECOND_NS, session__id="s-one")]

    def between(self: Answers, *words: Any) -> Document:
        if late:
            store(sandbox.database, late.pop())
        return whom(self, *words)

    monkeypatch.setattr(Answers, "whom", between)
    found = exported(ours, span(ours, "", ""), None, quiet).document
    assert {one["total"]["requests"] for one in [*found["days"].values(), found["whom"], found["sessions"]]} == {2}


def test_too_many_profiles_are_refused(ours: Answers, secrets: None) -> None:
    """All of them can be asked."""
    with pytest.raises(UsageError, match="too many"):
        exported(ours, span(ours, "", ""), [f"p{number}" for number in range(51)], quiet)
