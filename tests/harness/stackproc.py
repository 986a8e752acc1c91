"""
The services of the Docker stack as plain processes: the real programs, on free ports, in a throw-away directory.

The problem it owns: what is asked of VictoriaLogs and Prometheus must be held against the real ones, on machines
without a Docker engine too. A process that does not become healthy fails the test with its last words.
"""

import contextlib
import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from guard import CACHE
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from required import missing
from sandbox import free_ports

from cclaunch.backends.docker import render
from cclaunch.config.model import Config, Metrics

SERVICES = Path(os.environ.get("CCLAUNCH_TEST_SERVICES", CACHE / "services"))
PATIENCE_S = 120.0
INGEST = {"Content-Type": "application/x-protobuf", "VL-Stream-Fields": "service.name", "VL-Extra-Fields": "job=claude"}
"""What the collector of the stack adds when it hands events on."""


def program(name: str) -> Path | None:
    """Return the path of the built program *name*, or None."""
    found = [path for path in (*SERVICES.glob(f"{name}-*/{name}"), SERVICES / name) if os.access(path, os.X_OK)]
    return found[0] if found else None


class Process:
    """One service. Use it as a context manager; *url* is where it answers, *health* the path that says it is well."""

    def __init__(self, base: Path, command: Sequence[str], port: int, health: str) -> None:
        base.mkdir(parents=True, exist_ok=True)
        self.base = base
        self.port = port
        self._command = command
        self._health = health
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start it and wait until it is healthy."""
        with open(self.base / "log", "ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.base, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"HOME": str(self.base)}
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"{self._command[0]} is not healthy: {(self.base / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it; its data stays."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def _is_healthy(self) -> bool:
        try:
            return self.ask("GET", self._health)[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> tuple[int, bytes]:
        """Return (status, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str, **arguments: str) -> Any:
        """Return the JSON that a question is answered with; anything but 200 fails the test with the answer's words."""
        status, body = self.ask("GET", f"{path}?{urlencode(arguments)}")
        assert status == 200, f"{path} {arguments}: {body.decode()[:1000]}"
        return json.loads(body)

    def lines(self, path: str, **arguments: str) -> list[dict[str, str]]:
        """Return the rows of an answer of one JSON object a line."""
        status, body = self.ask("GET", f"{path}?{urlencode(arguments)}")
        assert status == 200, f"{path} {arguments}: {body.decode()[:1000]}"
        return [json.loads(line) for line in body.splitlines()]


class Vlogs(Process):
    """VictoriaLogs."""

    def __init__(self, path: Path, base: Path) -> None:
        (port,) = free_ports(1)
        flags = [f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={base}/data", "-retentionPeriod=400d"]
        super().__init__(base, [str(path), *flags], port, "/health")
        self._taken = 0

    def take(self, *requests: ExportLogsServiceRequest, headers: Mapping[str, str] = INGEST) -> None:
        """Store OTLP requests as the collector hands them on, and make them searchable."""
        for request in requests:
            status, body = self.ask("POST", "/insert/opentelemetry/v1/logs", request.SerializeToString(), **headers)
            assert status == 200, body
            self._taken += sum(len(scope.log_records) for one in request.resource_logs for scope in one.scope_logs)
        self.flush(self._taken)

    def flush(self, rows: int) -> None:
        """Make *rows* in all searchable. A flush may find some in the hands of another one, hence the waiting."""
        deadline = time.monotonic() + PATIENCE_S
        while self.rows() < rows:
            assert time.monotonic() < deadline, f"{self.rows()} of {rows} rows can be found"
            assert self.ask("GET", "/internal/force_flush")[0] == 200

    def rows(self) -> int:
        """Return how many rows can be found."""
        return int(self.lines("/select/logsql/query", query="* | stats count() as rows")[0]["rows"])


@contextlib.contextmanager
def vlogs(base: Path) -> Iterator[Vlogs]:
    """Run VictoriaLogs below *base*; where nobody has built it, the test is skipped, or fails where all is required."""
    path = program("victoria-logs")
    if path is None:
        missing("victoria-logs")
    with Vlogs(path, base) as service:
        yield service


CONFIG = Config(metrics=Metrics(scrape_interval=1))
"""As config.toml has it by default, but for how often Prometheus looks."""


def moved(text: str, changes: Mapping[str, str]) -> str:
    """Return what the product tells a container, with the addresses and paths of a process; each of *changes* must be needed."""
    for inside, outside in changes.items():
        assert inside in text, inside
        text = text.replace(inside, outside)
    return text


class Collector(Process):
    """The OpenTelemetry Collector, told what the product tells it: events to VictoriaLogs, metrics to a page for Prometheus."""

    def __init__(self, path: Path, base: Path, logs: Vlogs) -> None:
        names = ("grpc", "http", "metrics", "metrics_suffixed", "health")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.grpc, self.http, self.metrics = ports["grpc"], ports["http"], ports["metrics"]
        base.mkdir(parents=True)
        config = base / "collector.yaml"
        listening = {f"0.0.0.0:{render.INNER[name]}": f"127.0.0.1:{port}" for name, port in ports.items()}
        changes = {**listening, f"http://victorialogs:{render.INNER['victorialogs']}": logs.url, render.QUEUE: f"{base}/queue"}
        config.write_text(moved(render.collector(CONFIG).decode(), changes))
        # its page on itself has one port for all collectors of a machine
        command = [str(path), f"--config={config}", "--set=service.telemetry.metrics.level=none"]
        super().__init__(base, command, ports["health"], "/")


class Prometheus(Process):
    """Prometheus, which scrapes the collector's page every second."""

    def __init__(self, path: Path, base: Path, collector: Collector) -> None:
        (port,) = free_ports(1)
        base.mkdir(parents=True)
        config = base / "prometheus.yml"
        target = f"collector:{render.INNER['metrics']}"
        config.write_text(moved(render.prometheus(CONFIG).decode(), {target: f"127.0.0.1:{collector.metrics}"}))
        words = "\n".join(render.prometheus_flags())
        flags = moved(words, {f"{render.HOME}/prometheus.yml": str(config), f"={render.METRICS_DATA}": f"={base}/data"})
        super().__init__(base, [str(path), *flags.split("\n"), f"--web.listen-address=127.0.0.1:{port}"], port, "/-/healthy")


class Stack(NamedTuple):
    """Collector, Prometheus and VictoriaLogs, running."""

    collector: Collector
    prometheus: Prometheus
    vlogs: Vlogs


@contextlib.contextmanager
def stack(base: Path) -> Iterator[Stack | str]:
    """Run all three below *base*; the name of one that nobody has built instead of them."""
    paths = {name: program(name) for name in ("victoria-logs", "otelcol-contrib", "prometheus")}
    absent = [name for name, path in paths.items() if path is None]
    if absent:
        yield absent[0]
        return
    logs_path, collector_path, prometheus_path = (path for path in paths.values() if path is not None)
    with contextlib.ExitStack() as running:
        logs = running.enter_context(Vlogs(logs_path, base / "vlogs"))
        collector = running.enter_context(Collector(collector_path, base / "collector", logs))
        yield Stack(collector, running.enter_context(Prometheus(prometheus_path, base / "prometheus", collector)), logs)
