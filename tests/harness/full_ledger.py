"""
A ledger with all that a screen may have to show: profiles by the dozen, budgets, windows, pull requests, holes, odd names.

The problem it owns: a screen that is calm with a month of three repositories is not yet calm with everything at once.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripted_month import NOW, NS, month
from stored import events_of, store
from two_witnesses import file_of, told

from cclaunch import otel
from cclaunch.hot.paths import Paths
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import local_places

HOSTILE = "<img src=x onerror=alert(1)>&amp;\u202e\u2066\x1b[31m"
BUDGETS = "[budget]\ndaily = 40.0\nweekly = 150.0\nmonthly = 500.0\n"
MISSED = 3
"""Requests of which no event tells."""

SEEN_TWICE = 400
"""The transcripts tell of the newest ones only: who asks for more waits longer."""

LAUNCH = "11111111-2222-4333-8444-555555555555"
"""The instance of every launch of the month; it has ended."""

HOLE = "a-session-with-a-hole"
PULL = "https://github.com/acme/log-ingestion/pull/{}"
TOOLS = ("Bash", "Read", "Edit", "Grep", "mcp__github__search_issues", "WebFetch", "Task")
SKILLS, SERVERS, HELPERS = ("review", "release-notes"), ("github", "jira"), ("Explore", "Plan", "general-purpose")


def furnish(paths: Paths) -> None:
    """Record it below *paths*, and have the ledger take it in."""
    now = time.time_ns()
    found = list(_events(now))
    store(Path(paths.database), events_of(*found, time_ns=now))
    places = local_places(paths)
    launched = Path(paths.launched)
    launched.mkdir(parents=True, exist_ok=True)
    (launched / f"ended.{LAUNCH}").touch()
    catch_up(places)
    requests = [one for one in found if "request_id" in one and "event.name" not in one]
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        rows = [_seen(number, one) for number, one in enumerate(requests[-SEEN_TWICE:])]
        hole = now // NS * NS - 3600 * NS
        rows += [
            told(0, key=10**9 + number, time_ns=hole + number, session=HOLE, request=f"req_missed_{number}", micros=90_000)
            for number in range(MISSED)
        ]
        take(connection, [(file_of(), rows)])
        passes.finish(connection, now)


def _seen(number: int, one: dict[str, Any]) -> Any:
    """Return what a transcript tells of the request of an event."""
    counts = {"input": one["input_tokens"], "output": one["output_tokens"], "cache_read": one["cache_read_tokens"]}
    return told(
        0,
        key=number + 1,
        time_ns=one["time"],
        session=one["session.id"],
        request=one["request_id"],
        micros=one["cost_usd_micros"],
        cache_5m=one["cache_creation_tokens"],
        model=one["model"],
        **counts,
    )


def _events(now: int) -> Iterator[dict[str, Any]]:
    shift = (now - 3600 * NS) // NS * NS - int(NOW.timestamp()) * NS
    for order, session in enumerate(month()):
        yield from _session(order, session, shift)
    plan = {"five_hour_used_percentage": 24.0, "five_hour_resets_at": now // NS + 3600}
    week = {"seven_day_used_percentage": 61.0, "seven_day_resets_at": now // NS + 86_400}
    yield {"event.name": otel.PLAN_WINDOWS, "time": now - 300 * NS, "session.id": "of now", **plan, **week}
    yield odd(now)


def odd(now: int) -> dict[str, Any]:
    """Return a request of *now* (ns) whose names a browser could take for something else."""
    return {
        "time": now,
        "cost_usd": 0.5,
        "cost_usd_micros": 500_000,
        "model": HOSTILE,
        "session.id": "of now",
        "vcs.repository.name": HOSTILE,
        "vcs.ref.head.name": HOSTILE,
        "cclaunch.profile": "shop",
    }


def _session(order: int, session: list[dict[str, Any]], shift: int) -> Iterator[dict[str, Any]]:
    profile = f"client-{order % 12:02d}" if order % 4 == 3 else session[0]["cclaunch.profile"]
    same = {"session.id": session[0]["session.id"], "cclaunch.profile": profile, "service.instance.id": LAUNCH}
    begin = session[0]["time"] + shift
    yield {**same, "event.name": "user_prompt", "prompt": HOSTILE, "prompt_length": 9, "time": begin - NS}
    if order % 5 == 0:
        number = 100 + order
        pull = {"pr_number": number, "pr_repository": "acme/log-ingestion", "pr_url": PULL.format(number)}
        yield {**same, **pull, "event.name": otel.PULL_REQUEST, "time": begin - NS}
    for number, one in enumerate(session):
        at = one["time"] + shift
        more = {"time": at, "cost_usd": one["cost_usd_micros"] / 1e6, "duration_ms": 900 + 37 * number}
        yield {**one, **same, **_of(number), **more}
        tool = TOOLS[(order + number) % len(TOOLS)]
        decision = {"decision": "reject" if number % 17 == 16 else "accept", "source": "config"}
        yield {**same, **decision, "event.name": "tool_decision", "tool_name": tool, "time": at + NS}
        failed = {"success": "false", "error": "exit status 1"} if number % 13 == 12 else {"success": "true"}
        took = {"duration_ms": 40 * (number + 1), "time": at + 2 * NS}
        yield {**same, **failed, **took, "event.name": "tool_result", "tool_name": tool}
    if order % 9 == 0:
        error = {"error": "Overloaded", "status_code": "529", "model": session[0]["model"], "duration_ms": 800}
        yield {**same, **error, "event.name": "api_error", "time": begin + 3 * NS}


def _of(number: int) -> dict[str, Any]:
    """Return what a request is of, beside its session."""
    return {
        **({"agent.name": HELPERS[number % len(HELPERS)]} if number % 5 == 0 else {}),
        **({"skill.name": SKILLS[number % 2]} if number % 7 == 0 else {}),
        **({"mcp_server.name": SERVERS[number % 2]} if number % 6 == 0 else {}),
    }
