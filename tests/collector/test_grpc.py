"""OTLP over gRPC: the same rules in gRPC's words."""

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from collector_client import Place, collector, cost, forget_peak, logs, peak, spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

MIB = 1 << 20
SERVICE = "/opentelemetry.proto.collector.{0}.v1.{1}Service/Export"
LOGS, METRICS, TRACES = SERVICE.format("logs", "Logs"), SERVICE.format("metrics", "Metrics"), SERVICE.format("trace", "Trace")
NO_LIMIT = [("grpc.max_send_message_length", -1)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One collector for all of these tests."""
    with collector(tmp_path_factory.mktemp("grpc")) as running:
        yield running


@contextlib.contextmanager
def channel(place: Place, address: str = "127.0.0.1") -> Iterator[Any]:
    """A connection of its own."""
    with grpc.insecure_channel(f"{address}:{place.ports['grpc']}", options=NO_LIMIT) as made:
        yield made


def export(place: Place, method: str, body: bytes, **options: Any) -> bytes:
    """Call *method* with raw bytes."""
    with channel(place) as made:
        return bytes(made.unary_unary(method)(body, timeout=120, **options))


def refusal(place: Place, method: str, body: bytes, **options: Any) -> grpc.StatusCode:
    """Return the code with which *method* fails."""
    with pytest.raises(grpc.RpcError) as failure:
        export(place, method, body, **options)
    return failure.value.code()


def test_logs_are_stored(place: Place) -> None:
    """Full success leaves the partial success unset."""
    answer = ExportLogsServiceResponse.FromString(export(place, LOGS, logs("by_grpc").SerializeToString()))

    assert not answer.HasField("partial_success")
    assert "by_grpc" in place.event_names()


def test_metrics_are_stored(place: Place) -> None:
    """And an empty message is the whole answer."""
    assert export(place, METRICS, cost(1.0).SerializeToString()) == b""


@pytest.mark.parametrize("method", [LOGS, METRICS, TRACES])
def test_an_empty_request_is_a_success(place: Place, method: str) -> None:
    """For all three signals."""
    assert export(place, method, b"") == b""


@pytest.mark.parametrize("packing", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_messages_are_unpacked(place: Place, packing: grpc.Compression) -> None:
    """gRPC's two own ways."""
    name = f"grpc_{packing.name.lower()}"
    export(place, LOGS, logs(*[name] * 20).SerializeToString(), compression=packing)

    assert place.event_names().count(name) == 20


def test_traces_are_refused_by_number(place: Place) -> None:
    """With success and a message."""
    partial = ExportTraceServiceResponse.FromString(export(place, TRACES, spans(4).SerializeToString())).partial_success

    assert partial.rejected_spans == 4
    assert partial.error_message


def test_what_cannot_be_decoded_is_an_invalid_argument(place: Place) -> None:
    """Which an exporter does not try again."""
    assert refusal(place, LOGS, b"\x0a\xff\xff\xff\xff") is grpc.StatusCode.INVALID_ARGUMENT


def test_what_no_database_takes_is_an_invalid_argument(place: Place) -> None:
    """And is refused alone."""
    place.refuse("unstorable")

    assert refusal(place, LOGS, logs("unstorable").SerializeToString()) is grpc.StatusCode.INVALID_ARGUMENT
    assert export(place, LOGS, logs("storable").SerializeToString()) == b""


def test_a_client_that_loses_patience_does_not_harm_the_next(place: Place) -> None:
    """Its deadline passes while the disk is busy: what it sent is stored all the same, and the collector goes on."""
    with place.locked(), channel(place) as made, pytest.raises(grpc.RpcError) as failure:
        made.unary_unary(LOGS)(logs("impatient").SerializeToString(), timeout=0.3)

    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert export(place, LOGS, logs("patient").SerializeToString()) == b""
    assert {"impatient", "patient"} <= set(place.event_names())


def test_damaged_compression_is_refused(place: Place) -> None:
    """Bytes that only look like gzip."""
    assert refusal(place, LOGS, b"\x1f\x8b\x08\x00 no gzip") is grpc.StatusCode.INVALID_ARGUMENT


def test_too_large_a_message_exhausts_a_resource(place: Place) -> None:
    """20 MiB and one byte."""
    assert refusal(place, LOGS, bytes(20 * MIB + 1)) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_message_that_unpacks_too_large_exhausts_a_resource(place: Place) -> None:
    """320 MiB in a third of one; the collector does not grow by it."""
    forget_peak(place)
    before = peak(place)
    code = refusal(place, LOGS, bytes(320 * MIB), compression=grpc.Compression.Gzip)

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert peak(place) - before < 200 * MIB


def test_an_unknown_method_is_unimplemented(place: Place) -> None:
    """There are three services and no more."""
    assert refusal(place, SERVICE.format("profiles", "Profiles"), b"") is grpc.StatusCode.UNIMPLEMENTED


def test_both_loopback_addresses_answer(place: Place) -> None:
    """`localhost` may be either."""
    with channel(place, "[::1]") as made:
        assert made.unary_unary(LOGS)(logs("grpc_six").SerializeToString(), timeout=120) == b""


def test_one_connection_carries_many_calls_at_once(place: Place) -> None:
    """Forty calls in flight, each stored once."""
    with channel(place) as made:
        calls = [made.unary_unary(LOGS).future(logs(f"many_{number}").SerializeToString(), timeout=120) for number in range(40)]
        assert {call.result() for call in calls} == {b""}

    assert sorted(name for name in place.event_names() if name.startswith("many_")) == sorted(f"many_{n}" for n in range(40))
