"""What goes into the Docker stack comes out of it: events in VictoriaLogs, metrics under both conventions and in Prometheus."""

import json
import time
import urllib.parse
from typing import Any

import pytest
from docker_stack import DockerStack, eventually
from runners import Verb

SESSION = "11111111-1111-4111-8111-111111111111"


def text(value: str) -> dict[str, str]:
    """Return an OTLP text value."""
    return {"stringValue": value}


def attributes(found: dict[str, str]) -> list[dict[str, Any]]:
    """Return OTLP attributes."""
    return [{"key": key, "value": text(value)} for key, value in found.items()]


RESOURCE = {"service.name": "claude-code", "service.instance.id": "i1", "job": "mine", "cclaunch.profile": "data-eng"}
EVENT = {"event.name": "api_request", "session.id": SESSION, "cost_usd": "0.25"}
DELTA, CUMULATIVE = 1, 2


def event(number: int) -> dict[str, Any]:
    """Return an export of one event that costs a quarter of a dollar."""
    record = {
        "timeUnixNano": str(time.time_ns()),
        "body": text("claude_code.api_request"),
        "attributes": attributes(
            {"event.name": "api_request", "session.id": SESSION, "cost_usd": "0.25", "request_id": f"r{number}"}
        ),
    }
    return {"resourceLogs": [{"resource": {"attributes": attributes(RESOURCE)}, "scopeLogs": [{"logRecords": [record]}]}]}


def points(name: str, unit: str, value: float, temporality: int, start: int) -> dict[str, Any]:
    """Return an export of one counter's point."""
    point = {
        "startTimeUnixNano": str(start),
        "timeUnixNano": str(time.time_ns()),
        "asDouble": value,
        "attributes": attributes({"session.id": SESSION, "job": "point", "instance": "x"}),
    }
    metric = {
        "name": name,
        "unit": unit,
        "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": [point]},
    }
    return {"resourceMetrics": [{"resource": {"attributes": attributes(RESOURCE)}, "scopeMetrics": [{"metrics": [metric]}]}]}


@pytest.fixture
def up(stack: DockerStack, verb: Verb) -> DockerStack:
    """The stack, running."""
    code, _, err = verb("stack", "up")
    assert code == 0, err
    return stack


def send(stack: DockerStack, export: dict[str, Any]) -> None:
    """Send *export* to the collector."""
    assert stack.request("POST", "http", "/v1/metrics", export)[0] == 200


def shown(stack: DockerStack, port: str) -> list[str]:
    """Return the lines of claude's metrics on the page at *port*."""
    return [line for line in stack.get(port, "/metrics")[1].decode().splitlines() if line.startswith("claude_")]


def query(stack: DockerStack, words: str) -> list[dict[str, str]]:
    """Return what VictoriaLogs answers."""
    stack.get("victorialogs", "/internal/force_flush")
    _, body = stack.get("victorialogs", "/select/logsql/query?" + urllib.parse.urlencode({"query": words}))
    return [json.loads(line) for line in body.splitlines()]


def prometheus(stack: DockerStack, words: str) -> list[tuple[dict[str, str], float]]:
    """Return the values that Prometheus answers, with their labels."""
    _, body = stack.get("prometheus", "/api/v1/query?" + urllib.parse.urlencode({"query": words}))
    return [(one["metric"], float(one["value"][1])) for one in json.loads(body)["data"]["result"]]


def test_events_carry_job_claude_and_make_one_stream(up: DockerStack) -> None:
    """Whatever job the client said; only service.name tells streams apart, and the query that people know finds them."""
    for number in range(3):
        assert up.request("POST", "http", "/v1/logs", event(number))[0] == 200

    found = eventually(lambda: len(query(up, "_msg:claude_code")) == 3 and query(up, "_msg:claude_code"))

    assert {(one["job"], one["session.id"], one["cclaunch.profile"]) for one in found} == {("claude", SESSION, "data-eng")}
    assert {one["_stream"] for one in found} == {'{service.name="claude-code"}'}
    assert query(up, "job:claude | stats sum(cost_usd) as cost") == [{"cost": "0.75"}]


def test_metrics_are_shown_under_both_conventions_with_profile_and_instance(up: DockerStack) -> None:
    """The job of the client is gone, the instance id is not."""
    start = time.time_ns()
    assert (
        up.request("POST", "http", "/v1/metrics", points("claude_code.cost.usage", "USD", 1.5, temporality=2, start=start))[0]
        == 200
    )

    plain = eventually(
        lambda: [line for line in up.get("metrics", "/metrics")[1].decode().splitlines() if line.startswith("claude_")]
    )
    suffixed = [line for line in up.get("metrics_suffixed", "/metrics")[1].decode().splitlines() if line.startswith("claude_")]

    assert len(plain) == len(suffixed) == 1
    assert plain[0].startswith("claude_code_cost_usage{")
    assert suffixed[0].startswith("claude_code_cost_usage_USD_total{")
    for part in ('cclaunch_profile="data-eng"', 'service_instance_id="i1"', 'job="claude-code"', 'instance="i1"'):
        assert part in plain[0]
    assert "mine" not in plain[0]
    assert 'job="point"' not in plain[0]


def test_differences_add_up_and_totals_pass_through(up: DockerStack) -> None:
    """Three differences of an eighth; a total of seven."""
    start = time.time_ns()
    for number in range(3):
        send(up, points("claude_code.cost.usage", "USD", 0.125, DELTA, start + number))
    send(up, points("claude_code.token.usage", "tokens", 7, CUMULATIVE, start))

    def values() -> dict[str, float]:
        return {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in shown(up, "metrics")}

    eventually(lambda: values() == {"claude_code_cost_usage": 0.375, "claude_code_token_usage": 7.0})


def test_a_session_that_was_counted_once_has_an_increase(up: DockerStack) -> None:
    """Without the zero at its beginning it would be nothing; by an anchored range it is exactly one."""
    send(up, points("claude_code.session.count", "", 1, CUMULATIVE, time.time_ns()))
    eventually(lambda: [n for _, n in prometheus(up, "count_over_time(claude_code_session_count[5m])") if n > 3])

    labels, extrapolated = prometheus(up, "increase(claude_code_session_count[5m])")[0]
    _, exact = prometheus(up, "increase(claude_code_session_count[5m] anchored)")[0]
    print(f"increase() of 1: {extrapolated:.3f}, anchored {exact:.3f}")

    assert extrapolated > 0
    assert exact == 1
    assert (labels["job"], labels["instance"]) == ("claude-code", "i1")


def test_events_survive_a_killed_collector_while_victorialogs_is_away(up: DockerStack) -> None:
    """They wait on the disk: none is lost, none comes twice."""
    ids = up.ids()
    up.api.stop(ids["victorialogs"])
    for number in range(5):
        assert up.request("POST", "http", "/v1/logs", event(number))[0] == 200
    up.api.kill(ids["collector"], signal="SIGKILL")
    up.api.start(ids["collector"])
    up.api.start(ids["victorialogs"])
    eventually(lambda: up.answers("victorialogs", "/health"))

    eventually(lambda: len(query(up, "job:claude")) >= 5, 120)
    time.sleep(1)

    assert sorted(one["request_id"] for one in query(up, "job:claude")) == [f"r{number}" for number in range(5)]


def test_usage_and_events_answer_from_victorialogs(up: DockerStack, verb: Verb) -> None:
    """And still do after a move away, beside what the embedded collector has."""
    for number in range(3):
        assert up.request("POST", "http", "/v1/logs", event(number))[0] == 200
    eventually(lambda: len(query(up, "job:claude")) == 3)

    before = json.loads(verb("usage", "--json")[1])["total"]
    events = verb("events", "--json")[1].splitlines()
    assert verb("stack", "use", "embedded")[0] == 0
    after = json.loads(verb("usage", "--json")[1])["total"]

    assert (before["requests"], before["cost_usd"]) == (3, 0.75)
    assert len(events) == 3
    assert after == before


def test_check_proves_the_way_through_the_containers(up: DockerStack, verb: Verb) -> None:
    """An event and a metric go in and come back."""
    _, out, err = verb("check")

    assert "came back in" in out, out + err
    assert "for the collector's container" in out
