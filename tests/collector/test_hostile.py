"""Hostile load: little bytes that become much, bodies that never end, connections without number. And who stands beside it."""

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from collector_client import JSON, PROTOBUF, Answer, Place, collector, forget_peak, logs, packed, peak, read_answer, wait_until
from http2_frames import frame
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from cclaunch.store.reader import open_reader

MIB = 1 << 20
MOST_MEMORY = 200_000_000
LARGEST = 20 * MIB
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
PATIENCE_S = 120


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One collector for all of these tests: what one leaves behind is the next one's burden, too."""
    with collector(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.fixture(autouse=True)
def bounded(place: Place) -> Iterator[None]:
    """No test here may take the collector beyond its memory."""
    forget_peak(place)
    yield
    assert peak(place) <= MOST_MEMORY
    assert place.ask("GET", "/health").status == 200


def delimited(number: int, data: bytes) -> bytes:
    """Return a field of protobuf."""
    made = bytearray((number << 3 | 2,))
    size = len(data)
    while size > 0x7F:
        made.append(size & 0x7F | 0x80)
        size >>= 7
    made.append(size)
    return bytes(made) + data


def of_scope(fields: bytes) -> bytes:
    """Return a request for logs whose one scope has these fields; its records are field 2."""
    return delimited(1, delimited(2, fields))


def in_scope(records: bytes) -> bytes:
    """The same in JSON."""
    return b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + records + b"]}]}]}"


def post(place: Place, body: bytes, kind: str = PROTOBUF, **headers: str) -> Answer:
    """Post to /v1/logs with all the patience that a loaded machine asks for."""
    connection = http.client.HTTPConnection("127.0.0.1", place.ports["http"], timeout=PATIENCE_S)
    named = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        connection.request("POST", "/v1/logs", body, named)
        return read_answer(connection)
    finally:
        connection.close()


def by_grpc(place: Place, body: bytes, **options: Any) -> Any:
    """Export over a connection of its own: the answer's bytes, or the status code."""
    with grpc.insecure_channel(f"127.0.0.1:{place.ports['grpc']}", options=[("grpc.max_send_message_length", -1)]) as made:
        try:
            return made.unary_unary(LOGS, None, None)(body, timeout=PATIENCE_S, **options)
        except grpc.RpcError as error:
            return error.code()


def rejected(answer: Answer) -> int:
    """Return the number of records that a partial success in protobuf names."""
    return int(ExportLogsServiceResponse.FromString(answer.body).partial_success.rejected_log_records)


NEVER = {
    "two million empty records": of_scope(b"\x12\x00" * 2_000_000),
    "one record more than there may be": of_scope(b"\x12\x00" * 200_001),
    "empty resources": b"\x0a\x00" * 2_000_000,
    "empty scopes": delimited(1, b"\x12\x00" * 2_000_000),
    "unknown fields": of_scope(b"\x78\x00" * 2_000_000),
    "attributes of a resource": delimited(1, delimited(1, b"\x0a\x00" * 200_000) + delimited(2, b"\x12\x00")),
    "a resource that each record repeats": delimited(
        1, delimited(1, delimited(1, delimited(1, b"k" * 60_000))) + delimited(2, b"\x12\x00" * 10_000)
    ),
}


@pytest.mark.parametrize("name", NEVER)
def test_what_never_fits_is_413_and_takes_no_memory(place: Place, name: str) -> None:
    """Packed into a few kilobytes, over HTTP: no 503, it would be sent again for ever."""
    answer = post(place, packed(NEVER[name]), Content_Encoding="gzip")

    assert answer.status == 413
    assert "retry-after" not in answer.headers
    assert answer.body[0:2] == b"\x08\x08"  # a google.rpc.Status of RESOURCE_EXHAUSTED


NEVER_JSON = {
    "empty records": in_scope(b"{}," * 2_000_000 + b"{}"),
    "arrays": in_scope(b"[]," * 2_000_000 + b"[]"),
    "keys": b'{"x":{' + b'"":0,' * 2_000_000 + b'"":0}}',
    "numbers": b'{"x":[' + b"1," * 5_000_000 + b"1]}",
    "escapes": b'{"x":"' + b"\\n" * 5_000_000 + b'"}',
}


@pytest.mark.parametrize("name", NEVER_JSON)
def test_json_that_never_fits_is_413_and_takes_no_memory(place: Place, name: str) -> None:
    """Three bytes of JSON can be a hundred in memory."""
    answer = post(place, packed(NEVER_JSON[name]), JSON, Content_Encoding="gzip")

    assert (answer.status, json.loads(answer.body)["code"]) == (413, 8)


@pytest.mark.parametrize("name", ["two million empty records", "attributes of a resource"])
@pytest.mark.parametrize("packing", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_what_never_fits_exhausts_a_resource_over_grpc(place: Place, name: str, packing: grpc.Compression) -> None:
    """The same bound in gRPC's words."""
    assert by_grpc(place, NEVER[name], compression=packing) is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    "record",
    [b"\x32\x00" * 300_000, delimited(5, delimited(1, b"x" * 5 * MIB)), delimited(5, delimited(5, b"\x0a\x00" * 300_000))],
    ids=["attributes", "text", "array"],
)
def test_a_record_that_is_too_large_is_refused_alone(place: Place, record: bytes) -> None:
    """The one beside it is stored, and the answer says how many were not."""
    good = logs("beside_large").resource_logs[0].scope_logs[0].log_records[0].SerializeToString()
    before = place.event_names().count("beside_large")
    answer = post(place, of_scope(delimited(2, record) + delimited(2, good)))

    assert (answer.status, rejected(answer)) == (200, 1)
    assert place.event_names().count("beside_large") == before + 1


def many(count: int, name: str, size: int = 40) -> ExportLogsServiceRequest:
    """Return a request of *count* records of a realistic shape, in scopes and resources of their own."""
    request = ExportLogsServiceRequest()
    for half in range(2):
        resource = request.resource_logs.add()
        resource.resource.attributes.add(key="service.name").value.string_value = f"service {half}"
        for part in range(2):
            scope = resource.scope_logs.add()
            scope.scope.name = f"scope {part}"
            for number in range(count // 4):
                record = scope.log_records.add(time_unix_nano=time.time_ns())
                record.body.string_value = f"claude_code.{name}"
                record.attributes.add(key="number").value.int_value = number + (half * 2 + part) * (count // 4)
                for key in range(size // 8):
                    record.attributes.add(key=f"attribute.{key}").value.string_value = 'väl\n"ue'
    return request


def kept(place: Place, name: str) -> list[tuple[int, str]]:
    """Return (number, service) of each stored record called *name*, in order."""
    connection = open_reader(place.paths.data + "/telemetry.db")
    try:
        found = connection.execute("SELECT attributes ->> '$.number', service FROM events WHERE name = ?", (name,))
        return sorted((int(number), service) for number, service in found)
    finally:
        connection.close()


def in_json(request: Any) -> bytes:
    """Return *request* in JSON with everything that a slice must cope with: spaces, another order of keys, unknown ones."""
    from google.protobuf.json_format import MessageToDict

    tree = MessageToDict(request)
    for resource in tree["resourceLogs"]:
        resource["scopeLogs"] = resource.pop("scopeLogs")
        resource["tomorrow"] = {"deep": [1, "}]", None]}
        resource["resource"] = resource.pop("resource")
    return json.dumps({"tomorrow": None, **tree}, indent=1).encode()


@pytest.mark.parametrize("way", ["protobuf", "json", "grpc"])
def test_a_large_request_is_stored_whole_and_once(place: Place, way: str) -> None:
    """In slices, each record with its own resource; sent again, nothing is stored twice."""
    name = f"sliced_{way}"
    request = many(2400, name)
    sends: dict[str, Callable[[], Any]] = {
        "protobuf": lambda: post(place, request.SerializeToString())[::2],
        "json": lambda: post(place, in_json(request), JSON)[::2],
        "grpc": lambda: by_grpc(place, request.SerializeToString()),
    }
    answers = [sends[way](), sends[way]()]

    assert answers == [{"protobuf": (200, b""), "json": (200, b"{}"), "grpc": b""}[way]] * 2
    assert kept(place, name) == [(number, f"service {number // 1200}") for number in range(2400)]


def test_equal_records_of_different_slices_are_all_stored(place: Place) -> None:
    """Their ordinals go on from slice to slice."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for _ in range(1700):
        records.add(time_unix_nano=time.time_ns() // 10**12 * 10**12, event_name="equal_everywhere")
    assert post(place, request.SerializeToString()).status == 200

    assert place.event_names().count("equal_everywhere") == 1700


def test_a_large_metric_is_cut_between_its_points(place: Place) -> None:
    """One instrument with thousands of attribute sets."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="many.points", unit="1")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    for number in range(1500):
        point = metric.sum.data_points.add(as_int=number, time_unix_nano=time.time_ns())
        point.attributes.add(key="number").value.int_value = number
    assert place.post("/v1/metrics", request.SerializeToString()).status == 200

    connection = open_reader(place.paths.data + "/telemetry.db")
    found = connection.execute(
        "SELECT count(*), sum(value), max(temporality), min(monotonic) FROM points JOIN series ON series = id"
        " WHERE name = 'many.points'"
    ).fetchone()
    connection.close()
    assert tuple(found) == (1500, 1500 * 1499 / 2, 2, 1)


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_of_a_large_request_that_is_damaged_at_its_end_nothing_is_stored(place: Place, kind: str) -> None:
    """It is looked through before the first slice is stored."""
    name = f"damaged_{kind[-4:]}"
    request = many(1600, name)
    body = request.SerializeToString() + b"\x0a\x7f" if kind == PROTOBUF else in_json(request)[:-9]

    assert post(place, body, kind).status == 400
    assert kept(place, name) == []


def test_the_largest_honest_request_is_taken(place: Place) -> None:
    """Nearly 20 MiB in one body."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for number in range(60):
        record = records.add(time_unix_nano=time.time_ns(), event_name="largest")
        record.body.string_value = f"{number}" + "x" * 340_000
    body = request.SerializeToString()
    assert 19 * MIB < len(body) < LARGEST

    assert post(place, body).status == 200
    assert place.event_names().count("largest") == 60


def test_beside_hostile_requests_another_client_is_answered_first(place: Place) -> None:
    """Six large ones are at work: ten small ones are taken before those are through."""
    order: list[str] = []
    body = packed(of_scope(b"\x12\x00" * 30_000))
    hostile = [
        threading.Thread(target=lambda: order.append(f"hostile {post(place, body, Content_Encoding='gzip').status}"))
        for _ in range(6)
    ]
    for one in hostile:
        one.start()
    for number in range(5):
        assert post(place, logs(f"polite_{number}").SerializeToString()).status == 200
        assert by_grpc(place, logs(f"polite_grpc_{number}").SerializeToString()) == b""
    order.append("polite")
    for one in hostile:
        one.join(PATIENCE_S)

    assert order.index("polite") < 6
    assert Counter(order) == {"polite": 1, "hostile 200": 6}


@contextlib.contextmanager
def unfinished(place: Place, count: int, size: int, port: str = "http") -> Iterator[list[socket.socket]]:
    """Hold *count* connections whose bodies of *size* bytes lack their last, or as much of them as was taken."""
    held: list[socket.socket] = []
    head = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {size}\r\n\r\n".encode()
    sends = head + bytes(size - 1) if port == "http" else unfinished_call(size)
    sent = [0] * count

    def send(number: int, one: socket.socket) -> None:
        view = memoryview(sends)
        with contextlib.suppress(OSError):
            while sent[number] < len(view):
                sent[number] += one.send(view[sent[number] :])

    for _ in range(count):
        held.append(socket.create_connection(("127.0.0.1", place.ports[port]), timeout=120))
    sending = [threading.Thread(target=send, args=(number, one)) for number, one in enumerate(held)]
    for one in sending:
        one.start()
    assert wait_until(lambda: sum(sent) > 2 * size, 60)
    try:
        yield held
    finally:
        for each in held:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for one in sending:
            one.join(PATIENCE_S)


def unfinished_call(size: int) -> bytes:
    """Return a gRPC call by hand, without its last byte."""
    path = LOGS.encode()
    head = (
        b"\x83\x86\x04" + bytes((len(path),)) + path + b"\x01\x09127.0.0.1"
        b"\x40\x0ccontent-type\x10application/grpc\x40\x02te\x08trailers"
    )
    message = b"\0" + struct.pack(">I", size) + bytes(size - 1)
    data = b"".join(frame(0, 0, 1, message[at : at + 16384]) for at in range(0, len(message), 16384))
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(4, 1, 0, b"") + frame(1, 4, 1, head) + data


@pytest.mark.parametrize("port", ["http", "grpc"])
def test_bodies_that_never_end_keep_nobody_out(place: Place, port: str) -> None:
    """Twelve of nearly 20 MiB each: small ones have room of their own, and a large one gets theirs."""
    with unfinished(place, 12, LARGEST - MIB, port):
        assert post(place, logs(f"beside_{port}").SerializeToString()).status == 200
        assert by_grpc(place, logs(f"beside_{port}_grpc").SerializeToString()) == b""
        assert wait_until(lambda: post(place, many(8000, f"large_beside_{port}").SerializeToString()).status == 200, PATIENCE_S)


def test_sixty_four_clients_at_once_are_all_taken(place: Place) -> None:
    """512 records each, as many claudes at full speed would send."""
    bodies = [many(512, f"client_{number}", 80).SerializeToString() for number in range(64)]
    forget_peak(place)
    statuses: list[int] = []
    clients = [threading.Thread(target=lambda body=body: statuses.append(post(place, body).status)) for body in bodies]
    for one in clients:
        one.start()
    for one in clients:
        one.join(PATIENCE_S)

    assert Counter(statuses) == {200: 64}
    assert Counter(place.event_names())["client_63"] == 512


def test_idle_connections_keep_nobody_out(place: Place) -> None:
    """Twice as many as there may be: the idle ones make room, and the collector keeps descriptors for itself."""
    held: list[socket.socket] = []
    try:
        for _ in range(550):
            for port in ("http", "grpc"):
                held.append(socket.create_connection(("127.0.0.1", place.ports[port]), timeout=120))
        assert post(place, logs("beside_idle").SerializeToString()).status == 200
        assert by_grpc(place, logs("beside_idle_grpc").SerializeToString()) == b""
        assert place.ask("GET", "/metrics", port="metrics").status == 200
        assert max(process.num_fds() for process in place.lasting()) < 2000
    finally:
        for one in held:
            one.close()
    assert {"beside_idle", "beside_idle_grpc"} <= set(place.event_names())


def test_a_connection_in_use_outlives_many_idle_ones(place: Place) -> None:
    """What was of use goes last: a session's connection is older than any flood."""
    session = http.client.HTTPConnection("127.0.0.1", place.ports["http"], timeout=120)
    session.request("GET", "/health")
    assert read_answer(session).status == 200
    assert session.sock is not None
    ours = session.sock.getsockname()
    held = [socket.create_connection(("127.0.0.1", place.ports["http"]), timeout=120) for _ in range(600)]
    session.request("GET", "/health")

    assert read_answer(session).status == 200
    assert session.sock.getsockname() == ours
    session.close()
    for one in held:
        one.close()


def test_the_limit_of_descriptors_is_the_hard_one(place: Place) -> None:
    """The soft one of a login shell is 1,024."""
    import resource

    for process in place.lasting():
        soft, hard = process.rlimit(resource.RLIMIT_NOFILE)
        assert soft == min(hard, 1 << 16) if hard > 0 else 1 << 16
