"""
A collector for one test, and the messages that are sent to it.

The problem it owns: the collector's tests run the real two processes, in a throw-away directory, on free
ports; whatever a test does to them, nothing may be left alive.
"""

import contextlib
import gzip
import http.client
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE
from sandbox import free_ports, kill

from cclaunch.backends.embedded import ending, starting
from cclaunch.backends.protocol import Started
from cclaunch.config.model import Config, load_config
from cclaunch.hot import alive
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import collector_ports
from cclaunch.hot.probe import registration
from cclaunch.store.reader import open_reader

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
PORTS = ("grpc", "http", "metrics")
DEADLINE_S = 120.0


class Answer(NamedTuple):
    """What HTTP answered: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Place:
    """A throw-away set of directories with a config.toml, and the collector that lives there."""

    def __init__(self, base: Path, idle_exit: float = 600) -> None:
        self.base = base
        self.paths = Paths(*(str(base / name) for name in ("config", "state", "cache", "data")))
        self.ports = dict(zip(PORTS, free_ports(3), strict=True))
        self.environ = {"HOME": str(base), "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
        self.configure(idle_exit)

    def configure(self, idle_exit: float) -> None:
        """Write config.toml anew."""
        lines = ["[ports]", *(f"{name} = {port}" for name, port in self.ports.items()), "[stack]", f"idle_exit = {idle_exit}"]
        path = Path(self.paths.config) / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    @property
    def config(self) -> Config:
        """Return the configuration as it is on disk."""
        return load_config(self.paths.config + "/config.toml")

    def start(self, **options: str) -> Started:
        """Start the collector, or find it."""
        started = starting.start(self.paths, self.config, deadline_s=DEADLINE_S, environ={**self.environ, **options})
        self.ports = {name: int(getattr(started.ports, name)) for name in PORTS}
        return started

    def processes(self) -> list[psutil.Process]:
        """Return the living processes of this place's collector."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and self.paths.data in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def lasting(self) -> list[psutil.Process]:
        """Return those of them that stay: the reader of transcripts comes and goes, and may be gone before it is asked."""
        found = []
        for process in self.processes():
            try:
                if not any("history.process" in word for word in process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def stop(self) -> None:
        """End the collector, and whatever is left of it without mercy."""
        ending.shutdown(self.paths)
        for process in self.processes():
            kill(process)

    def event_names(self) -> list[str]:
        """Return the names of all stored events."""
        connection = open_reader(self.paths.data + "/telemetry.db")
        try:
            return [row[0] for row in connection.execute("SELECT name FROM events ORDER BY id")]
        finally:
            connection.close()

    def refuse(self, name: str) -> None:
        """Have the database refuse every event called *name*, and take every other: what no decoder foresaw."""
        with contextlib.closing(sqlite3.connect(self.paths.data + "/telemetry.db")) as connection:
            connection.execute(
                f"CREATE TRIGGER refuse_{name} BEFORE INSERT ON events WHEN new.name = '{name}'"
                " BEGIN SELECT RAISE(ABORT, 'never'); END"
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the collector from committing for the length of the block."""
        with contextlib.closing(sqlite3.connect(self.paths.data + "/telemetry.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    def registering(self, pid: int, nonce: str = "0123456789abcdef") -> str:
        """Return the path by which a launch of the process *pid* asks: with the proof that it can read the key."""
        key = Path(self.paths.data, "collector.key").read_text().strip()
        return f"/health?nonce={nonce}&pid={pid}&by={registration(key, nonce, pid).decode()}"

    def post(self, path: str, body: bytes | Iterator[bytes], kind: str = PROTOBUF, **headers: str) -> Answer:
        """Post *body* on a connection of its own; an iterator is sent in chunks, without a length."""
        named = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.ask("POST", path, body, named)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        *,
        port: str = "http",
    ) -> Answer:
        """Send one request to a port of the collector."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=120)
        try:
            connection.request(method, path, body, headers or {})
            return read_answer(connection)
        finally:
            connection.close()


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    """Return the answer that waits on *connection*."""
    answer = connection.getresponse()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def logs(*names: str) -> ExportLogsServiceRequest:
    """Return a request with one event of each name."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "claude-code"
    scope = resource.scope_logs.add()
    for name in names:
        record = scope.log_records.add(time_unix_nano=time.time_ns(), trace_id=bytes(range(16)))
        record.body.string_value = f"claude_code.{name}"
        record.attributes.add(key="event.name").value.string_value = name
    return request


def cost(dollars: float, **attributes: str) -> ExportMetricsServiceRequest:
    """Return a request with one cumulative point of the cost metric; ``__`` in a name stands for a dot."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "claude-code"
    metric = resource.scope_metrics.add().metrics.add(name="claude_code.cost.usage", unit="USD")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    now = time.time_ns()
    point = metric.sum.data_points.add(as_double=dollars, start_time_unix_nano=now - 10**9, time_unix_nano=now)
    for name, value in attributes.items():
        point.attributes.add(key=name.replace("__", ".")).value.string_value = value
    return request


def spans(count: int) -> ExportTraceServiceRequest:
    """Return a request with *count* spans."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(count):
        scope.spans.add(name=f"span {number}", trace_id=bytes(range(16)), span_id=bytes(range(8)))
    return request


def json_logs(*names: str) -> bytes:
    """Return a request with one event of each name as a JavaScript exporter writes it."""
    records = [
        {
            "timeUnixNano": str(time.time_ns()),
            "observedTimeUnixNano": 1_700_000_000_000_000_000 + number,
            "severityNumber": 9,
            "body": {"stringValue": f"claude_code.{name}"},
            "traceId": "5B8EFFF798038103D269B633813FC60C",
            "spanId": "eee19b7ec3c1b174",
            "attributes": [
                {"key": "event.name", "value": {"stringValue": name}},
                {"key": "input_tokens", "value": {"intValue": "9007199254740993"}},
                {"key": "attempt", "value": {"intValue": 3}},
                {"key": "cost_usd", "value": {"doubleValue": 1}},
            ],
            "fieldOfTomorrow": {"deep": [1]},
        }
        for number, name in enumerate(names)
    ]
    return json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": records}]}]}).encode()


def bomb(size: int) -> bytes:
    """Return gzip of *size* zero bytes, made in little memory."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()


def packed(body: bytes) -> bytes:
    """Return *body* as gzip."""
    return gzip.compress(body)


def forget_peak(place: Place) -> None:
    """Have the system measure the most memory from now on."""
    for one in place.lasting():
        Path(f"/proc/{one.pid}/clear_refs").write_text("5")


def peak(place: Place) -> int:
    """Return the most memory, in bytes, that a process of the collector ever had."""
    found = [int(line.split()[1]) for one in place.lasting() for line in status_lines(one.pid) if line.startswith("VmHWM")]
    return max(found) * 1024


def resident(place: Place) -> int:
    """Return the memory, in bytes, of all processes of the collector."""
    return sum(
        int(line.split()[1]) * 1024 for one in place.lasting() for line in status_lines(one.pid) if line.startswith("VmRSS")
    )


def status_lines(pid: int) -> list[str]:
    """Return what the system says about a process."""
    return Path(f"/proc/{pid}/status").read_text().splitlines()


def beats(paths: Paths, keeper: str = "") -> bool:
    """Say whether the collector of *paths*, or the *keeper* of this pid, vouches for itself, so that a launch does not ask."""
    ports = collector_ports(paths)
    pid = int(keeper or (ports.pid if ports else 0))
    try:
        handle = os.open(paths.collector_alive, os.O_RDONLY)
    except OSError:
        return False
    try:
        os.lseek(handle, alive.place_of(pid) - alive.BEATS + 1 if pid else 0, os.SEEK_SET)
        os.lockf(handle, os.F_TEST, alive.BEATS)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def registered(paths: Paths) -> set[int]:
    """Return the processes that a collector of *paths* stays for."""
    names = os.listdir(paths.launched) if os.path.isdir(paths.launched) else []
    return {int(name.split(".")[1]) for name in names if name != alive.ANCHOR and not name.startswith(alive.ENDED)}


def wait_until(true: Callable[[], object], seconds: float = 60.0) -> bool:
    """Say whether *true* became so within *seconds*."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def collector(base: Path, **options: float) -> Iterator[Place]:
    """Run a collector below *base* for the length of the block."""
    place = Place(base, **options)
    try:
        place.start()
        yield place
    finally:
        place.stop()
