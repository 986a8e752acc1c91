"""
The collector, spoken to by the official OpenTelemetry SDK over all three protocols.

The problem it owns: what any correct OTLP client sends arrives once and is summed right, whatever
protocol, temporality and compression it prefers.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from metrics_page import samples, total
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    InMemoryLogRecordExporter,
    LogRecordExportResult,
    SimpleLogRecordProcessor,
)
from real_claude import micros
from recorded import events, usage
from required import missing
from sandbox import PROTOCOLS, Sandbox
from sdk_client import DISTRIBUTIONS, Client, available, exporter

pytestmark = pytest.mark.sdk

COST = "claude_code.cost.usage"
COST_ON_PAGE = "claude_code_cost_usage"


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    """One of the three protocols for which the SDK has an exporter."""
    chosen = str(request.param)
    if not available(chosen):
        missing(f"{DISTRIBUTIONS[chosen]} (PyPI)")
    return chosen


@pytest.fixture
def ports(sandbox: Sandbox) -> Mapping[str, int]:
    """The ports of a collector that was started by hand."""
    chosen = sandbox.configure()
    done = sandbox.cclaunch("stack", "up")
    assert done.returncode == 0, done.stderr.decode()
    return chosen


def request_event(client: Client, number: int, **more: Any) -> None:
    """Send an ``api_request`` event like claude's, with the request id of *number*."""
    client.event(
        "api_request",
        event__sequence=number,
        request_id=f"req_sdk_{number}",
        model="claude-opus-4-8",
        input_tokens=100 + number,
        output_tokens=20,
        cache_read_tokens=3000,
        cache_creation_tokens=500,
        cost_usd=0.005,
        cost_usd_micros=5000 + number,
        **more,
    )


def test_events_arrive_once_and_are_billed(sandbox: Sandbox, ports: Mapping[str, int], protocol: str) -> None:
    """Thirty events, one export each: thirty in the store, and usage is their sum."""
    with Client(protocol, ports, instance="one") as client:
        for number in range(30):
            request_event(client, number)
    assert sorted(event["request_id"] for event in events(sandbox)) == sorted(f"req_sdk_{number}" for number in range(30))
    total_row = usage(sandbox)["total"]
    assert (total_row["requests"], total_row["input_tokens"]) == (30, 30 * 100 + sum(range(30)))
    assert micros(total_row["cost_usd"]) == 30 * 5000 + sum(range(30))


def test_every_type_of_attribute_survives(sandbox: Sandbox, ports: Mapping[str, int], protocol: str) -> None:
    """Text, whole and broken numbers, booleans and lists come back as what they were."""
    sent = {"a_text": 'größe, "quoted"', "a_number": -7, "a_big_one": 2**53 + 1, "a_double": 0.1, "a_switch": False}
    with Client(protocol, ports, instance="one") as client:
        client.event("user_prompt", **sent, a_list=["one", "two"], an_empty_list=[])
    (found,) = events(sandbox, "user_prompt")
    assert {key: found[key] for key in sent} == sent
    assert {key: type(found[key]) for key in sent} == {key: type(value) for key, value in sent.items()}
    assert (list(found["a_list"]), list(found["an_empty_list"])) == (["one", "two"], [])


def test_a_batch_that_is_sent_again_is_stored_once(sandbox: Sandbox, ports: Mapping[str, int], protocol: str) -> None:
    """A client that lost the answer sends the same batch again: a twin inside a batch is real, a second batch is not."""
    kept = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's own has no annotation
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    provider.get_logger("com.anthropic.claude_code.events").emit(
        timestamp=1_790_000_000_000_000_000,
        body="claude_code.user_prompt",
        attributes={"event.name": "user_prompt", "session.id": "again"},
    )
    batch = [*kept.get_finished_logs(), *kept.get_finished_logs()]
    sender = exporter(protocol, "log", ports)
    assert [sender.export(batch) for _ in range(3)] == [LogRecordExportResult.SUCCESS] * 3
    sender.shutdown()
    assert len(events(sandbox)) == 2


@pytest.mark.parametrize("cumulative", [True, False], ids=["cumulative", "delta"])
def test_a_counter_is_summed_right(ports: Mapping[str, int], protocol: str, cumulative: bool) -> None:
    """Three exports of one counter add up to what was counted, whichever temporality the client prefers."""
    with Client(protocol, ports, instance="one", cumulative=cumulative) as client:
        for value in (0.25, 0.5, 1.0):
            client.add(COST, value, model="claude-opus-4-8", session__id="s")
            client.flush()
    assert total(ports["metrics"], COST_ON_PAGE) == pytest.approx(1.75)


def test_two_processes_of_one_session_never_share_a_series(ports: Mapping[str, int], protocol: str) -> None:
    """Two clients whose counters differ only in the instance id are added, not taken for one another."""
    with Client(protocol, ports, instance="one") as first, Client(protocol, ports, instance="two") as second:
        for client, value in ((first, 1.0), (second, 2.0), (first, 4.0)):
            client.add(COST, value, model="claude-opus-4-8")
            client.flush()
    assert total(ports["metrics"], COST_ON_PAGE) == pytest.approx(7.0)


def test_the_metrics_page_shows_no_personal_attribute(ports: Mapping[str, int], protocol: str) -> None:
    """Every local user can read the page, so it names the model and nobody."""
    personal = {"user.email": "a@example.invalid", "user.id": "f" * 64, "organization.id": "org"}
    with Client(protocol, ports, instance="one") as client:
        client.add(COST, 1.0, model="claude-opus-4-8", **personal)
    (sample,) = [one for one in samples(ports["metrics"]) if one.name == COST_ON_PAGE]
    assert sample.labels["model"] == "claude-opus-4-8"
    assert not {"user_email", "user_id", "organization_id"} & set(sample.labels)
    assert not set(personal.values()) & set(sample.labels.values())


def test_a_compressed_batch_arrives(sandbox: Sandbox, ports: Mapping[str, int], protocol: str) -> None:
    """Gzip, as newer claudes send it when asked to."""
    with Client(protocol, ports, instance="one", compress=True) as client:
        request_event(client, 1)
        client.add(COST, 1.0, model="claude-opus-4-8")
    assert [event["request_id"] for event in events(sandbox)] == ["req_sdk_1"]
    assert total(ports["metrics"], COST_ON_PAGE) == pytest.approx(1.0)


def test_usage_prints_json_that_names_its_parts(sandbox: Sandbox, ports: Mapping[str, int], protocol: str) -> None:
    """By model: one row a model, the same keys in rows and total."""
    with Client(protocol, ports, instance="one") as client:
        request_event(client, 1)
    found = usage(sandbox, "--by", "model")
    assert set(found) >= {"since", "until", "by", "rows", "total"}
    assert [row["model"] for row in found["rows"]] == ["claude-opus-4-8"]
    assert {key: value for key, value in found["rows"][0].items() if key != "model"} == found["total"]
