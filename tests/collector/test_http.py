"""OTLP over HTTP, as its specification has it: encodings, compression, limits, errors."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from collector_client import (
    JSON,
    PROTOBUF,
    Place,
    bomb,
    collector,
    forget_peak,
    json_logs,
    logs,
    packed,
    peak,
    read_answer,
    spans,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

MIB = 1 << 20
LIMIT = 20 * MIB
PATHS = ("/v1/logs", "/v1/metrics", "/v1/traces")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One collector for all of these tests: they tell their events apart by name."""
    with collector(tmp_path_factory.mktemp("http")) as running:
        yield running


def status_of(body: bytes, kind: str) -> tuple[int, str]:
    """Return (code, message) of a google.rpc.Status."""
    if kind == JSON:
        found = json.loads(body)
        return found["code"], found["message"]
    from google.rpc.status_pb2 import Status  # comes with grpc's own packages, in the tests only

    parsed = Status.FromString(body)
    return parsed.code, parsed.message


def test_protobuf_is_stored_and_answered_in_protobuf(place: Place) -> None:
    """Full success is an empty message of the same type."""
    answer = place.post("/v1/logs", logs("from_protobuf").SerializeToString())

    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    assert "from_protobuf" in place.event_names()


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_json_is_stored_and_answered_in_json(place: Place, kind: str) -> None:
    """Also with a parameter behind the type."""
    answer = place.post("/v1/logs", json_logs("from_json"), kind)

    assert (answer.status, answer.headers["content-type"], json.loads(answer.body)) == (200, JSON, {})
    assert "from_json" in place.event_names()


def test_json_numbers_survive_as_text_and_as_numbers(place: Place) -> None:
    """64-bit integers beyond a double's precision, small ones as plain numbers, a whole double."""
    from cclaunch.store.reader import open_reader

    place.post("/v1/logs", json_logs("numbers"), JSON)

    connection = open_reader(place.paths.data + "/telemetry.db")
    kept = json.loads(connection.execute("SELECT attributes FROM events WHERE name = 'numbers'").fetchone()[0])
    connection.close()
    assert (kept["input_tokens"], kept["attempt"], kept["cost_usd"]) == (9007199254740993, 3, 1)


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_gzip_is_unpacked(place: Place, kind: str) -> None:
    """In both encodings."""
    name = f"zipped_{kind[-4:]}"
    body = logs(name).SerializeToString() if kind == PROTOBUF else json_logs(name)

    assert place.post("/v1/logs", packed(body), kind, Content_Encoding="gzip").status == 200
    assert name in place.event_names()


def test_gzip_of_several_members_is_one_body(place: Place) -> None:
    """RFC 1952 allows them, and some proxies write them."""
    body = logs("members").SerializeToString()

    assert place.post("/v1/logs", packed(body[:20]) + packed(body[20:]), Content_Encoding="gzip").status == 200
    assert "members" in place.event_names()


def test_identity_is_no_compression(place: Place) -> None:
    """The encoding may be named even when there is none."""
    assert place.post("/v1/logs", logs("identity").SerializeToString(), Content_Encoding="identity").status == 200


def test_a_chunked_body_is_read_to_its_end(place: Place) -> None:
    """Claude's releases up to 2.1.211 send no Content-Length."""
    body = logs("chunked").SerializeToString()

    assert place.post("/v1/logs", iter([body[:7], body[7:30], body[30:]])).status == 200
    assert "chunked" in place.event_names()


def test_one_connection_carries_many_requests(place: Place) -> None:
    """Keep-alive, and still after an error."""
    connection = http.client.HTTPConnection("127.0.0.1", place.ports["http"], timeout=120)
    connection.connect()
    ours = connection.sock.getsockname()
    statuses = []
    for body in (logs("kept_1").SerializeToString(), b"\xff\xff", logs("kept_2").SerializeToString()):
        connection.request("POST", "/v1/logs", body, {"Content-Type": PROTOBUF})
        statuses.append(read_answer(connection).status)
        assert connection.sock is not None
        assert connection.sock.getsockname() == ours
    connection.close()

    assert statuses == [200, 400, 200]


def test_both_loopback_addresses_answer(place: Place) -> None:
    """`localhost` may be either."""
    connection = http.client.HTTPConnection("::1", place.ports["http"], timeout=120)
    connection.request("POST", "/v1/logs", logs("six").SerializeToString(), {"Content-Type": PROTOBUF})

    assert read_answer(connection).status == 200
    connection.close()


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_request_is_a_success(place: Place, path: str) -> None:
    """In both encodings, for all three signals."""
    assert place.post(path, b"")[::2] == (200, b"")
    assert place.post(path, b"{}", JSON)[::2] == (200, b"{}")


def test_too_large_a_body_is_413(place: Place) -> None:
    """The client hears it: it is not cut off while it sends."""
    answer = place.post("/v1/logs", bytes(LIMIT + 1))

    assert answer.status == 413
    assert status_of(answer.body, PROTOBUF)[0] == 8


def test_too_large_a_chunked_body_is_413(place: Place) -> None:
    """Nobody announced its length."""
    assert place.post("/v1/logs", (bytes(MIB) for _ in range(21)), JSON).status == 413


def test_a_body_that_unpacks_too_large_is_413(place: Place) -> None:
    """320 MiB in a third of one; the collector does not grow by it."""
    forget_peak(place)
    before = peak(place)
    answer = place.post("/v1/logs", bomb(320 * MIB), Content_Encoding="gzip")

    assert answer.status == 413
    assert peak(place) - before < 200 * MIB


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (PROTOBUF, b"\x0a\xff\xff\xff\xff"),
        (PROTOBUF, b"GET / HTTP/1.1"),
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b'"text"'),
        (JSON, b"null"),
        (JSON, b"\xff\xfe\xfd"),
        (JSON, b'{"resourceLogs": 7}'),
        (JSON, b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": "no hex"}]}]}]}'),
        (JSON, b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "later"}]}]}]}'),
        (JSON, b'{"resourceLogs":' + b"[" * 100_000),
    ],
)
def test_what_cannot_be_decoded_is_400_with_a_status_body(place: Place, kind: str, body: bytes) -> None:
    """In the encoding of the request; the exporter must not try again."""
    before = place.event_names()
    answer = place.post("/v1/logs", body, kind)

    assert (answer.status, answer.headers["content-type"]) == (400, kind)
    code, message = status_of(answer.body, kind)
    assert code == 3
    assert message
    assert place.event_names() == before


def test_a_request_is_stored_whole_or_not_at_all(place: Place) -> None:
    """Good records in front of garbage are not kept."""
    body = logs("half_1", "half_2").SerializeToString() + b"\x0a\x7f"

    assert place.post("/v1/logs", body).status == 400
    assert not {"half_1", "half_2"} & set(place.event_names())


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_what_no_database_takes_is_400_with_a_status_body(place: Place, kind: str) -> None:
    """A well-formed request that can never be stored: 503 would have it sent again for ever."""
    name = f"unstorable_{kind[-4:]}"
    place.refuse(name)
    body = logs("beside", name).SerializeToString() if kind == PROTOBUF else json_logs("beside", name)
    answer = place.post("/v1/logs", body, kind)

    assert (answer.status, answer.headers["content-type"], status_of(answer.body, kind)[0]) == (400, kind, 3)
    assert "beside" not in place.event_names()
    assert place.ask("GET", "/health").status == 200


@pytest.mark.parametrize("body", [b"no gzip", packed(b"x" * 1000)[:-9], packed(b"")[:5]])
def test_damaged_gzip_is_400(place: Place, body: bytes) -> None:
    """Also when it only ends too early."""
    assert place.post("/v1/logs", body, Content_Encoding="gzip").status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/protobuf+json", ""])
def test_an_unknown_content_type_is_415(place: Place, kind: str) -> None:
    """Guessing would store nonsense."""
    assert place.post("/v1/logs", b"{}", kind).status == 415


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_an_unknown_content_encoding_is_415_with_a_status_body(place: Place, encoding: str) -> None:
    """Only gzip must be supported."""
    answer = place.post("/v1/logs", b"{}", JSON, Content_Encoding=encoding)

    assert answer.status == 415
    assert status_of(answer.body, JSON)[0] == 3


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_is_405(place: Place, path: str) -> None:
    """The three paths are for POST."""
    assert place.ask("GET", path).status == 405


def test_traces_are_refused_by_number(place: Place) -> None:
    """200 with a partial success, in both encodings: nothing that fails, nothing that is tried again."""
    answer = place.post("/v1/traces", spans(3).SerializeToString())
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    empty_json = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x", "traceId": "ab" * 16}]}]}]}
    in_json = place.post("/v1/traces", json.dumps(empty_json).encode(), JSON)

    assert (answer.status, partial.rejected_spans) == (200, 3)
    assert partial.error_message
    assert json.loads(in_json.body)["partialSuccess"]["rejectedSpans"] == "1"


def test_points_that_are_not_stored_are_counted(place: Place) -> None:
    """A histogram is refused, and the answer says so."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="h")
    metric.histogram.data_points.add(count=1)
    partial = ExportMetricsServiceResponse.FromString(place.post("/v1/metrics", request.SerializeToString()).body).partial_success

    assert partial.rejected_data_points == 1
    assert partial.error_message


def test_full_success_leaves_partial_success_unset(place: Place) -> None:
    """A set but empty one would be a warning."""
    answer = ExportLogsServiceResponse.FromString(place.post("/v1/logs", logs("full").SerializeToString()).body)

    assert not answer.HasField("partial_success")


@pytest.mark.parametrize("port", ["http", "metrics"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4318", "127.0.0.1.evil.example", "localhost.evil.example:1", "0.0.0.0"]
)
def test_another_host_name_is_refused(place: Place, port: str, host: str) -> None:
    """A name that a web site points at loopback must not read or write here."""
    path = "/health" if port == "http" else "/metrics"

    assert place.ask("GET", path, headers={"Host": host}, port=port).status in (403, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:4318", "127.0.0.1", "[::1]", "[::1]:4318", "LOCALHOST:1"])
def test_the_local_names_are_served(place: Place, host: str) -> None:
    """With any port, because it may be forwarded."""
    assert place.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000"])
def test_a_web_page_is_refused(place: Place, origin: str) -> None:
    """A page can post to localhost; browsers say where it comes from."""
    answer = place.post("/v1/logs", logs("from_a_page").SerializeToString(), Origin=origin)

    assert answer.status == 403
    assert "from_a_page" not in place.event_names()


def test_half_a_request_stores_nothing_and_harms_nobody(place: Place) -> None:
    """A client that dies while it sends."""
    body = logs("half_sent").SerializeToString()
    with socket.create_connection(("127.0.0.1", place.ports["http"]), timeout=120) as client:
        head = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body[:-3])

    assert place.post("/v1/logs", logs("after_half").SerializeToString()).status == 200
    assert "half_sent" not in place.event_names()
