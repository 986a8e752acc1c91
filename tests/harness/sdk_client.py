"""
A client of the collector built from the official OpenTelemetry SDK, in all three protocols.

The problem it owns: claude is one client, written in JavaScript. A second one, by other people, shows
that the collector speaks the protocol and not only claude's accent.
"""

import importlib
import time
from collections.abc import Mapping
from typing import Any, Self

import grpc
from opentelemetry.exporter.otlp.common.http import Compression
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

PACKAGES = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http",
    "http/json": "opentelemetry.exporter.otlp.json.http",
}
DISTRIBUTIONS = {
    "grpc": "opentelemetry-exporter-otlp-proto-grpc",
    "http/protobuf": "opentelemetry-exporter-otlp-proto-http",
    "http/json": "opentelemetry-exporter-otlp-json-http",
}
NEVER_BY_ITSELF = 3_600_000.0
"""Milliseconds between exports: the tests flush when they want to."""


def available(protocol: str) -> bool:
    """Say whether the SDK's exporter for *protocol* is installed."""
    try:
        importlib.import_module(PACKAGES[protocol])
    except ImportError:
        return False
    return True


def exporter(protocol: str, signal: str, ports: Mapping[str, int], **options: Any) -> Any:
    """Return the SDK's exporter of *signal* (``log`` or ``metric``) for *protocol*, pointed at the collector."""
    module_name = {"log": "_log_exporter", "metric": "metric_exporter", "trace": "trace_exporter"}[signal]
    class_name = {"log": "OTLPLogExporter", "metric": "OTLPMetricExporter", "trace": "OTLPSpanExporter"}[signal]
    module = importlib.import_module(f"{PACKAGES[protocol]}.{module_name}")
    if protocol == "grpc":
        return getattr(module, class_name)(endpoint=f"http://127.0.0.1:{ports['grpc']}", insecure=True, **options)
    path = {"log": "logs", "metric": "metrics", "trace": "traces"}[signal]
    return getattr(module, class_name)(endpoint=f"http://127.0.0.1:{ports['http']}/v1/{path}", **options)


def gzip_of(protocol: str) -> Any:
    """Return what the SDK calls gzip in *protocol*."""
    return grpc.Compression.Gzip if protocol == "grpc" else Compression.GZIP


class Client:
    """
    One process as the collector sees it: a resource of its own, a logger, and counters.

    Use it as a context manager; leaving it flushes.
    """

    def __init__(
        self, protocol: str, ports: Mapping[str, int], *, instance: str, cumulative: bool = True, compress: bool = False
    ) -> None:
        """Set up both signals under the instance id *instance*."""
        options = {"compression": gzip_of(protocol)} if compress else {}
        kind = AggregationTemporality.CUMULATIVE if cumulative else AggregationTemporality.DELTA
        self.instance = instance
        resource = Resource({"service.name": "claude-code", "service.instance.id": instance})
        self._logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._logs.add_log_record_processor(SimpleLogRecordProcessor(exporter(protocol, "log", ports, **options)))
        metrics = exporter(protocol, "metric", ports, preferred_temporality={Counter: kind}, **options)
        reader = PeriodicExportingMetricReader(metrics, export_interval_millis=NEVER_BY_ITSELF)
        self._metrics = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._meter = self._metrics.get_meter("com.anthropic.claude_code")
        self._counters: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Send what is left and stop the SDK's threads."""
        self._metrics.shutdown()
        self._logs.shutdown()

    def event(self, name: str, **attributes: Any) -> None:
        """Send one event as claude does: the body names it, and so does an attribute; ``__`` stands for a dot."""
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        common = {"event.name": name, "session.id": "sdk-session", "service.instance.id": self.instance}
        self._logs.get_logger("com.anthropic.claude_code.events").emit(
            body=f"claude_code.{name}", timestamp=time.time_ns(), attributes={**common, **named}
        )

    def add(self, name: str, value: float, **attributes: str) -> None:
        """Add *value* to the counter *name*."""
        if name not in self._counters:
            self._counters[name] = self._meter.create_counter(name)
        named = {key.replace("__", "."): text for key, text in attributes.items()}
        self._counters[name].add(value, {"service.instance.id": self.instance, **named})

    def flush(self) -> None:
        """Export the metrics now."""
        assert self._metrics.force_flush()
