"""
What our store holds, and how it is held against the truth.

The problem it owns: "every event exactly once" needs more than a count. Each process of claude numbers
its events from 0, and each launch has an instance id of its own, so the numbers of one instance must be
0..n-1 without a gap or a twin; and the request and tool ids must be those that the scripted API gave out.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from messages_api import Answer, MessagesApi
from real_claude import micros
from sandbox import Sandbox

from cclaunch.store import reader

Attributes = dict[str, Any]


def events(sandbox: Sandbox, name: str = "") -> list[Attributes]:
    """Return the attributes of all stored events (or those called *name*), oldest first."""
    connection = reader.open_reader(str(sandbox.database))
    try:
        rows = reader.events(connection)
        return [dict(row.attributes) for row in rows if name in ("", row.name)]
    finally:
        connection.close()


def usage(sandbox: Sandbox, *words: str) -> Attributes:
    """Return what ``cclaunch usage --json`` prints."""
    done = sandbox.cclaunch("usage", "--json", *words)
    assert done.returncode == 0, done.stderr.decode()
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def assert_usage_is(sandbox: Sandbox, api: MessagesApi, cost_micros: int) -> None:
    """Assert that ``usage`` is, by events alone, what the API billed and claude said, to the last token and micro-dollar."""
    total = usage(sandbox)["total"]
    tokens = api.tokens()
    assert micros(total["cost_usd"]) == cost_micros
    assert {key: value for key, value in total.items() if key != "cost_usd"} == {
        "requests": len(api.good()),
        "total_tokens": sum(tokens),
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cache_read_tokens": tokens.cache_read,
        "cache_creation_tokens": tokens.cache_creation,
        "cost_estimated_usd": 0,
        "requests_unpriced": 0,
    }


def assert_requests(found: Iterable[Attributes], billed: Collection[Answer]) -> None:
    """
    Assert that each request that was *billed* is in *found* once, and no other.

    A title alone may be missing: claude -p asks for it beside its turn, and ends without the answer when that comes last.
    """
    titles = Counter(answer.request_id for answer in billed if answer.purpose == "title")
    told = Counter(event["request_id"] for event in found if event["event.name"] == "api_request")
    assert told | titles == Counter(answer.request_id for answer in billed)


def assert_complete(sandbox: Sandbox, api: MessagesApi, *, processes: int) -> None:
    """Assert that the events of *processes* launches are all there, and each of them once."""
    found = events(sandbox)
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in found:
        numbers[event["service.instance.id"]].append(event["event.sequence"])
    assert len(numbers) == processes
    for instance, sequence in numbers.items():
        assert sorted(sequence) == list(range(len(sequence))), f"of {instance}: gaps or twins in {sorted(sequence)}"
    assert_requests(found, api.good())
    tools = Counter(answer.tool_id for answer in api.good() if answer.tool_id)
    assert Counter(event["tool_use_id"] for event in found if event["event.name"] == "tool_result") == tools
    assert Counter(event["tool_use_id"] for event in found if event["event.name"] == "tool_decision") == tools
