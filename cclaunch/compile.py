"""
Working out what ``cclaunch.plan`` reads: config into a plan, a directory into a place.

Cold: runs when a source has changed, or on the first launch of a release. A broken config never stops a
launch: the plan is then made of the defaults and carries the sentence to say.
"""

import contextlib
import os
import time

from cclaunch import __version__, otel
from cclaunch.config import Config, load_config
from cclaunch.environment import Place, Plan
from cclaunch.errors import ConfigError
from cclaunch.plan import FORMAT, Directories, place_file, plan_key, stamp, write_records
from cclaunch.repository import repository

YOUNG_NS = 10_000_000
"""A source changed within the last 10 ms may change again under the same time stamp: not trusted, so not cached."""

Records = list[list[str]]


def compile_plan(where: Directories, *, write: bool = True) -> Plan:
    """Return the plan made from the configuration in *where*, and keep it in the cache when *write* says so."""
    path = where.config + "/config.toml"
    sources = _sources([path])
    warnings = []
    try:
        config = load_config(path)
    except ConfigError as error:
        config = Config()
        warnings.append(f"{error.message}; the defaults are used")
    records = [[FORMAT, plan_key(__version__, where.config)], *sources, *plan_records(config)]
    records += [["warning", text] for text in warnings]
    if write and _settled(sources):
        _keep(where.cache + "/plan", records)
    return Plan(records)


def plan_records(config: Config) -> Records:
    """Return the records of *config*: what ``Plan`` is read from."""
    protocol = config.telemetry.protocol
    port = "{grpc}" if protocol == "grpc" else "{http}"
    routes = {
        otel.ENABLE: "1",
        otel.METRICS_EXPORTER: "otlp",
        otel.LOGS_EXPORTER: "otlp",
        otel.TRACES_EXPORTER: "none",
        otel.PROTOCOL: protocol,
        otel.ENDPOINT: f"http://127.0.0.1:{port}",
        otel.TEMPORALITY: "cumulative",
    }
    settings = {
        "backend": config.stack.backend,
        "wait": str(config.stack.wait),
        "on_failure": config.stack.on_failure,
        "routing": config.telemetry.routing,
        "protocol": protocol,
        "grpc": str(config.ports.grpc),
        "http": str(config.ports.http),
        "metrics": str(config.ports.metrics),
        "attributes_name": otel.RESOURCE_ATTRIBUTES,
        "temporality_name": otel.TEMPORALITY,
    }
    records = [["route", name, value] for name, value in routes.items()]
    records += [["privacy", name, "1" if getattr(config.privacy, key) else "0"] for key, name in otel.PRIVACY.items()]
    records += [["setting", name, value] for name, value in settings.items()]
    records.append(["displaced_prefixes", *otel.ROUTING_PREFIXES])
    records.append(["displaced_names", *otel.ROUTING_NAMES])
    return records


def compile_place(where: Directories, directory: str, *, write: bool = True) -> Place:
    """Return what *directory* says, and keep it in the cache when *write* says so."""
    name, paths = repository(directory)
    sources = _sources(paths)
    records = [[FORMAT, directory], *sources]
    if name:
        records.append(["attribute", "vcs.repository.name", name])
    if write and _settled(sources):
        _keep(place_file(where.cache, directory), records)
    return Place(records)


def _sources(paths: list[str]) -> Records:
    return [["source", path, stamp(path)] for path in paths]


def _settled(sources: Records) -> bool:
    now = time.time_ns()
    for _, path, _ in sources:
        with contextlib.suppress(OSError):
            if now - os.stat(path).st_ctime_ns < YOUNG_NS:
                return False
    return True


def _keep(path: str, records: Records) -> None:
    """Write the compiled file whole or not at all; a cache that cannot be written is no reason to speak."""
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(write_records(records).encode("utf-8", "surrogateescape"))
        os.replace(temporary, path)
