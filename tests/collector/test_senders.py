"""Who may send: this user and root; anybody else on the machine is refused, and whom nobody can tell is marked."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from collector_client import PROTOBUF, Place, collector, cost, json_logs, logs, wait_until
from other_user import UID, need_root, told_by

from cclaunch import otel
from cclaunch.collector.exposition import exposition
from cclaunch.collector.peer import marked
from cclaunch.otlp.decode import decode_logs, decode_metrics
from cclaunch.serving.peer import CURRENT, Sender
from cclaunch.store.reader import open_reader, series


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A collector for the tests of this file."""
    with collector(tmp_path_factory.mktemp("senders")) as made:
        yield made


@pytest.fixture
def as_root() -> None:
    """Only root can act as another user."""
    need_root()


def log_of(place: Place) -> str:
    """Return the collector's log."""
    return Path(place.paths.state + "/collector.log").read_text()


def sent(address: str, port: int, method: str, path: str, body: bytes = b"", kind: str = PROTOBUF) -> bytes:
    """Return status and body of one request."""
    connection = http.client.HTTPConnection(address, port, timeout=120)
    connection.request(method, path, body, {"Content-Type": kind, "Host": "localhost"})
    answer = connection.getresponse()
    return str(answer.status).encode() + b" " + answer.read()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("signal", ["logs", "metrics", "traces"])
def test_another_users_post_is_refused_and_never_stored(place: Place, as_root: None, address: str, signal: str) -> None:
    """In words that an exporter shows."""
    body = logs("stranger").SerializeToString()
    said = told_by(UID, lambda: sent(address, place.ports["http"], "POST", f"/v1/{signal}", body))

    assert said.startswith(b"403 ")
    assert b"only the user whose collector this is" in said
    assert "stranger" not in place.event_names()


def test_another_users_json_is_answered_in_json(place: Place, as_root: None) -> None:
    """The answer has the type of the request."""
    body = json_logs("stranger")
    said = told_by(UID, lambda: sent("127.0.0.1", place.ports["http"], "POST", "/v1/logs", body, "application/json"))

    assert json.loads(said[4:])["code"] == 7


def test_health_and_metrics_are_open(place: Place, as_root: None) -> None:
    """As they say of themselves."""
    assert told_by(UID, lambda: sent("127.0.0.1", place.ports["http"], "GET", "/health")).startswith(b"200 cclaunch")
    assert told_by(UID, lambda: sent("127.0.0.1", place.ports["metrics"], "GET", "/metrics")).startswith(b"200 ")


def greeting(port: int) -> bytes:
    """Return what a gRPC server says to one who connects and says hello; nothing from one that hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as line:
        try:
            line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
            return line.recv(9)
        except ConnectionError:
            return b""


def test_another_users_grpc_connection_is_closed(place: Place, as_root: None) -> None:
    """Before a byte of it is handed on."""
    assert greeting(place.ports["grpc"]) != b""
    assert told_by(UID, lambda: greeting(place.ports["grpc"])) == b""


def test_the_way_around_the_relay_is_closed(place: Place) -> None:
    """The inner port can be found by everybody, and takes nothing from anybody."""
    listening = {
        one.laddr.port
        for process in place.lasting()
        for one in process.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    }
    (inner,) = listening - set(place.ports.values())
    with grpc.insecure_channel(f"127.0.0.1:{inner}") as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export", None, None)
        with pytest.raises(grpc.RpcError) as refused:
            call(logs("around").SerializeToString(), timeout=120)

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "around" not in place.event_names()


def test_a_refusal_is_logged_once_a_minute(place: Place, as_root: None) -> None:
    """With the user, and not once for every try."""
    for _ in range(3):
        told_by(UID + 1, lambda: greeting(place.ports["grpc"]))

    assert wait_until(lambda: f"refused a connection of user {UID + 1}" in log_of(place))
    assert log_of(place).count(f"user {UID + 1}") == 1


def test_what_this_user_sends_is_not_marked(place: Place) -> None:
    """Over HTTP and gRPC, on a connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", place.ports["http"], timeout=120)
    for name in ("kept_1", "kept_2"):
        connection.request("POST", "/v1/logs", logs(name).SerializeToString(), {"Content-Type": PROTOBUF})
        assert connection.getresponse().read() is not None
    connection.close()
    with grpc.insecure_channel(f"127.0.0.1:{place.ports['grpc']}") as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export", None, None)
        call(logs("over_grpc").SerializeToString(), timeout=120)

    found = open_reader(place.paths.data + "/telemetry.db").execute("SELECT name, attributes FROM events").fetchall()
    assert {"kept_1", "kept_2", "over_grpc"} <= {row[0] for row in found}
    assert not [row for row in found if otel.SENDER in row[1]]


def test_rows_of_an_unknown_sender_are_marked_and_stay_the_same_records() -> None:
    """A batch that comes again by a known way is stored once."""
    request, points = logs("x"), cost(1)
    plain, plain_points = decode_logs(request), decode_metrics(points)
    CURRENT.set(Sender.UNKNOWN)
    unknown, unknown_points = marked(plain), marked(plain_points)

    assert unknown.events[0].attributes[otel.SENDER] == "unknown"
    assert unknown_points.points[0].attributes[otel.SENDER] == "unknown"
    assert unknown.events[0].key == plain.events[0].key
    assert unknown_points.points[0].series_key == plain_points.points[0].series_key


def test_a_known_sender_cannot_mark_itself() -> None:
    """The mark is ours to give."""
    request = logs("x")
    request.resource_logs[0].resource.attributes.add(key=otel.SENDER).value.string_value = "trusted"
    CURRENT.set(Sender.TRUSTED)
    batch = marked(decode_logs(request))

    assert otel.SENDER not in batch.events[0].attributes


def test_the_mark_is_no_label(place: Place) -> None:
    """`/metrics` shows series as people query them."""
    place.post("/v1/metrics", cost(1).SerializeToString())
    found: Any = series(open_reader(place.paths.data + "/telemetry.db"), 0)

    assert "sender" not in exposition(one._replace(attributes={**one.attributes, otel.SENDER: "unknown"}) for one in found)
